import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  constants as nghttp2,
} from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** Status codes in the order of their numbers: https://grpc.io/docs/guides/status-codes/ */
const STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcStatus = (typeof STATUSES)[number]

/** What an answer means that comes from something in between: https://grpc.github.io/grpc/core/md_doc_http-grpc-status-mapping.html */
const OF_HTTP: Readonly<Record<number, GrpcStatus>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
}

/** A call that failed. Its message holds nothing that the server has said. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  readonly status: GrpcStatus
  /** The status, or the error of the connection where there was none. */
  readonly code: string
  /** `grpc-status-details-bin`, decoded. */
  readonly details: Buffer | undefined

  constructor(
    status: GrpcStatus,
    { code = status as string, details = undefined as Buffer | undefined } = {},
  ) {
    super(`the call failed with ${code}`)
    this.status = status
    this.code = code
    this.details = details
  }
}

export interface GrpcCall {
  /** `/package.Service/Method` */
  readonly path: string
  readonly message: Uint8Array
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly isCompressed: boolean
  readonly timeoutMs: number
}

/** Of an answer; what is longer is no answer of a collector. */
const MOST_BYTES = 1 << 20
/** One byte for compression, four for the length. */
const PREFIX_BYTES = 5

const compress = promisify(gzip)

/** What calls share. One listener for all of them: a flush makes many at once. */
interface Connection {
  readonly session: ClientHttp2Session
  /** Why it broke. */
  lost: unknown
}

/**
 * Unary gRPC calls over one HTTP/2 connection, which is opened when it is needed:
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Written here because the packages that do it bring an
 * install script, and all that is asked of them is this one kind of call.
 */
export class GrpcClient {
  readonly #url: string
  readonly #tls: () => Promise<SecureContextOptions>
  #connection: Connection | undefined

  /** `http://host:port` in plain text, `https://host:port` with TLS. */
  constructor(url: string, tls: () => Promise<SecureContextOptions>) {
    this.#url = url
    this.#tls = tls
  }

  /** The message of the answer. Throws a GrpcError. */
  async call({ path, message, headers, isCompressed, timeoutMs }: GrpcCall): Promise<Buffer> {
    const body = isCompressed ? await compress(message) : message
    const connection = await this.#opened()
    const { session } = connection
    const stream = session.request({
      ...headers,
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'agw',
      'grpc-timeout': `${Math.ceil(timeoutMs)}m`,
      ...(isCompressed && { 'grpc-encoding': 'gzip' }),
    })
    // A connection that says nothing may be dead, and the next call would wait for it too.
    const late = setTimeout(() => session.destroy(new GrpcError('DEADLINE_EXCEEDED')), timeoutMs)
    const prefix = Buffer.alloc(PREFIX_BYTES)
    prefix.writeUInt8(isCompressed ? 1 : 0)
    prefix.writeUInt32BE(body.length, 1)
    stream.end(Buffer.concat([prefix, body]))
    return answerOf(stream, connection).finally(() => clearTimeout(late))
  }

  async #opened(): Promise<Connection> {
    const tls = await this.#tls()
    const known = this.#connection
    if (known !== undefined && !known.session.closed && !known.session.destroyed) return known
    const session = connect(this.#url, tls)
    const connection: Connection = { session, lost: undefined }
    session.on('error', error => {
      connection.lost = error
    })
    // It answers what it has been asked, and would refuse more.
    session.on('goaway', () => {
      if (this.#connection === connection) this.#connection = undefined
    })
    this.#connection = connection
    return connection
  }

  close(): void {
    this.#connection?.session.close()
    this.#connection = undefined
  }
}

function answerOf(stream: ClientHttp2Stream, connection: Connection): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    let head: IncomingHttpHeaders = {}
    let failed: unknown
    stream.on('response', headers => {
      head = headers
    })
    stream.on('trailers', trailers => {
      head = { ...head, ...trailers }
    })
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length
      chunks.push(chunk)
      if (length > MOST_BYTES) stream.close(nghttp2.NGHTTP2_CANCEL)
    })
    stream.on('error', error => {
      failed ??= error
    })
    stream.on('close', () => {
      const failure = failureOf(head, connection.lost ?? failed)
      if (failure === undefined) resolve(Buffer.concat(chunks).subarray(PREFIX_BYTES))
      else reject(failure)
    })
  })
}

/** Undefined for an answer that is OK. */
function failureOf(head: IncomingHttpHeaders, lost: unknown): GrpcError | undefined {
  const told = head['grpc-status']
  if (told !== undefined) {
    const status = STATUSES[Number(told)] ?? 'UNKNOWN'
    const details = head['grpc-status-details-bin']
    if (status === 'OK') return undefined
    return new GrpcError(status, {
      details: typeof details === 'string' ? Buffer.from(details, 'base64') : undefined,
    })
  }
  if (lost instanceof GrpcError) return lost
  const status = Number(head[':status'] ?? 200)
  if (status !== 200) return new GrpcError(OF_HTTP[status] ?? 'UNKNOWN', { code: `status ${status}` })
  if (lost === undefined) return new GrpcError('UNKNOWN')
  return new GrpcError('UNAVAILABLE', { code: codeOf(lost) })
}

/** The stream of a connection that breaks is cancelled, and has the reason as its cause. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  if (cause !== undefined) return codeOf(cause)
  return typeof code === 'string' ? code : 'UNAVAILABLE'
}
