import type { Path } from '../config/diagnostic.ts'
import { own } from '../config/own.ts'

/** `reason` of the access log: who is to blame. */
export type Reason =
  | 'Upstream'
  | 'DirectResponse'
  | 'NotFound'
  | 'NoHealthyBackend'
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
  /** What the log tells of it, where that is not the body. */
  readonly error?: string
  /** The rule of the config that decided so, where one did. Explanations tell it, clients are not told. */
  readonly decidedBy?: Path
}

/** An answer whose body says what is wrong. */
export interface Failure extends Answer {
  readonly body: string
}

export const failure = (status: number, reason: Reason, body: string): Failure => ({ status, body, reason })

export const LISTENER_NOT_FOUND = failure(404, 'NotFound', 'listener not found')
/** A reload has taken the port away. Who asks again, as clients do after a 503, finds it closed, or another server. */
export const PORT_GONE = failure(503, 'Internal', 'this port is no longer in the config')
export const ROUTE_NOT_FOUND = failure(404, 'NotFound', 'route not found')
export const MISDIRECTED = failure(421, 'NotFound', 'misdirected request')
export const TOO_MANY_HEADERS = failure(431, 'InvalidRequest', 'too many headers')
export const INVALID_REQUEST = failure(400, 'InvalidRequest', 'invalid request')
/** For the answer 405 (RFC 9110 §15.5.6). */
export const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
/** The upstream would repeat what it was sent, the key among it (RFC 9110 §9.3.8). */
export const NO_TRACE: Failure = {
  ...failure(405, 'InvalidRequest', 'TRACE is not taken here'),
  headers: ['content-type', 'text/plain', 'allow', ALLOWED_METHODS],
}
/** There is nothing that a tunnel could lead to. */
export const NO_TUNNEL: Failure = {
  ...failure(405, 'InvalidRequest', 'method not allowed'),
  headers: ['content-type', 'text/plain', 'allow', ALLOWED_METHODS],
}
/** RFC 9110 §10.1.1: there is no other one that has a meaning. */
export const EXPECTATION_FAILED = failure(417, 'InvalidRequest', 'nothing but 100-continue can be expected')
export const UNKNOWN_CODING = failure(
  501,
  'InvalidRequest',
  'transfer codings other than chunked are not taken',
)
export const NO_HANDSHAKE = failure(400, 'InvalidRequest', 'the request is no handshake for a WebSocket')
/** What the config says of bodies cannot be kept to for what comes in frames. */
export const FRAMES_NOT_LOOKED_AT = failure(
  501,
  'InvalidRequest',
  'WebSockets are not taken where bodies are guarded, changed or counted',
)
/** Of 101: another key, another protocol than WebSocket, or an extension that was not offered. */
export const UPGRADE_FAILED = failure(502, 'UpstreamFailure', 'the upstream does not agree to the WebSocket')
export const NO_VALID_BACKENDS = failure(500, 'NoHealthyBackend', 'no valid backends')
/** A prefix was to be replaced, and the route was not chosen by a prefix. */
export const NO_PREFIX = failure(
  500,
  'Internal',
  'failed to apply filters: invalid filter configuration: prefix redirect requires prefix match',
)
/** A prefix was to be replaced that an earlier policy has taken away. */
export const PREFIX_GONE = failure(500, 'Internal', 'failed to apply filters: invalid URI')
/** The body of a direct response was to be computed, and could not be. */
export const NO_BODY = failure(
  500,
  'Internal',
  'failed to apply filters: invalid filter configuration: the expression for the body fails',
)
/** A request that its own answer depends on (RFC 5842 §7.2). */
export function loopFailure(visits: number): Failure {
  const body = `the request has come back to this gateway ${visits} times: a backend leads to the gateway itself`
  return failure(508, 'Internal', body)
}
export const INTERNAL_ERROR = failure(503, 'Internal', 'processing failed: internal error')
/** The log tells the kind of error, and no more: its message may quote the request. */
export function internalError(error: unknown): Failure {
  const kind = error instanceof Error ? error.name : typeof error
  return { ...INTERNAL_ERROR, error: `${INTERNAL_ERROR.body} (${kind})` }
}
export const REQUEST_TIMEOUT = failure(504, 'Timeout', 'request timeout')
export const UPSTREAM_TIMEOUT = failure(504, 'Timeout', 'upstream call timeout')
/** What was under way when the gateway dropped its connections, which is no fault of the upstream's. */
export const SHUTTING_DOWN = failure(503, 'Internal', 'upstream call failed: the gateway is shutting down')
const DNS_FAILED = failure(503, 'NoHealthyBackend', 'backends required DNS resolution which failed')

/** The list of models is the router's alone. */
export const NO_MODELS: Failure = {
  ...failure(501, 'InvalidRequest', `{"error":"Route 'Models' not implemented"}`),
  headers: ['content-type', 'application/json'],
}

/** What is wrong with a request to an LLM backend; `text` is plain and holds nothing of the request. */
export function llmRequestFailure(status: 400 | 413 | 415, text: string): Failure {
  return failure(status, 'InvalidRequest', `failed to process LLM request: ${text}`)
}

/** An answer of the provider that could not be put into the client's format. */
export function llmResponseFailure(text: string): Failure {
  return failure(502, 'UpstreamFailure', `failed to process LLM response: ${text}`)
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

/** An answer whose encoding had to be undone, and could not be. */
export const UNREADABLE_ANSWER = failure(
  502,
  'UpstreamFailure',
  'the answer of the upstream cannot be read in its content-encoding',
)

/** One that something has to look at as a whole. */
export const TOO_LARGE_ANSWER = failure(502, 'UpstreamFailure', 'the answer of the upstream is too large')

/** Node takes the chunks apart and leaves the other codings on. */
export const UNKNOWN_ANSWER_CODING = failure(
  502,
  'UpstreamFailure',
  'the answer of the upstream is in a transfer coding other than chunked',
)

function callFailed(why: string): Failure {
  return failure(503, 'UpstreamFailure', `upstream call failed: ${why}`)
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
  UND_ERR_DESTROYED: SHUTTING_DOWN,
  UND_ERR_CLOSED: SHUTTING_DOWN,
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
