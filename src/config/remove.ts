import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { AgwError } from '../errors.ts'
import { formatPath, type Path } from './diagnostic.ts'

/**
 * Takes a key and its value out of a YAML text; everything else stays as it is written. The comment behind the value
 * goes with it. Throws CONFIG_INVALID when the text cannot be edited there.
 */
export function removeValue(text: string, path: Path): string {
  const yaml = parseDocument(text, { merge: false, logLevel: 'silent' })
  const parent = path.length > 1 ? yaml.getIn(path.slice(0, -1), true) : yaml.contents
  const key = path.at(-1)
  const index = isMap(parent)
    ? parent.items.findIndex(pair => isScalar(pair.key) && pair.key.value === key)
    : -1
  if (yaml.errors.length > 0 || !isMap(parent) || index === -1) throw cannot(path)
  const edited = without(text, parent as YAMLMap, index)
  const after = parseDocument(edited, { merge: false, logLevel: 'silent' })
  if (after.errors.length > 0 || after.hasIn(path)) throw cannot(path)
  return edited
}

function without(text: string, map: YAMLMap, index: number): string {
  const { start, end } = spanOf(text, map.items[index] as Pair)
  if (map.flow === true) {
    const comma = /^\s*,\s?/.exec(text.slice(end))?.[0] ?? ''
    if (comma !== '') return text.slice(0, start) + text.slice(end + comma.length)
    return text.slice(0, start).replace(/,?\s*$/, '') + text.slice(end)
  }
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
