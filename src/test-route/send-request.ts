import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { AgwError } from '../errors.ts'
import { type ToldHeader, toldHeaders } from '../gateway/index.ts'
import { suggested } from '../suggested.ts'

/** One request to a gateway. */
export interface RequestToSend {
  /** Origin of the gateway, with an optional path prefix. */
  readonly url: string
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly timeoutMs: number
  /** Who is to blame when there is no answer; the gateway at `url` unless given. */
  readonly upstream?: string | undefined
}

/** What came back, and when; times in milliseconds from the moment the request was sent. */
export interface TimedAnswer {
  readonly status: number
  readonly contentType: string
  readonly headers: readonly ToldHeader[]
  readonly headersMs: number
  readonly firstByteMs: number
  readonly totalMs: number
  /** At most {@link MAX_SHOWN} characters. */
  readonly body: string
}

/** Enough of an answer to show and to find its usage in. */
export const MAX_SHOWN = 256 * 1024

/** Sends a request and times its answer. Throws UPSTREAM_FAILED when there is none. */
export function sendRequest(wanted: RequestToSend): Promise<TimedAnswer> {
  const target = new URL(wanted.url)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const headers: OutgoingHttpHeaders = { ...wanted.headers }
  if (wanted.body !== undefined) headers['content-length'] = Buffer.byteLength(wanted.body)
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const sent = send(
      {
        hostname: target.hostname.replace(/^\[|\]$/g, ''),
        port: target.port,
        method: wanted.method,
        path: target.pathname.replace(/\/$/, '') + wanted.path,
        headers,
        timeout: wanted.timeoutMs,
      },
      answer => resolve(collect(answer, started, wanted)),
    )
    sent.on('timeout', () => sent.destroy(new TimedOut()))
    sent.on('error', error => reject(failed(error, wanted)))
    sent.end(wanted.body)
  })
}

async function collect(
  answer: IncomingMessage,
  started: number,
  wanted: RequestToSend,
): Promise<TimedAnswer> {
  const headersMs = performance.now() - started
  let firstByteMs = headersMs
  let body = ''
  let first = true
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      if (first) firstByteMs = performance.now() - started
      first = false
      if (body.length < MAX_SHOWN) body += (chunk as string).slice(0, MAX_SHOWN - body.length)
    }
  } catch (error) {
    throw failed(error as Error, wanted)
  }
  const totalMs = performance.now() - started
  const contentType = answer.headers['content-type'] ?? ''
  const headers = toldHeaders(answer.rawHeaders)
  return { status: answer.statusCode ?? 0, contentType, headers, headersMs, firstByteMs, totalMs, body }
}

class TimedOut extends Error {}

function failed(error: Error, { url, timeoutMs, upstream }: RequestToSend): AgwError {
  const { code } = error as NodeJS.ErrnoException
  const origin = upstream ?? new URL(url).origin
  if (error instanceof TimedOut) {
    return new AgwError('UPSTREAM_FAILED', `no answer from ${origin} within ${timeoutMs / 1000} s`, {
      hint: `wait longer with --timeout, or look at the ${upstream === undefined ? 'gateway' : 'provider'}`,
    })
  }
  const why =
    code === 'ECONNREFUSED'
      ? 'nothing listens there'
      : code === 'ECONNRESET'
        ? 'the answer was cut off'
        : (code ?? 'the connection failed')
  const hint =
    upstream !== undefined
      ? 'try again; when it stays, look at the provider'
      : code === 'ECONNREFUSED'
        ? `start it with ${suggested('serve')}, or leave --url out`
        : 'look at the gateway and at its upstream'
  return new AgwError('UPSTREAM_FAILED', `no whole answer from ${origin}: ${why}`, { hint })
}
