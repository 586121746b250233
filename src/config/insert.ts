import { type Document, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { AgwError } from '../errors.ts'
import { formatPath, type Path } from './diagnostic.ts'
import {
  insertInBrackets,
  insertLines,
  insertPair,
  isChangedOnly,
  isJson,
  nodeAt,
  pairAt,
  parseWritten,
  setValue,
} from './edit.ts'
import { toPlain } from './plain.ts'
import { readYaml } from './yaml-reading.ts'
import { configYaml, type Layout } from './yaml-text.ts'

/**
 * Adds to a config, as {@link configYaml} writes it and in the layout of the file: at the end of the list at a path, or of
 * the map that is to hold it; what is missing on the way is made. All else stays as it is written, and a text in which that
 * cannot be done is left alone with CONFIG_INVALID.
 */
export function appendValue(text: string, path: Path, value: unknown): string {
  const yaml = parseWritten(text)
  const list = nodeAt(yaml, path)
  if (!isSeq(list)) return insertValue(text, path, [value])
  const layout = layoutOf(text, yaml)
  const first = list.range?.[0] ?? 0
  const edited =
    list.flow !== true
      ? insertLines(text, list, first, blockText([value], layout))
      : (instead(text, yaml, path, value) ?? insertInBrackets(text, list, flowText(value, text)))
  return checked(edited, path, yaml, data => {
    const there = reach(data, path)
    if (Array.isArray(there)) there.push(plainOf(value))
  })
}

/** A list that was empty, and is written in lines now, as the map that it stands in is. */
function instead(text: string, yaml: Document, path: Path, value: unknown): string | undefined {
  const holder = nodeAt(yaml, path.slice(0, -1))
  const key = path.at(-1)
  const pair = isMap(holder) && holder.flow !== true ? pairAt(holder, key ?? '') : undefined
  const [keyStart, keyEnd] = (pair?.key as Node | undefined)?.range ?? []
  const [start, end] = (pair?.value as Node | undefined)?.range ?? []
  if (keyStart === undefined || keyEnd === undefined || start === undefined || end === undefined)
    return undefined
  // An anchor or a tag may stand between them.
  if (!/^:[ \t]+$/.test(text.slice(keyEnd, start)) || !/^\[[ \t]*\]$/.test(text.slice(start, end)))
    return undefined
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const indent = ' '.repeat(keyStart - (text.lastIndexOf('\n', keyStart - 1) + 1))
  const lines = blockText({ [String(key)]: [value] }, layoutOf(text, yaml))
    .split('\n')
    .slice(1)
  const lineEnd = text.indexOf('\n', end)
  const at = lineEnd === -1 ? text.length : lineEnd
  const behind = text.slice(end, at).trimEnd()
  return `${text.slice(0, keyEnd + 1)}${behind}${newline}${lines.map(line => indent + line).join(newline)}${lineEnd === -1 ? '' : newline}${text.slice(at + 1)}`
}

/** The same for a key that is not there yet. */
export function insertValue(text: string, path: Path, value: unknown): string {
  const yaml = parseWritten(text)
  const depth = lastThere(yaml, path)
  const holder = nodeAt(yaml, path.slice(0, depth))
  if (isNull(nodeAt(yaml, path))) return setValue(text, path, flowText(value, text))
  const key = String(path[depth])
  const nested = path.slice(depth + 1).reduceRight<unknown>((inner, step) => ({ [step]: inner }), value)
  const data = { [key]: nested }
  if (!isMap(holder)) {
    if (depth === 0 || !isNull(holder)) throw cannot(path)
    return setValue(text, path.slice(0, depth), flowText(data, text))
  }
  const pair = flowText(data, text).replace(/^\{ ?| ?\}$/g, '')
  const edited = insertPair(text, holder, blockText(data, layoutOf(text, yaml)), pair)
  return checked(edited, path, yaml, all => {
    const there = reach(all, path.slice(0, depth))
    Object.assign(there as object, { [key]: plainOf(nested) })
  })
}

/** What stands there is null, which agentgateway reads as absent. */
function isNull(node: unknown): boolean {
  return isScalar(node) && node.value === null
}

/** How many steps of a path lead to something that is there. */
function lastThere(yaml: Document, path: Path): number {
  let depth = path.length - 1
  while (depth > 0 && nodeAt(yaml, path.slice(0, depth)) === undefined) depth -= 1
  return depth
}

/** On one line, as JSON where the file is. */
function flowText(value: unknown, text: string): string {
  return isJson(text) ? JSON.stringify(plainOf(value)) : configYaml(value, { flow: true }).trimEnd()
}

function blockText(value: unknown, layout: Layout): string {
  return configYaml(value, layout).trimEnd()
}

/** How the file itself is laid out, by the first map and the first list in it. */
function layoutOf(text: string, yaml: Document): Layout {
  const column = (offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)
  let indent: number | undefined
  let indentSeq: boolean | undefined
  const look = (node: unknown, at: number): void => {
    if ((!isMap(node) && !isSeq(node)) || node.flow === true) return
    for (const item of node.items as (Pair | Node)[]) {
      if (!('key' in item)) {
        look(item, at)
        continue
      }
      const key = column((item.key as Node).range?.[0] ?? 0)
      const value = item.value
      if (isMap(value) && value.flow !== true) {
        indent ??= column(value.range?.[0] ?? 0) - key
        look(value, key)
      } else if (isSeq(value) && value.flow !== true) {
        indentSeq ??= column(value.range?.[0] ?? 0) > key
        look(value, key)
      }
    }
  }
  look(yaml.contents, 0)
  return { indent: indent !== undefined && indent > 0 ? indent : 2, indentSeq: indentSeq ?? false }
}

/** The text, if it holds what the old one held and what was added, and nothing else. */
function checked(edited: string, path: Path, before: Document, add: (data: unknown) => void): string {
  if (!isChangedOnly(edited, before, add)) throw cannot(path)
  return edited
}

function plainOf(value: unknown): unknown {
  return toPlain(readYaml(configYaml(value, { flow: true }))).value
}

function reach(data: unknown, path: Path): unknown {
  let value = data
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step]
  return value
}

function cannot(path: Path): AgwError {
  return new AgwError(
    'CONFIG_INVALID',
    `cannot add to ${formatPath(path)} in this file without rewriting it`,
    {
      hint: 'write that part of the config in plain block style, then try again',
    },
  )
}
