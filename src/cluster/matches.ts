import { isNode, textAt, valueAt } from '../config/rules/tree.ts'

type Words = Readonly<Record<string, unknown>>

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']

/** A match of a route in the words of the Gateway API; undefined where it has none. */
export function exportedMatch(match: unknown): Words | undefined {
  if (!isNode(match)) return undefined
  const { path, method, headers = [], query = [], ...rest } = match
  if (Object.keys(rest).length > 0 || !Array.isArray(headers) || !Array.isArray(query)) return undefined
  const exportedPath = path === undefined || path === null ? undefined : pathOf(path)
  const lists = [headers.map(valueMatch), query.map(valueMatch)]
  if (exportedPath === null || lists.some(list => list.includes(undefined))) return undefined
  if (method !== undefined && !METHODS.includes(String(method))) return undefined
  const [heads = [], params = []] = lists
  return {
    ...(exportedPath !== undefined && { path: exportedPath }),
    ...(method !== undefined && { method }),
    ...(heads.length > 0 && { headers: heads }),
    ...(params.length > 0 && { queryParams: params }),
  }
}

/** Null where the Gateway API has no word for it. */
function pathOf(path: unknown): Words | null {
  const kinds = { exact: 'Exact', pathPrefix: 'PathPrefix', regex: 'RegularExpression' } as const
  for (const [kind, type] of Object.entries(kinds)) {
    const value = textAt(path, kind)
    if (value === undefined) continue
    const isClean = value.startsWith('/') && !/\/\/|\/\.\.?\/|%2f|#/i.test(value)
    return kind === 'regex' || isClean ? { type, value } : null
  }
  return null
}

function valueMatch(entry: unknown): Words | undefined {
  const name = textAt(entry, 'name')
  const exact = textAt(entry, 'value', 'exact')
  const regex = textAt(entry, 'value', 'regex')
  const value = exact ?? regex
  if (
    name === undefined ||
    name.startsWith(':') ||
    value === undefined ||
    valueAt(entry, 'invert') !== undefined
  )
    return undefined
  return { type: exact === undefined ? 'RegularExpression' : 'Exact', name, value }
}

/** A name of a model, or one with a star, as the match of a header; undefined for all of them. */
export function modelMatch(header: string, pattern: string): Words | undefined {
  if (pattern === '*') return undefined
  if (!pattern.includes('*')) return { type: 'Exact', name: header, value: pattern }
  const value = pattern
    .split('*')
    .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*')
  return { type: 'RegularExpression', name: header, value: `^${value}$` }
}
