import { lists } from '../http1/field-lines.ts'
import { NAME, NOT_IN_VALUE } from '../http1/response-head.ts'
import type { Call } from './caller.ts'
import { errors } from './undici.ts'

/** Methods whose requests have a body, be it empty (RFC 9110 §8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY'])

const PATH = /^\/[\x21-\x7e\x80-\xff]*$/

/** What the connection says itself, and no header may. */
const NOT_TAKEN: ReadonlySet<string> = new Set(['transfer-encoding', 'keep-alive', 'upgrade', 'expect'])

/** Lengths of the names that are looked at, which tell most others from them. */
const LENGTHS: ReadonlySet<number> = new Set(
  ['host', 'connection', 'content-length', ...NOT_TAKEN].map(name => name.length),
)

/** The head of a request, and whether its connection may be used for others behind it. */
export interface CallHead {
  /** One byte a character, with the empty line. */
  readonly text: string
  readonly keepsAlive: boolean
}

function invalid(what: string): Error {
  return new errors.InvalidArgumentError(`${what} of the request holds what HTTP does not allow`)
}

/**
 * Writes the head of a call with `bodyLength` bytes of body. `host` stands where the headers name none. Throws undici's
 * InvalidArgumentError for what would not be one request, and its RequestContentLengthMismatchError for another length.
 */
export function callHead(
  { method, path, headers }: Pick<Call, 'method' | 'path' | 'headers'>,
  bodyLength: number,
  host: string,
): CallHead {
  // What comes behind the answer to CONNECT is no HTTP.
  if (!NAME.test(method) || method === 'CONNECT') throw invalid('the method')
  if (!PATH.test(path)) throw invalid('the path')
  // A server that sends a body behind the answer to HEAD would have it taken for the next answer, and one that leaves the
  // body of a GET unread would take it for the next request.
  let keepsAlive = method !== 'HEAD' && (bodyLength === 0 || WITH_BODY.has(method))
  let own: string | undefined
  let lines = ''
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    if (!NAME.test(name) || NOT_IN_VALUE.test(value)) throw invalid('a header')
    const lower = LENGTHS.has(name.length) ? name.toLowerCase() : ''
    if (lower === 'host') {
      if (own !== undefined) throw invalid('the host')
      own = value
    } else if (lower === 'connection') keepsAlive &&= !lists(value, 'close')
    else if (lower === 'content-length') {
      if (value !== String(bodyLength)) throw new errors.RequestContentLengthMismatchError()
    } else if (NOT_TAKEN.has(lower)) throw invalid('a header')
    else lines += `${name}: ${value}\r\n`
  }
  const connection = keepsAlive ? 'keep-alive' : 'close'
  const length = bodyLength > 0 || WITH_BODY.has(method) ? `content-length: ${bodyLength}\r\n` : ''
  const text = `${method} ${path} HTTP/1.1\r\nhost: ${own ?? host}\r\nconnection: ${connection}\r\n${lines}${length}\r\n`
  return { text, keepsAlive }
}
