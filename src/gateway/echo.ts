import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { type ByteRedactionStream, Redactor } from '../secrets/redactor.ts'
import type { Secret } from '../secrets/secret.ts'
import type { GatewayResponse } from './exchange.ts'
import type { AnswerHead, HeaderEdit } from './headers.ts'

/** Answers from here on are looked through: a redirect repeats the query of a request, an error its headers. */
export const GUARDED_FROM = 300

/** Headers that say something about the very bytes of a body. */
const OF_THE_BYTES = new Set(['content-length', 'content-md5', 'content-digest', 'repr-digest', 'digest'])
/** Headers that a config sets by hand to give a credential. */
const CREDENTIAL = /^(?:authorization|proxy-authorization|cookie|.*(?:api-?key|token|secret).*)$/i

const WITHHELD = 'the answer is withheld: in its content-encoding it cannot be searched for the key'

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
    let encoding = 'identity'
    for (let i = 0; i < head.headers.length; i += 2) {
      const [name = '', value = ''] = head.headers.slice(i, i + 2)
      const lower = name.toLowerCase()
      if (lower === 'content-encoding') encoding = value.trim().toLowerCase()
      else if (!OF_THE_BYTES.has(lower) && this.clean(name) === name) kept.push(name, this.clean(value))
    }
    head.headers = kept
    head.contentLength = -1
    return new GuardedBody(this.#redactor.byteStream(), encoding, response, resume)
  }
}

function credentialIn(edit: HeaderEdit): string[] {
  if (edit.do === 'remove' || edit.do === 'cookie' || !CREDENTIAL.test(edit.name)) return []
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
    if (this.#isWithheld) return true
    if (this.#decoder !== undefined) return this.#decoder.write(chunk)
    const isTaken = this.#send(chunk)
    if (!isTaken) this.#response.once('drain', this.#resume)
    return isTaken
  }

  end(): void {
    if (this.#isWithheld) this.#response.end(WITHHELD)
    else if (this.#decoder !== undefined) this.#decoder.end()
    else this.#finish()
  }

  #send(chunk: Buffer): boolean {
    const shown = this.#stream.push(chunk)
    return shown.length === 0 || this.#response.write(shown)
  }

  #finish(): void {
    this.#response.end(this.#stream.end())
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
    // Broken off, like an answer that the upstream cuts: there is no other way to say that it is not whole.
    decoder.once('error', () => response.destroy())
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
