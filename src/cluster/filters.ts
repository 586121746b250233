import { isNode, textAt, valueAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import { isHeaderName, MOST_ITEMS, namedList, requireOpenHeader, type Words } from './words.ts'

const LONGEST_VALUE = 4096
const LONGEST_PATH = 1024
/** PreciseHostname of the Gateway API. */
const HOST = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** A header modifier as that of a rule; undefined where it changes nothing. */
export function headerWords(value: unknown): Words | undefined {
  const { add, set, remove } = isNode(value) ? value : {}
  for (const name of [add, set].flatMap(map => (isNode(map) ? Object.keys(map) : []))) requireOpenHeader(name)
  const removed = Array.isArray(remove) ? [...new Set(remove.map(String))] : []
  if (removed.length > MOST_ITEMS || !removed.every(isHeaderName))
    unwritten('the Gateway API does not take its list of headers to remove')
  const lists = { add: namedList(add, headerValue), set: namedList(set, headerValue) }
  const words = {
    ...(lists.add.length > 0 && { add: lists.add }),
    ...(lists.set.length > 0 && { set: lists.set }),
    ...(removed.length > 0 && { remove: removed }),
  }
  return Object.keys(words).length === 0 ? undefined : words
}

function headerValue(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_VALUE)
    unwritten('the Gateway API takes no header without a value, or one so long')
  return value
}

/** A rewrite as filters of a rule and fields of a policy. */
export function rewriteWords(value: unknown): { readonly filter?: Words; readonly traffic?: Words } {
  const authority = valueAt(value, 'authority')
  const path = pathWords(valueAt(value, 'path'))
  const hostname = isNode(authority) ? hostOf(authority) : undefined
  const filter = { ...(hostname !== undefined && { hostname }), ...(path !== undefined && { path }) }
  return {
    ...(Object.keys(filter).length > 0 && { filter }),
    ...(authority === 'auto' && { traffic: { hostRewrite: { mode: 'Auto' } } }),
    ...(authority === 'none' && { traffic: { hostRewrite: { mode: 'None' } } }),
  }
}

function hostOf(authority: Words): string {
  const host = textAt(authority, 'host')
  if (host === undefined || !HOST.test(host))
    unwritten('the Gateway API rewrites a host to a name without a port, and never a port alone')
  return host
}

/** A redirect as that of a rule. */
export function redirectWords(value: unknown): Words {
  const { scheme, authority, status } = isNode(value) ? value : {}
  const path = pathWords(valueAt(value, 'path'))
  if (isGiven(scheme) && scheme !== 'http' && scheme !== 'https')
    unwritten('the Gateway API redirects to http and https alone')
  if (isGiven(status) && ![301, 302, 303, 307, 308].includes(Number(status)))
    unwritten('the Gateway API redirects with 301, 302, 303, 307 or 308')
  return {
    ...(isGiven(scheme) && { scheme }),
    ...(isGiven(authority) && targetOf(authority)),
    ...(path !== undefined && { path }),
    statusCode: isGiven(status) ? Number(status) : 302,
  }
}

/** Host and port are told apart; a host alone keeps the port of the request, in both. */
function targetOf(authority: unknown): Words {
  const port = valueAt(authority, 'port')
  if (typeof port === 'number') return { port }
  const [, fullHost, fullPort] = /^([^:]+):(\d{1,5})$/.exec(textAt(authority, 'full') ?? '') ?? []
  const hostname = textAt(authority, 'host') ?? fullHost
  if (hostname === undefined || !HOST.test(hostname) || Number(fullPort ?? 1) > 65_535)
    unwritten('the Gateway API has no word for where it leads')
  return { hostname, ...(fullPort !== undefined && { port: Number(fullPort) }) }
}

/** The controller takes a slash off the end of either, which means the same for the root alone. */
function pathWords(path: unknown): Words | undefined {
  if (!isNode(path)) return undefined
  const { full, prefix } = path
  const text = full ?? prefix
  if (typeof text !== 'string' || !text.startsWith('/') || text.length > LONGEST_PATH)
    unwritten('the Gateway API takes a path that begins with a slash')
  if (text !== '/' && text.endsWith('/'))
    unwritten('the controller would take the slash off the end of its path')
  return full === undefined || full === null
    ? { type: 'ReplacePrefixMatch', replacePrefixMatch: text }
    : { type: 'ReplaceFullPath', replaceFullPath: text }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
