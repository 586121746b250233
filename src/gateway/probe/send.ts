import { type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Header, ProbeAnswer } from '../../providers/index.ts'
import { type ConnectTo, redirect } from '../upstream/connect-to.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** One call of a provider. */
export interface ProbeCall {
  readonly upstream: Upstream
  /** Path and query. Holds no key. */
  readonly path: string
  /** One of them holds the key. */
  readonly headers: readonly Header[]
}

/** Makes one call. Rejects when there is no whole answer; the error holds nothing of the call. */
export type Send = (call: ProbeCall) => Promise<ProbeAnswer>

/** Milliseconds for the whole call. */
const TIMEOUT_MS = 5000
const MAX_BODY_BYTES = 64 * 1024

/** Sends over the network: certificates are verified, redirects are not followed, and only so much of a body is read. */
export function sender(connectTo: readonly ConnectTo[] = [], timeoutMs: number = TIMEOUT_MS): Send {
  return call =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs)
      const fail = (error?: NodeJS.ErrnoException): void =>
        reject(new NoAnswer(signal.aborted ? 'TIMEOUT' : (error?.code ?? 'it was cut off')))
      const send = call.upstream.tls === undefined ? requestPlain : requestTls
      const sent = send({ ...optionsOf(call, connectTo), signal }, answer => {
        const chunks: Buffer[] = []
        let size = 0
        const finish = (): void => resolve({ status: answer.statusCode ?? 0, body: parsed(chunks, size) })
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size > MAX_BODY_BYTES) answer.destroy()
        })
        answer.on('error', () => {})
        answer.on('close', () => (answer.complete || size > MAX_BODY_BYTES ? finish() : fail()))
      })
      sent.on('error', fail)
      sent.end()
    })
}

function optionsOf({ upstream, path, headers }: ProbeCall, connectTo: readonly ConnectTo[]): RequestOptions {
  const { tls, endpoint, servername, hostname, port, socketPath } = upstream
  const to = socketPath === undefined ? redirect(connectTo, hostname, port) : { socketPath }
  // What is behind a Unix socket has no name of its own.
  const host =
    socketPath === undefined ? endpoint.replace(tls === undefined ? /:80$/ : /:443$/, '') : hostname
  const verified = tls && {
    ...(tls.ca !== undefined && { ca: tls.ca }),
    // An address is no name to ask for, only one to verify.
    servername: isIP(servername) === 0 ? servername : '',
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(servername, certificate),
  }
  return {
    ...to,
    path,
    headers: { ...Object.fromEntries(headers), host, accept: 'application/json' },
    agent: false,
    ...verified,
  }
}

/** Why there was no whole answer: a code of the system, or `TIMEOUT`. */
export class NoAnswer extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`no whole answer (${reason})`)
    this.reason = reason
  }
}

/** A body that was cut off, or is no JSON, counts as none. */
function parsed(chunks: readonly Buffer[], size: number): unknown {
  if (size > MAX_BODY_BYTES) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
