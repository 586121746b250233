import { maskTarget } from '../telemetry/mask-target.ts'

/** A header as it is told. */
export interface ToldHeader {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** Headers of requests whose values are never secret; of all others the name alone is shown. */
const OPEN: ReadonlySet<string> = new Set([
  ...['host', 'accept', 'accept-encoding', 'content-type', 'content-length', 'user-agent'],
  ...['anthropic-version', 'anthropic-beta', 'openai-beta'],
  ...['origin', 'access-control-request-method', 'access-control-request-headers'],
  // Of a handshake; its key is a random number, and its protocols may be a credential.
  ...['connection', 'upgrade', 'sec-websocket-key', 'sec-websocket-version'],
])

/** Whether the value of a request's header may be shown. */
export function isOpenHeader(name: string): boolean {
  return OPEN.has(name.toLowerCase())
}

/** Headers of a request, from names and values in turn, with the values that may be shown. */
export function shownHeaders(headers: readonly string[]): { name: string; value: string | undefined }[] {
  return headers.flatMap((name, i) => {
    if (i % 2 === 1) return []
    return [{ name, value: isOpenHeader(name) ? headers[i + 1] : undefined }]
  })
}

/** Headers of answers by which a person sees what becomes of a request, and which hold no secret. */
const TOLD: ReadonlySet<string> = new Set([
  ...['location', 'retry-after', 'allow', 'www-authenticate', 'proxy-authenticate'],
  ...['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers'],
  ...['access-control-allow-credentials', 'access-control-expose-headers', 'access-control-max-age'],
])

/** Those headers of an answer, from names and values in turn; of an address without the credentials of its query. */
export function toldHeaders(headers: readonly string[]): ToldHeader[] {
  return headers.flatMap((written, i) => {
    const name = written.toLowerCase()
    if (i % 2 === 1 || !TOLD.has(name)) return []
    const value = headers[i + 1] ?? ''
    return [{ name, value: name === 'location' ? maskTarget(value) : value }]
  })
}
