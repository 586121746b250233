import type { IncomingHttpHeaders } from 'node:http'
import { FRAMING } from '../headers/header-names.ts'

/** Of several lines the first counts: RFC 9110 gives them no list. As in Node. */
const SINGLE: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/** An object that knows no name that was not put into it: a client chooses the names. */
export const Fields: new () => Record<string, unknown> = (() => {
  class Empty {}
  Object.setPrototypeOf(Empty.prototype, null)
  Reflect.deleteProperty(Empty.prototype, 'constructor')
  return Empty as new () => Record<string, unknown>
})()

/** Puts a field line in, its name in lower case. False where its like is there already and there must be one. */
export function addField(headers: IncomingHttpHeaders, name: string, value: string): boolean {
  const before = headers[name]
  if (Array.isArray(before)) before.push(value)
  else if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value
  else if (FRAMING.has(name)) return false
  else if (!SINGLE.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  return true
}
