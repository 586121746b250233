import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { type ByteRedactionStream, Redactor } from '../../secrets/redactor.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { GatewayResponse } from '../exchange.ts'
import { credentialsIn } from '../header-credentials.ts'
import type { AnswerHead, HeaderEdit } from '../headers.ts'

/** Answers from here on are looked through: a redirect repeats the query of a request, an error its headers. */
export const GUARDED_FROM = 300

/** Headers that say something about the very bytes of a body. */
const OF_THE_BYTES = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
])

const WITHHELD = 'the answer is withheld: in its content-encoding it cannot be searched for the key'
/** Stands for the rest of a body that is not in the encoding it says it is in, or breaks off. */
const UNREADABLE = 'the answer is withheld: it cannot be read in its content-encoding'

/**
 * Keeps an upstream that was given a key from telling it to the client: some repeat what they were sent when they
 * refuse it. Looks at answers that are not a success, so that the usual answer costs nothing.
 */
export class EchoGuard {
  readonly #secrets: readonly (Secret | string)[]
  #made: Redactor | undefined
  /** The last one that knew more, which is mostly what the next one has to know. */
  #last: { readonly given: string; readonly guard: EchoGuard } | undefined

  /** For the requests of one destination. */
  static of(secrets: readonly Secret[], edits: readonly HeaderEdit[]): EchoGuard {
    return new EchoGuard([...secrets, ...edits.flatMap(credentialsOf)])
  }

  private constructor(secrets: readonly (Secret | string)[]) {
    this.#secrets = secrets
  }

  /** The guard of a request into which the config has put these besides; undefined where nothing is secret. */
  knowing(given: readonly string[] | undefined): EchoGuard | undefined {
    if (given === undefined) return this.#secrets.length === 0 ? undefined : this
    const all = given.join('\n')
    if (this.#last?.given !== all)
      this.#last = { given: all, guard: new EchoGuard([...this.#secrets, ...given]) }
    return this.#last.guard
  }

  /** Made with the first answer that needs it: most destinations never do. */
  get #redactor(): Redactor {
    if (this.#made !== undefined) return this.#made
    // Clients are told nothing of a key, not even its fingerprint.
    const redactor = new Redactor(() => '[redacted]')
    for (const secret of this.#secrets) redactor.add(secret)
    this.#made = redactor
    return redactor
  }

  /** A text or a body in which every byte is one character. */
  clean(text: string): string {
    return this.#redactor.redact(text)
  }

  /**
   * Cleans the head in place, takes its length out, and gives what the body goes through on its way to the outlet.
   * `rawHeaders` are those that the upstream has sent: what is made of them changes no byte of the body.
   */
  body(
    head: AnswerHead,
    rawHeaders: readonly Buffer[],
    response: GatewayResponse,
    outlet: Outlet,
  ): GuardedBody {
    const kept: string[] = []
    const isEmpty = hasNoBody(head, response)
    for (let i = 0; i < head.headers.length; i += 2) {
      const [name = '', value = ''] = head.headers.slice(i, i + 2)
      if ((isEmpty || !OF_THE_BYTES.has(name.toLowerCase())) && this.clean(name) === name)
        kept.push(name, this.clean(value))
    }
    head.headers = kept
    if (!isEmpty) head.contentLength = -1
    const codings = isEmpty ? [] : codingsOf(rawHeaders)
    return new GuardedBody(this.#redactor.byteStream(), codings, response, outlet)
  }
}

/** Its headers tell of the body of another answer, or of none, and stay as they are. */
function hasNoBody({ status, contentLength }: AnswerHead, { exchange }: GatewayResponse): boolean {
  return contentLength === 0 || status === 304 || exchange?.method === 'HEAD'
}

/** What lies on the bytes of a body once its chunks are taken apart, in the order in which it was put there. */
function codingsOf(rawHeaders: readonly Buffer[]): string[] {
  const listed = (wanted: string): string[] =>
    rawHeaders
      .filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toString('latin1').toLowerCase() === wanted)
      .flatMap(value => value.toString('latin1').toLowerCase().split(','))
      .map(coding => coding.trim())
      .filter(coding => coding !== '' && coding !== 'identity')
  const ofTransfer = listed('transfer-encoding')
  if (ofTransfer.at(-1) === 'chunked') ofTransfer.pop()
  return [...listed('content-encoding'), ...ofTransfer]
}

function credentialsOf(edit: HeaderEdit): string[] {
  return edit.do === 'remove' || edit.do === 'cookie' ? [] : credentialsIn(edit.name, edit.value)
}

/** What takes a body once it is clean, and how its upstream is told to go on. */
export interface Outlet {
  /** False: no more until `goOn` of the body is called. */
  pass(chunk: Buffer): boolean
  end(): void
  /** Whatever still comes from upstream is not part of the body. */
  drop(): void
  resume(): void
}

/** A body decoded where it must be, and searched for keys; never held longer than the longest form of a key. */
export class GuardedBody {
  readonly #stream: ByteRedactionStream
  readonly #response: GatewayResponse
  readonly #outlet: Outlet
  readonly #decoder: Transform | undefined
  readonly #isWithheld: boolean
  #hasBytes = false
  #isStopped = false

  constructor(
    stream: ByteRedactionStream,
    codings: readonly string[],
    response: GatewayResponse,
    outlet: Outlet,
  ) {
    this.#stream = stream
    this.#response = response
    this.#outlet = outlet
    const [coding, second] = codings
    this.#decoder = coding === undefined || second !== undefined ? undefined : decoderOf(coding)
    this.#isWithheld = coding !== undefined && this.#decoder === undefined
    if (this.#decoder !== undefined) this.#follow(this.#decoder)
  }

  /** False: no more until the outlet is told to resume. */
  push(chunk: Buffer): boolean {
    this.#hasBytes = true
    if (this.#isWithheld) return true
    if (this.#decoder !== undefined) return this.#decoder.destroyed || this.#decoder.write(chunk)
    return this.#pass(this.#stream.push(chunk))
  }

  end(): void {
    if (this.#isWithheld && this.#hasBytes) this.#finish(Buffer.from(WITHHELD))
    else if (this.#decoder === undefined || !this.#hasBytes) this.#finish(this.#stream.end())
    else if (!this.#decoder.destroyed) this.#decoder.end()
  }

  /** The outlet takes more. */
  goOn(): void {
    if (this.#decoder === undefined) this.#outlet.resume()
    else this.#decoder.resume()
  }

  /** The outlet takes nothing any more. */
  stop(): void {
    this.#isStopped = true
    this.#decoder?.destroy()
  }

  #pass(shown: Buffer): boolean {
    return shown.length === 0 || this.#outlet.pass(shown)
  }

  #finish(last: Buffer): void {
    this.#pass(last)
    if (!this.#isStopped) this.#outlet.end()
  }

  /** The status says more than a broken connection would: the client gets it, and what could be read. */
  #giveUp(): void {
    const { exchange, destroyed } = this.#response
    if (exchange !== undefined) {
      exchange.reason = 'UpstreamFailure'
      exchange.error = UNREADABLE
    }
    this.#outlet.drop()
    // What the stream still holds is the start of a key, as far as anybody can tell.
    if (!destroyed) this.#finish(Buffer.from(UNREADABLE))
  }

  #follow(decoder: Transform): void {
    decoder.on('data', (chunk: Buffer) => {
      if (!this.#pass(this.#stream.push(chunk))) decoder.pause()
    })
    decoder.on('drain', () => this.#outlet.resume())
    decoder.once('end', () => {
      // The decoder takes nothing of what stands behind its end, and asks for nothing either.
      this.#outlet.drop()
      this.#finish(this.#stream.end())
    })
    decoder.once('error', () => this.#giveUp())
    this.#response.once('close', () => decoder.destroy())
  }
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip()
    case 'deflate':
      return zlib.createInflate()
    case 'br':
      return zlib.createBrotliDecompress()
    default:
      return undefined
  }
}
