import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { AgwError } from '../errors.ts'
import { suggested } from '../suggested.ts'
import { formatPath, type Path } from './diagnostic.ts'
import { toPlain } from './plain.ts'
import { duplicateKeys } from './syntax.ts'
import { keyText, readYaml } from './yaml-reading.ts'

/** A value as YAML text for a config: in double quotes, a `$` doubled so that it is not read as a variable. */
export function quoteLiteral(value: string): string {
  return JSON.stringify(value).replaceAll('$', '$$$$')
}

/** `"$NAME"`, the quoted form that stays text whatever the value is. */
export function quoteVariable(name: string): string {
  return `"$${name}"`
}

/**
 * Sets the value at a path of a YAML text to `value` (YAML on one line), creating what is missing on the way. Only
 * that stretch of the text changes: comments, quotes, order and line ends of everything else stay, and JSON stays JSON.
 * Throws CONFIG_INVALID when the text cannot be edited there.
 */
export function setValue(text: string, path: Path, value: string): string {
  const yaml = parseWritten(text)
  const expected = toPlain(readYaml(value)).value
  const words: Words = isJson(text)
    ? { value: JSON.stringify(expected), key: name => JSON.stringify(name) }
    : { value, key: name => name }
  const edited = splice(text, yaml, path, words)
  // Behind an alias stands what others have too, and what is put in its place would lack the rest of it.
  if (!isChangedOnly(edited, yaml, data => put(data, path, expected))) {
    throw new AgwError(
      'CONFIG_INVALID',
      `cannot edit ${formatPath(path)} in this file without rewriting it`,
      {
        hint: 'write that part of the config in plain block style, then try again',
      },
    )
  }
  return edited
}

function put(data: unknown, path: Path, value: unknown): void {
  let section = data as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) {
    if (typeof section[step] !== 'object' || section[step] === null) section[step] = {}
    section = section[step] as typeof section
  }
  section[path.at(-1) ?? ''] = value
}

/** Whether a text holds what the old one held, but for what `change` does to that. */
export function isChangedOnly(edited: string, before: Document, change: (data: unknown) => void): boolean {
  const after = readYaml(edited)
  if (after.errors.length > 0 || duplicateKeys(after).length > 0) return false
  const wanted = toPlain(before).value
  // Of a text that cannot be read, as one with an alias of nothing, nobody knows what would be left.
  if (wanted === undefined) return false
  change(wanted)
  return JSON.stringify(toPlain(after).value) === JSON.stringify(wanted)
}

/** Whether a config is written as JSON, which YAML takes too; other programs may read it as that alone. */
export function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export function parseWritten(text: string): Document {
  const yaml = readYaml(text)
  if (yaml.errors.length === 0) return yaml
  throw new AgwError('CONFIG_INVALID', 'the file is not valid YAML before its variables are expanded', {
    hint: `put variables in double quotes; ${suggested('validate')} shows the place`,
  })
}

/** How the file writes what is set. */
interface Words {
  readonly value: string
  readonly key: (name: string) => string
}

function splice(text: string, yaml: Document, path: Path, words: Words): string {
  const { value } = words
  const key = path.at(-1)
  const parent = nodeAt(yaml, path.slice(0, -1))
  if (isSeq(parent) && typeof key === 'number') {
    const item = parent.items[key] as Node | undefined
    if (item?.range) return text.slice(0, item.range[0]) + value + text.slice(lastEnd(item))
  }
  if (isMap(parent) && typeof key === 'string') {
    const pair = pairAt(parent, key)
    return pair === undefined
      ? insertPair(text, parent, `${words.key(key)}: ${value}`)
      : replacePair(text, pair, value)
  }
  if (path.length > 1 && typeof key === 'string')
    return splice(text, yaml, path.slice(0, -1), { ...words, value: `{ ${words.key(key)}: ${value} }` })
  throw new AgwError('CONFIG_INVALID', `${formatPath(path)} does not exist in this file`, {
    hint: `look at the names with ${suggested('keys', 'list')}`,
  })
}

function replacePair(text: string, pair: Pair, value: string): string {
  const key = pair.key as Node
  const colon = text.indexOf(':', key.range?.[1] ?? 0)
  const node = pair.value as Node | null
  // Where nothing is written, its place is behind the comment, if there is one.
  const isWritten = node?.range && node.range[1] > node.range[0]
  const end = isWritten ? Math.max(endOfText(text, lastEnd(node)), colon + 1) : colon + 1
  return `${text.slice(0, colon + 1)} ${value}${text.slice(end)}`
}

/** A key and its value at the end of a map: `block` where each key has its lines, `flow` in brackets. */
export function insertPair(text: string, map: YAMLMap, block: string, flow = block): string {
  if (map.flow === true) return insertInBrackets(text, map, flow)
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? map.range?.[0] ?? 0
  return insertLines(text, map, first, block)
}

/** The same for anything in brackets; on a line of its own where the last one is. */
export function insertInBrackets(text: string, node: YAMLMap | YAMLSeq, value: string): string {
  const [start = 0, end = 0] = node.range ?? []
  const close = end - 1
  const last = node.items.at(-1)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const line = text.lastIndexOf('\n', close - 1)
  if (last === undefined) {
    const comment = text.slice(start + 1, close).trimEnd()
    if (comment.trim() === '') return `${text.slice(0, start + 1)} ${value} ${text.slice(close)}`
    const indent = /[ \t]*(?=#[^\n]*$)/.exec(comment)?.[0] ?? ''
    return `${text.slice(0, start + 1)}${comment}${newline}${indent}${value}${newline}${text.slice(line + 1)}`
  }
  const at = endOfItem(last)
  const rest = text.slice(at, close)
  if (!rest.includes('\n')) return `${text.slice(0, at)}, ${value}${text.slice(at)}`
  const hasComma = /^\s*,/.test(rest)
  const own = text.slice(text.lastIndexOf('\n', at - 1) + 1)
  const indent = /^[ \t]*/.exec(own)?.[0] ?? ''
  const before = `${text.slice(0, at)}${hasComma ? '' : ','}${text.slice(at, line).replace(/\r$/, '')}`
  return `${before}${newline}${indent}${value}${hasComma ? ',' : ''}${newline}${text.slice(line + 1)}`
}

/** Lines behind the last one of a node, at the column of one of its keys or dashes. */
export function insertLines(text: string, node: Node, sibling: number, lines: string): string {
  const indent = ' '.repeat(sibling - (text.lastIndexOf('\n', sibling - 1) + 1))
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lineEnd = endOfOwnComments(text, text.indexOf('\n', endOfText(text, lastEnd(node))), indent.length)
  const at = lineEnd === -1 ? text.length : lineEnd
  const before = text.slice(0, at).replace(/\r$/, '')
  const written = lines.split('\n').map(line => (line === '' ? '' : indent + line))
  return `${before}${newline}${written.join(newline)}${lineEnd === -1 ? '' : newline}${text.slice(at + 1)}`
}

/** The end of the line of the last comment that follows at once and stands further in: it is about what is above it. */
function endOfOwnComments(text: string, lineEnd: number, column: number): number {
  let end = lineEnd
  while (end !== -1) {
    const indent = /^ *(?=#)/.exec(text.slice(end + 1, end + LONGEST_INDENT))?.[0].length ?? -1
    if (indent <= column) break
    end = text.indexOf('\n', end + 1)
  }
  return end
}

/** Further in no comment is looked for. Characters. */
const LONGEST_INDENT = 1000

/** A block scalar's range takes in its last line ends, which belong to the lines. */
export function endOfText(text: string, end: number): number {
  let at = end
  while (at > 0 && /[\r\n]/.test(text[at - 1] ?? '')) at -= 1
  return at
}

/** Where the last scalar or closing bracket inside a node ends: comments behind it are not part of it. */
export function lastEnd(node: Node): number {
  const own = node.range?.[1] ?? 0
  if ((!isMap(node) && !isSeq(node)) || node.flow === true) return own
  const last = node.items.at(-1) as Pair | Node | undefined
  return last === undefined ? own : endOfItem(last) || own
}

/** The same for what stands in a map or list. */
function endOfItem(item: unknown): number {
  if (!isPair(item)) return lastEnd(item as Node)
  const keyEnd = (item.key as Node).range?.[1] ?? 0
  const value = item.value as Node | null
  return value?.range ? Math.max(lastEnd(value), keyEnd) : keyEnd
}

export function nodeAt(yaml: Document, path: Path): unknown {
  let node: unknown = yaml.contents
  for (const step of path) {
    if (isMap(node)) node = pairAt(node, step)?.value
    else node = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined
  }
  return node
}

/** A key and its value, by what paths call the key. */
export function pairAt(map: YAMLMap, key: string | number): Pair | undefined {
  return map.items.find(pair => isScalar(pair.key) && keyText(pair.key) === String(key))
}
