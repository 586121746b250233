import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { type ByteRedactionStream, Redactor } from '../secrets/redactor.ts'
import type { Secret } from '../secrets/secret.ts'
import type { GatewayResponse } from './exchange.ts'
import { isCredentialHeader } from './header-names.ts'
import type { AnswerHead, HeaderEdit } from './headers.ts'

/** Answers from here on are looked through: a redirect repeats the query of a request, an error its headers. */
export const GUARDED_FROM = 300

/** Headers that say something about the very bytes of a body. */
const OF_THE_BYTES = new Set(['content-length', 'content-md5', 'content-digest', 'repr-digest', 'digest'])

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

  /** Undefined where the upstream is given nothing secret. */
  static of(secrets: readonly Secret[], edits: readonly HeaderEdit[]): EchoGuard | undefined {
    const all = [...secrets, ...edits.flatMap(credentialIn)]
    return all.length === 0 ? undefined : new EchoGuard(all)
  }

  private constructor(secrets: readonly (Secret | string)[]) {
    this.#secrets = secrets
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

  cleanBytes(bytes: Buffer): Buffer {
    return Buffer.from(this.clean(bytes.toString('latin1')), 'latin1')
  }

  /** Cleans the head in place, takes its length out, and gives the form in which the body is to be passed on. */
  body(head: AnswerHead, response: GatewayResponse, resume: () => void): GuardedBody {
    const kept: string[] = []
    const isEmpty = hasNoBody(head, response)
    let encoding = 'identity'
    for (let i = 0; i < head.headers.length; i += 2) {
      const [name = '', value = ''] = head.headers.slice(i, i + 2)
      const lower = name.toLowerCase()
      if (lower === 'content-encoding' && !isEmpty) encoding = value.trim().toLowerCase()
      else if ((isEmpty || !OF_THE_BYTES.has(lower)) && this.clean(name) === name)
        kept.push(name, this.clean(value))
    }
    head.headers = kept
    if (!isEmpty) head.contentLength = -1
    return new GuardedBody(this.#redactor.byteStream(), encoding, response, resume)
  }
}

/** Its headers tell of the body of another answer, or of none, and stay as they are. */
function hasNoBody({ status, contentLength }: AnswerHead, { exchange }: GatewayResponse): boolean {
  return contentLength === 0 || status === 304 || exchange?.method === 'HEAD'
}

function credentialIn(edit: HeaderEdit): string[] {
  if (edit.do === 'remove' || edit.do === 'cookie' || !isCredentialHeader(edit.name)) return []
  // `Bearer`, `Basic` and the like are no part of the credential.
  return [edit.value.replace(/^[A-Za-z]+ +(?=\S)/, '')]
}

/** A body on its way to the client, decoded where it must be, never held longer than the longest form of a key. */
export class GuardedBody {
  readonly #stream: ByteRedactionStream
  readonly #response: GatewayResponse
  readonly #resume: () => void
  readonly #decoder: Transform | undefined
  readonly #isWithheld: boolean
  #hasBytes = false

  constructor(stream: ByteRedactionStream, encoding: string, response: GatewayResponse, resume: () => void) {
    this.#stream = stream
    this.#response = response
    this.#resume = resume
    const isPlain = encoding === 'identity' || encoding === ''
    this.#decoder = isPlain ? undefined : decoderOf(encoding)
    this.#isWithheld = !isPlain && this.#decoder === undefined
    if (this.#decoder !== undefined) this.#follow(this.#decoder)
  }

  /** False: no more until `resume` is called. */
  push(chunk: Buffer): boolean {
    this.#hasBytes = true
    if (this.#isWithheld) return true
    if (this.#decoder !== undefined) return this.#decoder.destroyed || this.#decoder.write(chunk)
    const isTaken = this.#send(chunk)
    if (!isTaken) this.#response.once('drain', this.#resume)
    return isTaken
  }

  end(): void {
    if (!this.#hasBytes) this.#response.end()
    else if (this.#isWithheld) this.#response.end(WITHHELD)
    else if (this.#decoder === undefined) this.#finish()
    else if (!this.#decoder.destroyed) this.#decoder.end()
  }

  #send(chunk: Buffer): boolean {
    const shown = this.#stream.push(chunk)
    return shown.length === 0 || this.#response.write(shown)
  }

  #finish(): void {
    this.#response.end(this.#stream.end())
  }

  /** The status says more than a broken connection would: the client gets it, and what could be read. */
  #giveUp(): void {
    const response = this.#response
    const { exchange } = response
    if (exchange !== undefined) {
      exchange.reason = 'UpstreamFailure'
      exchange.error = UNREADABLE
    }
    if (!response.destroyed) response.end(Buffer.concat([this.#stream.end(), Buffer.from(UNREADABLE)]))
    // An upstream that is held back would be so for ever.
    this.#resume()
  }

  #follow(decoder: Transform): void {
    const response = this.#response
    decoder.on('data', (chunk: Buffer) => {
      if (this.#send(chunk)) return
      decoder.pause()
      response.once('drain', () => decoder.resume())
    })
    decoder.on('drain', this.#resume)
    decoder.once('end', () => this.#finish())
    decoder.once('error', () => this.#giveUp())
    response.once('close', () => decoder.destroy())
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
