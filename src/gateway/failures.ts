import { own } from '../config/own.ts'
/** `reason` of the access log: who is to blame. */
export type Reason =
  | 'Upstream'
  | 'DirectResponse'
  | 'NotFound'
  | 'Internal'
  | 'InvalidRequest'
  | 'Timeout'
  | 'UpstreamFailure'
  | 'JwtAuth'
  | 'BasicAuth'
  | 'APIKeyAuth'
  | 'Authorization'
  | 'RateLimit'
  | 'Guardrail'

/** An answer that the gateway gives in place of the upstream's. */
export interface Answer {
  readonly status: number
  readonly body: string | Buffer
  readonly reason: Reason
  /** Names and values in turn; `content-type: text/plain` alone unless set. */
  readonly headers?: readonly string[]
}

/** An answer whose body says what is wrong. */
export interface Failure extends Answer {
  readonly body: string
}

export const LISTENER_NOT_FOUND: Failure = { status: 404, body: 'listener not found', reason: 'NotFound' }
export const ROUTE_NOT_FOUND: Failure = { status: 404, body: 'route not found', reason: 'NotFound' }
export const MISDIRECTED: Failure = { status: 421, body: 'misdirected request', reason: 'InvalidRequest' }
export const TOO_MANY_HEADERS: Failure = { status: 431, body: 'too many headers', reason: 'InvalidRequest' }
export const INVALID_REQUEST: Failure = { status: 400, body: 'invalid request', reason: 'InvalidRequest' }
export const UNKNOWN_CODING: Failure = {
  status: 501,
  body: 'transfer codings other than chunked are not taken',
  reason: 'InvalidRequest',
}
export const NO_WEBSOCKET: Failure = {
  status: 501,
  body: 'WebSocket connections are not taken here',
  reason: 'InvalidRequest',
}
export const NO_VALID_BACKENDS: Failure = { status: 500, body: 'no valid backends', reason: 'Internal' }
/** A prefix was to be replaced, and the route was not chosen by a prefix. */
export const NO_PREFIX: Failure = {
  status: 500,
  body: 'failed to apply filters: invalid filter configuration: prefix redirect requires prefix match',
  reason: 'Internal',
}
export const INTERNAL_ERROR: Failure = {
  status: 503,
  body: 'processing failed: internal error',
  reason: 'Internal',
}
export const REQUEST_TIMEOUT: Failure = { status: 504, body: 'request timeout', reason: 'Timeout' }
export const UPSTREAM_TIMEOUT: Failure = { status: 504, body: 'upstream call timeout', reason: 'Timeout' }
const DNS_FAILED: Failure = {
  status: 503,
  body: 'backends required DNS resolution which failed',
  reason: 'UpstreamFailure',
}

/** What is wrong with a request to an LLM backend; `text` is plain and holds nothing of the request. */
export function llmRequestFailure(status: 400 | 413 | 415 | 501, text: string): Failure {
  return { status, body: `failed to process LLM request: ${text}`, reason: 'InvalidRequest' }
}

/** An answer of the provider that could not be put into the client's format. */
export function llmResponseFailure(text: string): Failure {
  return { status: 502, body: `failed to process LLM response: ${text}`, reason: 'UpstreamFailure' }
}

/** What the model router refuses, in the JSON that OpenAI's clients understand. */
export function routerFailure(status: 400 | 403 | 404 | 413, code: string, message: string): Failure {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', code } })
  return {
    status,
    body,
    reason: status === 404 ? 'NotFound' : 'InvalidRequest',
    headers: ['content-type', 'application/json'],
  }
}

function callFailed(why: string): Failure {
  return { status: 503, body: `upstream call failed: ${why}`, reason: 'UpstreamFailure' }
}

/**
 * Code of an undici, Node or OpenSSL error → answer. The texts are fixed: an error's own message may hold an address,
 * a header or a URL.
 */
export const UPSTREAM_FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: callFailed('connection refused'),
  ECONNRESET: callFailed('connection reset'),
  EPIPE: callFailed('connection reset'),
  UND_ERR_SOCKET: callFailed('connection closed before the answer'),
  EHOSTUNREACH: callFailed('host unreachable'),
  ENETUNREACH: callFailed('network unreachable'),
  EADDRNOTAVAIL: callFailed('no local address or port left'),
  EMFILE: callFailed('too many open files'),
  ENOTFOUND: DNS_FAILED,
  EAI_AGAIN: DNS_FAILED,
  EAI_FAIL: DNS_FAILED,
  EAI_NODATA: DNS_FAILED,
  EAI_NONAME: DNS_FAILED,
  EAI_MEMORY: DNS_FAILED,
  ETIMEDOUT: UPSTREAM_TIMEOUT,
  UND_ERR_CONNECT_TIMEOUT: UPSTREAM_TIMEOUT,
  UND_ERR_HEADERS_TIMEOUT: UPSTREAM_TIMEOUT,
  UND_ERR_BODY_TIMEOUT: UPSTREAM_TIMEOUT,
  UND_ERR_HEADERS_OVERFLOW: callFailed('the headers of the answer are too large'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: callFailed('the answer is not as long as it says'),
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: INVALID_REQUEST,
  UND_ERR_INVALID_ARG: INVALID_REQUEST,
  UND_ERR_NOT_SUPPORTED: INVALID_REQUEST,
  UND_ERR_DESTROYED: callFailed('the gateway is shutting down'),
  UND_ERR_CLOSED: callFailed('the gateway is shutting down'),
  ERR_INVALID_CHAR: callFailed('a header of the answer holds an illegal character'),
  ERR_TLS_CERT_ALTNAME_INVALID: callFailed('TLS: the certificate is for another name'),
  DEPTH_ZERO_SELF_SIGNED_CERT: callFailed('TLS: the certificate is self-signed'),
  SELF_SIGNED_CERT_IN_CHAIN: callFailed('TLS: a certificate of the chain is self-signed'),
  UNABLE_TO_GET_ISSUER_CERT: callFailed('TLS: the issuer of the certificate is not known'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: callFailed('TLS: the issuer of the certificate is not known'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: callFailed('TLS: the certificate cannot be verified'),
  CERT_HAS_EXPIRED: callFailed('TLS: the certificate has expired'),
  CERT_NOT_YET_VALID: callFailed('TLS: the certificate is not valid yet'),
  CERT_REVOKED: callFailed('TLS: the certificate was revoked'),
  EPROTO: callFailed('TLS: the handshake failed'),
}

/** Families of codes, where no row names the code itself. */
const FAMILIES: readonly (readonly [RegExp, Failure])[] = [
  [/^HPE_|^HTTPParserError$/, callFailed('the answer is not HTTP/1.1')],
  [/^ERR_(?:SSL|TLS)_/, callFailed('TLS: the handshake failed')],
]

const UNKNOWN = callFailed('unexpected error')

/** The code of an error, also of the first of several attempts to connect; undici's parser errors have a name only. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error ? error.name : ''
}

/** The row for what undici or Node reports about a call upstream. */
export function upstreamFailure(error: unknown): Failure {
  const code = codeOf(error)
  return own(UPSTREAM_FAILURES, code) ?? FAMILIES.find(([family]) => family.test(code))?.[1] ?? UNKNOWN
}
