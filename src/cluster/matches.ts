import { isNode, textAt, valueAt } from '../config/rules/tree.ts'
import { isHeaderName, MOST_ITEMS, requireOpenHeader, type Words } from './words.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']
/** What the Gateway API takes for a path that is no pattern. */
const PATH = /^\/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/
const LONGEST_PATH = 1024
const LONGEST = { headers: 4096, query: 1024 } as const

/** A match of a route in the words of the Gateway API; undefined where it has none. */
export function exportedMatch(match: unknown): Words | undefined {
  if (!isNode(match)) return undefined
  const { path, method, headers, query, ...rest } = match
  if (Object.keys(rest).length > 0) return undefined
  const exportedPath = path === undefined || path === null ? undefined : pathOf(path)
  const heads = valueMatches(headers, 'headers')
  const params = valueMatches(query, 'query')
  if (exportedPath === null || heads === null || params === null) return undefined
  const isAny = method === undefined || method === null
  if (!isAny && !METHODS.includes(String(method))) return undefined
  return {
    ...(exportedPath !== undefined && { path: exportedPath }),
    ...(!isAny && { method }),
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
    const isClean = PATH.test(value) && !/\/\/|\/\.\.?(?:\/|$)|%2f/i.test(value)
    return value.length <= LONGEST_PATH && (kind === 'regex' || isClean) ? { type, value } : null
  }
  return null
}

/** Null where one has no word in the Gateway API, or two are for one name: it keeps the first of them. */
function valueMatches(entries: unknown, kind: keyof typeof LONGEST): Words[] | null {
  if (entries === undefined || entries === null) return []
  if (!Array.isArray(entries) || entries.length > MOST_ITEMS) return null
  const matches = entries.map(entry => valueMatch(entry, LONGEST[kind]))
  const names = matches
    .map(one => one?.['name'])
    .map(name => (kind === 'headers' ? String(name).toLowerCase() : name))
  const isWhole = matches.every(one => one !== undefined) && new Set(names).size === names.length
  return isWhole ? matches : null
}

function valueMatch(entry: unknown, longest: number): Words | undefined {
  const name = textAt(entry, 'name')
  const exact = textAt(entry, 'value', 'exact')
  const value = exact ?? textAt(entry, 'value', 'regex')
  if (!isHeaderName(name) || value === undefined || value.length > longest) return undefined
  if (valueAt(entry, 'invert') !== undefined) return undefined
  // A pattern for any of them tells nothing.
  if (exact !== undefined || /\w{6}/.test(value.replace(/Bearer|Basic/gi, ''))) requireOpenHeader(name)
  return { type: exact === undefined ? 'RegularExpression' : 'Exact', name, value }
}

/** A name of a model, or one with a star, as the match of a header. */
export function modelMatch(header: string, pattern: string): Words {
  if (!pattern.includes('*')) return { type: 'Exact', name: header, value: pattern }
  const value = pattern
    .split('*')
    .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*')
  return { type: 'RegularExpression', name: header, value: `^${value}$` }
}
