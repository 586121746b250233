import { type ByteRedactionStream, Redactor } from '../../secrets/redactor.ts'
import type { Secret } from '../../secrets/secret.ts'
import { credentialsIn } from '../headers/header-credentials.ts'
import type { AnswerHead, HeaderEdit } from '../headers/headers.ts'
import type { GatewayResponse } from '../http1/gateway-response.ts'
import { GuardedBody, isReadable, type Outlet } from './guarded-body.ts'

/** Answers from here on are looked through: a redirect repeats the query of a request, an error its headers. */
const GUARDED_FROM = 300

/** Headers that say something about the very bytes of a body. */
const OF_THE_BYTES = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
])

/**
 * Whether an upstream may still tell of an error, and repeat what it was sent with it. That of an event stream comes when the
 * status is long out.
 */
export function mayEcho({ status, isStream }: AnswerHead): boolean {
  return status >= GUARDED_FROM || isStream
}

/**
 * Keeps an upstream that was given a key from telling it to the client: some repeat what they were sent when they
 * refuse it. Looks at answers that may be an error, so that the usual answer costs nothing.
 */
export class EchoGuard {
  readonly #secrets: readonly (Secret | string)[]
  #made: Redactor | undefined
  #ofFrames: Redactor | undefined
  /** The last one that knew more, which is mostly what the next one has to know. */
  #last: { readonly given: string; readonly guard: EchoGuard } | undefined

  /** For the requests of one destination. */
  static of(secrets: readonly (Secret | string)[], edits: readonly HeaderEdit[]): EchoGuard {
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
    // Clients are told nothing of a key, not even its fingerprint.
    this.#made ??= this.#redactorWith(() => '[redacted]')
    return this.#made
  }

  #redactorWith(markOf: (value: string, length: number) => string): Redactor {
    const redactor = new Redactor(markOf)
    for (const secret of this.#secrets) redactor.add(secret)
    return redactor
  }

  /** For bytes whose number is told before them: what takes the place of a key is as long as the key. */
  frames(): ByteRedactionStream {
    this.#ofFrames ??= this.#redactorWith((_value, length) => '*'.repeat(length))
    return this.#ofFrames.byteStream()
  }

  /** A text or a body in which every byte is one character. */
  clean(text: string): string {
    return this.#redactor.redact(text)
  }

  /**
   * Cleans the head in place, takes its length out, and gives what the body goes through on its way to the outlet; undefined
   * where it goes as it is: a success that cannot be searched. `rawHeaders` are those that the upstream has sent: what is
   * made of them changes no byte of the body.
   */
  body(
    head: AnswerHead,
    rawHeaders: readonly string[],
    response: GatewayResponse,
    outlet: Outlet,
  ): GuardedBody | undefined {
    const kept: string[] = []
    const isEmpty = hasNoBody(head, response)
    const codings = isEmpty ? [] : codingsOf(rawHeaders)
    const isError = head.status >= GUARDED_FROM
    const isSearched = isError || isReadable(codings)
    const isChanged = isSearched && !isEmpty
    for (let i = 0; i < head.headers.length; i += 2) {
      const [name = '', value = ''] = head.headers.slice(i, i + 2)
      if ((!isChanged || !OF_THE_BYTES.has(name.toLowerCase())) && this.clean(name) === name)
        kept.push(name, this.clean(value))
    }
    head.headers = kept
    if (isChanged) head.contentLength = -1
    if (!isSearched) return undefined
    return new GuardedBody(this.#redactor.byteStream(), codings, response, outlet, isError)
  }
}

/** Its headers tell of the body of another answer, or of none, and stay as they are. */
export function hasNoBody({ status, contentLength }: AnswerHead, { exchange }: GatewayResponse): boolean {
  return contentLength === 0 || status === 204 || status === 304 || exchange?.method === 'HEAD'
}

/** What lies on the bytes of a body once its chunks are taken apart, in the order in which it was put there. */
function codingsOf(rawHeaders: readonly string[]): string[] {
  const listed = (wanted: string): string[] =>
    rawHeaders
      .filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === wanted)
      .flatMap(value => value.toLowerCase().split(','))
      .map(coding => coding.trim())
      .filter(coding => coding !== '' && coding !== 'identity')
  const ofTransfer = listed('transfer-encoding')
  if (ofTransfer.at(-1) === 'chunked') ofTransfer.pop()
  return [...listed('content-encoding'), ...ofTransfer]
}

function credentialsOf(edit: HeaderEdit): string[] {
  return edit.do === 'remove' || edit.do === 'cookie' ? [] : credentialsIn(edit.name, edit.value)
}
