import type { IncomingHttpHeaders } from 'node:http'
import { parametersOf } from '../../query.ts'
import type { Pattern } from '../regex/pattern.ts'

/** What a request is matched by. */
export interface RouteRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  /** Lower case, without the port and the dot of the root. */
  readonly host: string
  readonly headers: IncomingHttpHeaders
  /** Line by line: names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly scheme: string
}

export type ValueMatch = { readonly exact: string } | { readonly regex: Pattern }

/** Prefixes are compared without their trailing slashes; both they and regexes rank by their length as `written`. */
export type PathMatch =
  | { readonly exact: string }
  | { readonly prefix: string; readonly written: string }
  | { readonly regex: Pattern; readonly written: string }

/** One alternative of a route's `matches`; all parts must hold. */
export interface Match {
  readonly path: PathMatch
  readonly method: string | undefined
  readonly headers: readonly { readonly name: string; readonly value: ValueMatch }[]
  readonly query: readonly { readonly name: string; readonly value: ValueMatch }[]
}

/** Whether the text is what the config asks for. */
export function valueMatches(match: ValueMatch, text: string): boolean {
  return 'exact' in match ? match.exact === text : match.regex.spans(text)
}

/** What a path is matched by, as one text: `/a`, `/a/*` for a prefix, or the regular expression. */
export function patternOf(path: PathMatch): string {
  if ('exact' in path) return path.exact
  if ('regex' in path) return path.written
  return path.written === '/' ? '/*' : `${path.written}/*`
}

/** Takes trailing slashes off: prefixes are compared by segment. */
export function trimPath(path: string): string {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end--
  return end === path.length ? path : path.slice(0, end)
}

/** `/a` covers `/a`, `/a/` and `/a/b`, not `/ab`; both sides come with their trailing slashes trimmed. */
export function prefixCovers(prefix: string, path: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
}

/** As in agentgateway, a line of a header with letters beyond ASCII is no text that a regex could span. */
function lineMatches(match: ValueMatch, line: string): boolean {
  return valueMatches(match, line) && ('exact' in match || !/[^\t\x20-\x7e]/.test(line))
}

/**
 * Whether a header has the value, whose letters beyond ASCII are bytes of UTF-8; of several lines each is looked at by
 * itself, and commas split none. `:method`, `:path`, `:authority` and `:scheme` are the request line. The name is in
 * lower case.
 */
export function headerMatches(request: RouteRequest, name: string, value: ValueMatch): boolean {
  if (name.startsWith(':')) {
    const text = pseudoHeader(request, name)
    return text !== undefined && valueMatches(value, text)
  }
  // agentgateway has taken the host out of the headers before it looks for a route: it is `:authority`.
  if (name === 'host' || request.headers[name] === undefined) return false
  const raw = request.rawHeaders
  for (let i = 0; i < raw.length; i += 2)
    if (raw[i]?.toLowerCase() === name && lineMatches(value, raw[i + 1] ?? '')) return true
  return false
}

function pseudoHeader(request: RouteRequest, name: string): string | undefined {
  switch (name) {
    case ':method':
      return request.method
    case ':path':
      return request.query === '' ? request.path : `${request.path}?${request.query}`
    case ':authority':
      return request.headers.host ?? request.host
    case ':scheme':
      return request.scheme
    default:
      return undefined
  }
}

/** The part of a match that a request fails. */
export type Mismatch = 'path' | 'method' | 'headers' | 'query'

function pathMatches(match: PathMatch, path: string): boolean {
  if ('exact' in match) return match.exact === path
  return 'prefix' in match ? prefixCovers(match.prefix, trimPath(path)) : match.regex.spans(path)
}

/** Read once for all routes that ask: clients decide how long a query is. */
const queries = new WeakMap<RouteRequest, { readonly of: string; readonly parameters: Map<string, string> }>()

/** Of several values of a parameter the last one counts. */
function decodedQuery(request: RouteRequest): ReadonlyMap<string, string> {
  const { query } = request
  const known = queries.get(request)
  if (known?.of === query) return known.parameters
  const parameters = new Map(parametersOf(query))
  queries.set(request, { of: query, parameters })
  return parameters
}

function queryMatches(match: Match, request: RouteRequest): boolean {
  const parameters = decodedQuery(request)
  return match.query.every(({ name, value }) => {
    const text = parameters.get(name)
    return text !== undefined && valueMatches(value, text)
  })
}

/** Which part of the match the request fails, or undefined when it fits. */
export function mismatch(match: Match, request: RouteRequest): Mismatch | undefined {
  if (!pathMatches(match.path, request.path)) return 'path'
  if (match.method !== undefined && match.method !== request.method) return 'method'
  if (!match.headers.every(({ name, value }) => headerMatches(request, name, value))) return 'headers'
  if (match.query.length > 0 && !queryMatches(match, request)) return 'query'
  return undefined
}
