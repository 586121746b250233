import { type Document, isMap, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { AgwError } from '../errors.ts'
import { formatPath, type Path } from './diagnostic.ts'
import { endOfText, isChangedOnly, lastEnd, nodeAt, pairAt } from './edit.ts'
import { readYaml } from './yaml-reading.ts'

/**
 * Takes a key and its value out of a YAML text; everything else stays as it is written. The comment behind the value
 * goes with it. Throws CONFIG_INVALID when the text cannot be edited there.
 */
export function removeValue(text: string, path: Path): string {
  const yaml = readYaml(text)
  const parent = nodeAt(yaml, path.slice(0, -1))
  const key = path.at(-1)
  const pair = isMap(parent) ? pairAt(parent, key ?? '') : undefined
  const index = isMap(parent) && pair !== undefined ? parent.items.indexOf(pair) : -1
  if (yaml.errors.length > 0 || !isMap(parent) || index === -1) throw cannot(path)
  const edited = without(text, parent as YAMLMap, index)
  const take = (data: unknown): void => void delete (reach(data, path.slice(0, -1)) as Data)[key ?? '']
  if (!isChangedOnly(edited, yaml, take)) throw cannot(path)
  return edited
}

/**
 * Takes an item out of a list, with the lines that it stands on; comments above it stay. Throws CONFIG_INVALID when the
 * text cannot be edited there.
 */
export function removeItem(text: string, list: Path, index: number): string {
  const path = [...list, index]
  const yaml = readYaml(text)
  const seq = nodeAt(yaml, list)
  if (yaml.errors.length > 0 || !isSeq(seq) || seq.items[index] === undefined) throw cannot(path)
  const edited =
    seq.flow === true
      ? outOfBrackets(text, seq, index)
      : outOfLines(text, seq, index, colonOf(text, yaml, list))
  const take = (data: unknown): void => void (reach(data, list) as unknown[]).splice(index, 1)
  if (!isChangedOnly(edited, yaml, take)) throw cannot(path)
  return edited
}

type Data = Record<string | number, unknown>

function reach(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Data)[step], data)
}

function outOfBrackets(text: string, seq: YAMLSeq, index: number): string {
  const item = seq.items[index] as Node
  const [start = 0] = item.range ?? []
  return cutFromBrackets(text, start, lastEnd(item))
}

function cutFromBrackets(text: string, start: number, end: number): string {
  const comma = /^\s*,/.exec(text.slice(end))?.[0] ?? ''
  const next = end + comma.length
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const lineEnd = /^[ \t]*(#.*)?\r?\n/.exec(text.slice(next))
  // What has its lines to itself goes with them, and with its comment.
  if (text.slice(lineStart, start).trim() === '' && lineEnd !== null && (comma !== '' || lineEnd[1]))
    return text.slice(0, lineStart) + text.slice(next + lineEnd[0].length)
  if (comma !== '') return text.slice(0, start) + text.slice(next).replace(/^(?:\r?\n[ \t]*|[ \t])/, '')
  return text.slice(0, start).replace(/,?\s*$/, '') + text.slice(end)
}

/** Where the colon behind the key of a value stands. */
function colonOf(text: string, yaml: Document, path: Path): number {
  const parent = nodeAt(yaml, path.slice(0, -1))
  const pair = isMap(parent) ? pairAt(parent, path.at(-1) ?? '') : undefined
  return text.indexOf(':', (pair?.key as Node | undefined)?.range?.[1] ?? text.length)
}

/** Whole lines, from that of the dash on; a list that is empty then is written as one, or it would be null. */
function outOfLines(text: string, seq: YAMLSeq, index: number, colon: number): string {
  const item = seq.items[index] as Node
  const dashes = seq.range?.[0] ?? 0
  const column = dashes - (text.lastIndexOf('\n', dashes - 1) + 1)
  let start = text.lastIndexOf('\n', (item.range?.[0] ?? 0) - 1) + 1
  while (start > 0 && text[start + column] !== '-') start = text.lastIndexOf('\n', start - 2) + 1
  const next = text.indexOf('\n', endOfText(text, lastEnd(item)))
  const end = next === -1 ? text.length : next + 1
  const rest = text.slice(0, start) + text.slice(end)
  if (seq.items.length > 1) return rest
  return `${rest.slice(0, colon + 1)} []${rest.slice(colon + 1)}`
}

function without(text: string, map: YAMLMap, index: number): string {
  const { start, end } = spanOf(text, map.items[index] as Pair)
  if (map.flow === true) return cutFromBrackets(text, start, end)
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const next = text.indexOf('\n', end)
  const lineEnd = next === -1 ? text.length : next + 1
  // An empty map must be written as one, or its key would be null.
  if (map.items.length > 1) return text.slice(0, lineStart) + text.slice(lineEnd)
  const indent = text.slice(lineStart, start)
  return `${text.slice(0, lineStart)}${indent}{}${text.slice(lineEnd - (next === -1 ? 0 : 1))}`
}

function spanOf(text: string, pair: Pair): { start: number; end: number } {
  const key = pair.key as Node
  const value = pair.value as Node | null
  const start = key.range?.[0] ?? 0
  let end = Math.max(value?.range?.[1] ?? 0, text.indexOf(':', key.range?.[1] ?? 0) + 1)
  while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1
  return { start, end }
}

function cannot(path: Path): AgwError {
  return new AgwError(
    'CONFIG_INVALID',
    `cannot take ${formatPath(path)} out of this file without rewriting it`,
    {
      hint: 'take it out by hand',
    },
  )
}
