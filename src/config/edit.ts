import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import { AgwError } from '../errors.ts'
import { suggested } from '../suggested.ts'
import { formatPath, type Path } from './diagnostic.ts'
import { toPlain } from './plain.ts'

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
 * that stretch of the text changes: comments, quotes, order and line ends of everything else stay. Throws
 * CONFIG_INVALID when the text cannot be edited there.
 */
export function setValue(text: string, path: Path, value: string): string {
  const yaml = parseWritten(text)
  const edited = splice(text, yaml, path, value)
  const after = parseDocument(edited, { merge: false, logLevel: 'silent' })
  const expected = toPlain(parseDocument(value, { logLevel: 'silent' })).value
  if (after.errors.length > 0 || JSON.stringify(valueAt(after, path)) !== JSON.stringify(expected)) {
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

function parseWritten(text: string): Document {
  const yaml = parseDocument(text, { merge: false, logLevel: 'silent' })
  if (yaml.errors.length === 0) return yaml
  throw new AgwError('CONFIG_INVALID', 'the file is not valid YAML before its variables are expanded', {
    hint: `put variables in double quotes; ${suggested('validate')} shows the place`,
  })
}

function splice(text: string, yaml: Document, path: Path, value: string): string {
  const key = path.at(-1)
  const parent = nodeAt(yaml, path.slice(0, -1))
  if (isSeq(parent) && typeof key === 'number') {
    const item = parent.items[key] as Node | undefined
    if (item?.range) return text.slice(0, item.range[0]) + value + text.slice(lastEnd(item))
  }
  if (isMap(parent) && typeof key === 'string') {
    const pair = parent.items.find(entry => isScalar(entry.key) && entry.key.value === key)
    return pair === undefined ? insertPair(text, parent, key, value) : replacePair(text, pair, value)
  }
  if (path.length > 1 && typeof key === 'string')
    return splice(text, yaml, path.slice(0, -1), `{ ${key}: ${value} }`)
  throw new AgwError('CONFIG_INVALID', `${formatPath(path)} does not exist in this file`, {
    hint: `look at the names with ${suggested('keys', 'list')}`,
  })
}

function replacePair(text: string, pair: Pair, value: string): string {
  const key = pair.key as Node
  const colon = text.indexOf(':', key.range?.[1] ?? 0)
  const node = pair.value as Node | null
  let end = node?.range ? Math.max(lastEnd(node), colon + 1) : colon + 1
  // A block scalar's range takes in its last line end, which belongs to the line.
  while (end > colon + 1 && /[\r\n]/.test(text[end - 1] ?? '')) end -= 1
  return `${text.slice(0, colon + 1)} ${value}${text.slice(end)}`
}

function insertPair(text: string, map: YAMLMap, key: string, value: string): string {
  const range = map.range ?? [0, 0, 0]
  if (map.flow === true) {
    const close = range[1] - 1
    const inside = text.slice(range[0] + 1, close).trimEnd()
    const comma = inside.trim() === '' ? '' : inside.endsWith(',') ? ' ' : ', '
    return `${text.slice(0, range[0] + 1)}${inside}${comma || ' '}${key}: ${value} ${text.slice(close)}`
  }
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? range[0]
  const column = first - (text.lastIndexOf('\n', first - 1) + 1)
  const end = lastEnd(map)
  const lineEnd = text.indexOf('\n', end)
  const at = lineEnd === -1 ? text.length : lineEnd
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const before = text.slice(0, at).replace(/\r$/, '')
  return `${before}${newline}${' '.repeat(column)}${key}: ${value}${lineEnd === -1 ? '' : newline}${text.slice(at + 1)}`
}

/** Where the last scalar or closing bracket inside a node ends: comments behind it are not part of it. */
function lastEnd(node: Node): number {
  const own = node.range?.[1] ?? 0
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1) as Pair | Node | undefined
    if (last === undefined) return own
    if (!('key' in last)) return lastEnd(last as Node)
    const value = last.value as Node | null
    return value?.range
      ? Math.max(lastEnd(value), (last.key as Node).range?.[1] ?? 0)
      : ((last.key as Node).range?.[1] ?? own)
  }
  return own
}

function nodeAt(yaml: Document, path: Path): unknown {
  return path.length === 0 ? yaml.contents : yaml.getIn(path, true)
}

function valueAt(yaml: Document, path: Path): unknown {
  let value = toPlain(yaml).value
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step]
  return value
}
