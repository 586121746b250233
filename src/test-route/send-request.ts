import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { own } from '../config/own.ts'
import { AgwError } from '../errors.ts'
import { type ToldHeader, toldHeaders } from '../gateway/index.ts'
import { suggested } from '../suggested.ts'
import { textOf, withoutLastWord } from './answer-text.ts'
import { type ClientCertificate, handshakeWith } from './client-certificate.ts'

/** One request to a gateway. */
export interface RequestToSend {
  /** Origin of the gateway, with an optional path prefix. */
  readonly url: string
  /** The certificate is not looked at: it is one of the gateway that was started for this. */
  readonly isOwn?: boolean | undefined
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Shown to a gateway that asks for one. */
  readonly certificate?: ClientCertificate | undefined
  /** For all of it, to the end of the answer. */
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
  /** Of the body, as far as it came. */
  readonly bytes: number
  /** What the first {@link MAX_SHOWN} bytes say; undefined of what is no text. */
  readonly body: string | undefined
  /** What whole lines at the end of a longer text say; undefined of one that {@link body} has all of. */
  readonly tail: string | undefined
  /** UPSTREAM_FAILED where it broke off. */
  readonly trouble: AgwError | undefined
}

/** Enough of an answer to show. */
const MAX_SHOWN = 256 * 1024
/** Enough of its end to find its usage in: the last event of the Responses API has the whole answer. */
const MAX_TAIL = 1024 * 1024

/** Sends a request and times the answer. Throws UPSTREAM_FAILED when there is none. */
export function sendRequest(wanted: RequestToSend): Promise<TimedAnswer> {
  const target = new URL(wanted.url)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const headers: OutgoingHttpHeaders = { ...wanted.headers }
  if (wanted.body !== undefined) headers['content-length'] = Buffer.byteLength(wanted.body)
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let got: IncomingMessage | undefined
    const sent = send(
      {
        hostname: target.hostname.replace(/^\[|\]$/g, ''),
        port: target.port,
        method: wanted.method,
        path: target.pathname.replace(/\/$/, '') + wanted.path,
        headers,
        ...(target.protocol === 'https:' && {
          ...tlsFor(wanted, target),
          ...(wanted.certificate && handshakeWith(wanted.certificate)),
        }),
      },
      answer => {
        got = answer
        resolve(collect(answer, started, wanted))
      },
    )
    // A provider that sends a byte now and then would keep it waiting for good.
    const late = setTimeout(() => (got ?? sent).destroy(new TimedOut()), wanted.timeoutMs)
    const takeOver = (answer: IncomingMessage, socket: Socket): void => {
      socket.destroy()
      const now = performance.now() - started
      resolve({ ...headOf(answer), headersMs: now, firstByteMs: now, totalMs: now, ...NO_BODY })
    }
    // Behind these heads nothing comes that Node would take for an answer.
    sent.on('upgrade', takeOver).on('connect', takeOver)
    sent.on('error', error => reject(unidentified(error, wanted) ?? failed(error, wanted)))
    sent.on('close', () => clearTimeout(late))
    sent.end(wanted.body)
  })
}

/** The name that a certificate is asked for and has to carry; Node would take it out of the Host header. */
function tlsFor({ isOwn, headers }: RequestToSend, { hostname }: URL): object {
  if (isOwn !== true) return { servername: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '' }
  const name = (headers['host'] ?? '').replace(/:\d*$/, '')
  return { servername: isIP(name.replace(/^\[|\]$/g, '')) === 0 ? name : '', rejectUnauthorized: false }
}

const NO_BODY = { bytes: 0, body: '', tail: undefined, trouble: undefined }

function headOf(answer: IncomingMessage): Pick<TimedAnswer, 'status' | 'contentType' | 'headers'> {
  const contentType = answer.headers['content-type'] ?? ''
  return { status: answer.statusCode ?? 0, contentType, headers: toldHeaders(answer.rawHeaders) }
}

async function collect(
  answer: IncomingMessage,
  started: number,
  wanted: RequestToSend,
): Promise<TimedAnswer> {
  const headersMs = performance.now() - started
  let firstByteMs = headersMs
  let bytes = 0
  let trouble: AgwError | undefined
  const kept: Buffer[] = []
  const last: Buffer[] = []
  let lastBytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (bytes === 0) firstByteMs = performance.now() - started
      if (bytes < MAX_SHOWN) kept.push(chunk.subarray(0, MAX_SHOWN - bytes))
      bytes += chunk.length
      lastBytes += chunk.length
      last.push(chunk)
      while (lastBytes - (last[0]?.length ?? 0) >= MAX_TAIL) lastBytes -= last.shift()?.length ?? 0
    }
  } catch (error) {
    trouble = failed(error as Error, wanted)
  }
  const totalMs = performance.now() - started
  const head = headOf(answer)
  const text = textOf(Buffer.concat(kept), head.contentType)
  const body = text && bytes > MAX_SHOWN ? withoutLastWord(text) : text
  const tail = bytes > MAX_SHOWN ? wholeLines(Buffer.concat(last), head.contentType) : undefined
  return { ...head, headersMs, firstByteMs, totalMs, bytes, body, tail, trouble }
}

/** The first line may have lost its beginning. */
function wholeLines(bytes: Buffer, contentType: string): string | undefined {
  const lineEnd = bytes.indexOf(0x0a)
  return lineEnd < 0 ? undefined : textOf(bytes.subarray(lineEnd + 1), contentType)
}

class TimedOut extends Error {}

/** Before there is an answer, a gateway that asks clients for a certificate says so in the handshake, or hangs up. */
function unidentified(error: Error, { url, isOwn, certificate }: RequestToSend): AgwError | undefined {
  const { code = '' } = error as NodeJS.ErrnoException
  const isSaid = /_ALERT_(?:.*CERTIFICATE|UNKNOWN_CA)/.test(code)
  const isHungUp = isOwn === true && certificate !== undefined && ['ECONNRESET', 'EPIPE'].includes(code)
  if (!isSaid && !isHungUp) return undefined
  const { origin } = new URL(url)
  return certificate === undefined
    ? new AgwError('UPSTREAM_FAILED', `${origin} asks its clients for a certificate`, {
        hint: 'give one with --cert FILE and --cert-key FILE',
      })
    : new AgwError('UPSTREAM_FAILED', `${origin} does not take the certificate of --cert`, {
        hint: 'give one that is signed by what `tls.root` of the listener holds, with its chain',
      })
}

function failed(error: Error, { url, timeoutMs, upstream }: RequestToSend): AgwError {
  const { code = '' } = error as NodeJS.ErrnoException
  const origin = upstream ?? new URL(url).origin
  if (error instanceof TimedOut) {
    return new AgwError('UPSTREAM_FAILED', `no whole answer from ${origin} within ${timeoutMs / 1000} s`, {
      hint: `wait longer with --timeout, or look at the ${upstream === undefined ? 'gateway' : 'provider'}`,
    })
  }
  return new AgwError(
    'UPSTREAM_FAILED',
    `no whole answer from ${origin}: ${own(WHY, code) ?? whyElse(code)}`,
    {
      hint: upstream === undefined ? hintFor(code) : 'try again; when it stays, look at the provider',
    },
  )
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the answer was cut off',
  ENOTFOUND: 'nobody knows the name',
  EAI_AGAIN: 'the name cannot be looked up now',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** A certificate that is not believed has a code of OpenSSL, an answer that is no HTTP one of Node's parser. */
function whyElse(code: string): string {
  if (isDoubted(code)) return `its certificate is not trusted (${code})`
  if (/^HPE_/.test(code)) return 'the answer is not HTTP'
  if (/SSL|TLS|^EPROTO/.test(code)) return 'no TLS is spoken there'
  return code || 'the connection failed'
}

function isDoubted(code: string): boolean {
  return /CERT|^UNABLE_TO_/.test(code) && !code.startsWith('ERR_')
}

function hintFor(code: string): string {
  if (code === 'ECONNREFUSED') return `start it with ${suggested('serve')}, or leave --url out`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'look at the host name in --url'
  if (isDoubted(code)) return 'if the certificate is your own, name its CA in NODE_EXTRA_CA_CERTS'
  if (/^HPE_|SSL|TLS|^EPROTO/.test(code)) return 'look at scheme, host and port in --url'
  return 'look at the gateway and at its upstream'
}
