import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { jsonOf } from './json.ts'
import type { SourceProblem } from './source-problem.ts'

/** A call to a store of secrets. Never logged: headers and body may hold a login. */
export interface Call {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** PEM of the authority that signed the server's certificate, where it is not a public one. */
  readonly ca?: string | undefined
  /** PEM of a client certificate and its key, where the login is one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the server's certificate must have, where that is not its host's. */
  readonly serverName?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  /** As JSON; undefined where it is none. */
  readonly json: unknown
}

/** Larger answers hold no key. Bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024
/** The code of the error that cuts one off. */
export const TOO_LARGE = 'TOO_LARGE'
/** The same for one line of an answer that goes on; it may stand beside other things. Characters. */
const MAX_LINE = 2 * MAX_ANSWER_BYTES

/**
 * Calls a store over TLS, which is always verified; without TLS only on this machine, and where `plain` allows it on the
 * link to its host (the metadata servers of clouds, which have none). Redirects are not followed: they would carry the login elsewhere.
 */
export async function call(request: Call, plain = false): Promise<Answer | SourceProblem> {
  const url = addressOf(request, plain)
  if (!(url instanceof URL)) return url
  try {
    const answer = await send(url, request)
    return { status: answer.statusCode ?? 0, json: jsonOf(await gather(answer)) }
  } catch (error) {
    return problemOf(error, url)
  }
}

/** Calls a store that goes on answering, line by line, until it ends; what is no success is not read. */
export async function streamLines(
  request: Call,
  take: (line: string) => void,
): Promise<Pick<Answer, 'status'> | SourceProblem> {
  const url = addressOf(request)
  if (!(url instanceof URL)) return url
  try {
    const answer = await send(url, request)
    const status = answer.statusCode ?? 0
    if (status === 200) await readLines(answer, take)
    else answer.destroy()
    return { status }
  } catch (error) {
    return problemOf(error, url)
  }
}

async function readLines(answer: IncomingMessage, take: (line: string) => void): Promise<void> {
  let open = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = (open + String(chunk)).split('\n')
    open = lines.pop() ?? ''
    if (open.length > MAX_LINE) throw tooLargeError()
    for (const line of lines) if (line !== '') take(line)
  }
}

function addressOf(request: Call, plain = false): URL | SourceProblem {
  if (!URL.canParse(request.url)) return noAddress()
  const url = new URL(request.url)
  return isSafe(url) || (plain && isNear(url.hostname)) ? url : noTls(url)
}

/** Whether what is sent there is read by nobody on the way. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname)
}

function noAddress(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'the address to ask is none',
    hint: 'look at what agw.yaml and the environment say of it: it starts with https://',
  }
}

/** What is said of an address that is not. */
export function noTls(url: URL): SourceProblem {
  return {
    code: 'not-configured',
    message: `${url.host} would be called without TLS, and the login could be read on the way`,
    hint: 'use an https address',
  }
}

/** A path in a URL, each part written so that it stays one part. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map(part => part.split('/').map(encodeURIComponent).join('/')).join('/')
}

/** An answer that says why there is no value, by its status alone: its body may repeat what was sent. */
export function refused(status: number, who: string, what: 'read' | 'write' = 'read'): SourceProblem {
  if (status === 401) {
    return {
      code: 'denied',
      message: `${who} does not accept the login (status 401)`,
      hint: 'log in again, or renew the token',
    }
  }
  if (status === 403) {
    return {
      code: 'denied',
      message: `${who} does not let this login ${what} it (status 403)`,
      hint:
        what === 'read'
          ? 'give it the right to read this secret; some stores also say so of a secret that is not there'
          : 'give it the right to write this secret, or write it there as somebody who has it',
    }
  }
  const busy = status === 429 || status >= 500
  return {
    code: busy ? 'unreachable' : 'unreadable',
    message: `${who} answered with status ${status}`,
    hint: busy ? 'it is busy or broken: look at it, then try again' : 'look at what agw.yaml says of it',
    ...(busy && { passing: true }),
  }
}

/** The answer, once its head is there. */
function send(
  url: URL,
  { method = 'GET', headers, body, ca, cert, key, serverName, signal }: Call,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = start(
      url,
      {
        method,
        agent: false,
        headers: {
          accept: 'application/json',
          ...headers,
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        },
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert, key }),
        ...(serverName !== undefined && { servername: serverName }),
        ...(signal && { signal }),
      },
      resolve,
    )
    request.on('error', reject)
    request.end(body)
  })
}

async function gather(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of withinLimit(answer)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The bytes of an answer as they come; ends the connection, and throws TOO_LARGE, where they are more than a key needs. */
export async function* withinLimit(answer: Readable): AsyncGenerator<Buffer> {
  let size = 0
  for await (const chunk of answer) {
    size += (chunk as Buffer).length
    if (size > MAX_ANSWER_BYTES) throw tooLargeError()
    yield chunk as Buffer
  }
}

function tooLargeError(): Error {
  return Object.assign(new Error('too large'), { code: TOO_LARGE })
}

/** What is said of an answer that was cut off. */
export function tooLargeProblem(who: string): SourceProblem {
  return { code: 'too-large', message: `${who} sent more than 1 MiB`, hint: 'is this the right secret?' }
}

function problemOf(error: unknown, url: URL): SourceProblem {
  const { code = '', name = '' } = error as NodeJS.ErrnoException
  if (name === 'AbortError') {
    return {
      code: 'timeout',
      message: `${url.host} did not answer in time`,
      hint: 'look whether it can be reached from here, or give it longer with `timeout:` in agw.yaml',
    }
  }
  if (code === TOO_LARGE) return tooLargeProblem(url.host)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return {
      code: 'unreachable',
      message: `the certificate of ${url.host} cannot be verified (${code})`,
      hint: 'name the file of its certificate authority with `ca:` in agw.yaml',
    }
  }
  const wrong = code === 'ENOTFOUND' || code === 'ERR_INVALID_URL'
  return {
    code: 'unreachable',
    message: `${url.host} cannot be reached (${code || 'no reason is given'})`,
    hint: wrong ? 'check the address' : 'look whether it runs and can be reached from here',
    ...(!wrong && { passing: true }),
  }
}

/** Where clouds put what a machine asks about itself: packets to such addresses are never routed on. */
function isNear(host: string): boolean {
  return host === 'metadata.google.internal' || /^169\.254\.\d+\.\d+$/.test(host)
}

/** Whether a host of a URL is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
