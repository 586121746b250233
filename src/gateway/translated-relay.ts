import type { AnswerFacts, AnswerStream, Translation } from '../providers/index.ts'
import { GUARDED_FROM } from './echo.ts'
import type { Exchange } from './exchange.ts'
import { llmResponseFailure } from './failures.ts'
import type { AnswerHead } from './headers.ts'
import { Relay } from './relay.ts'
import type { Destination } from './runtime.ts'
import type { OutgoingHead } from './watcher.ts'

/** Bytes of an answer that is translated whole; a longer one is refused. */
const WHOLE_LIMIT = 16 * 1024 * 1024

/** Headers of the provider's answer that say something about its bytes. */
const OF_THE_BODY = new Set(['content-length', 'content-encoding', 'content-type', 'etag', 'digest'])

/** Passes an answer on in another format: a stream chunk by chunk, anything else as a whole. */
export class TranslatedRelay extends Relay {
  readonly #translation: Translation
  readonly #facts: AnswerFacts
  #stream: AnswerStream | undefined
  #head: AnswerHead | undefined
  #chunks: Buffer[] = []
  /** A stream that is sent as a whole, because its body is changed once more. */
  #isGathered = false
  #size = 0

  constructor(exchange: Exchange, destination: Destination, translation: Translation, facts: AnswerFacts) {
    super(exchange, destination)
    this.#translation = translation
    this.#facts = facts
  }

  protected override begin(statusText: string, head: AnswerHead): void {
    head.headers = head.headers.filter(
      (_, i) => !OF_THE_BODY.has((head.headers[i - (i % 2)] ?? '').toLowerCase()),
    )
    head.contentLength = -1
    this.#head = head
    if (!head.isEventStream || head.status > 299) return
    this.#isGathered = this.exchange.changesBody
    this.#stream = this.#translation.stream(this.#facts)
    head.headers.push('content-type', 'text/event-stream')
    if (!this.#isGathered) super.begin(statusText, head)
  }

  protected override pass(chunk: Buffer): boolean {
    if (this.#stream !== undefined) {
      const translated = this.#stream.push(chunk)
      if (!this.#isGathered) return translated.length === 0 || super.pass(translated)
      return this.#gather(translated)
    }
    return this.#gather(chunk)
  }

  #gather(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > WHOLE_LIMIT) {
      this.abort()
      this.exchange.end(llmResponseFailure('response was too large'))
    }
    return true
  }

  protected override end(): void {
    if (this.#stream === undefined) return this.#endWhole()
    const rest = this.#stream.end()
    if (this.#isGathered && this.#stream.complete) return this.#sendGathered(rest)
    if (rest.length > 0) this.exchange.response.write(rest)
    // Clients do not miss the end of a stream that was cut; a broken connection they notice.
    if (this.#stream.complete) this.exchange.response.end()
    else this.exchange.response.destroy()
  }

  #sendGathered(rest: Buffer): void {
    const head = this.#head ?? { status: 502, headers: [] }
    const whole = Buffer.concat([...this.#chunks, rest])
    this.exchange.send(head, this.exchange.changedBody(head, whole))
  }

  #endWhole(): void {
    const { status, headers }: OutgoingHead = this.#head ?? { status: 502, headers: [] }
    let body: Buffer
    try {
      body = this.#translation.answer(status, this.#whole(status), this.#facts)
    } catch {
      return this.exchange.end(llmResponseFailure('failed to parse response'))
    }
    headers.push('content-type', 'application/json')
    this.exchange.send({ status, headers }, this.exchange.changedBody({ status, headers }, body))
  }

  #whole(status: number): Buffer {
    const whole = Buffer.concat(this.#chunks, this.#size)
    const { echoes } = this.destination
    return status < GUARDED_FROM || echoes === undefined ? whole : echoes.cleanBytes(whole)
  }
}
