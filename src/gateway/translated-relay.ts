import type { AnswerFacts, AnswerStream, Translation } from '../providers/index.ts'
import type { Exchange } from './exchange.ts'
import { llmResponseFailure } from './failures.ts'
import { GatheringRelay } from './gathering-relay.ts'
import type { AnswerHead } from './headers.ts'
import type { Destination } from './runtime.ts'

/** Headers of the provider's answer that say something about its bytes. */
const OF_THE_BODY = new Set(['content-length', 'content-encoding', 'content-type', 'etag', 'digest'])

/** Passes an answer on in another format: a stream chunk by chunk, anything else as a whole. */
export class TranslatedRelay extends GatheringRelay {
  readonly #translation: Translation
  readonly #facts: AnswerFacts
  #stream: AnswerStream | undefined
  /** A stream that is sent as a whole, because its body is changed once more. */
  #isGathered = false

  constructor(exchange: Exchange, destination: Destination, translation: Translation, facts: AnswerFacts) {
    super(exchange, destination)
    this.#translation = translation
    this.#facts = facts
  }

  protected override begin(statusText: string, head: AnswerHead): void {
    this.keepHead(head, OF_THE_BODY)
    head.contentLength = -1
    if (!head.isEventStream || head.status > 299) return
    this.#isGathered = this.exchange.changesBody
    this.#stream = this.#translation.stream(this.#facts)
    head.headers.push('content-type', 'text/event-stream')
    if (!this.#isGathered) super.begin(statusText, head)
  }

  protected override pass(chunk: Buffer): boolean {
    if (this.#stream === undefined) return this.gather(chunk)
    const translated = this.#stream.push(chunk)
    if (this.#isGathered) return this.gather(translated)
    return translated.length === 0 || super.pass(translated)
  }

  protected override end(): void {
    if (this.#stream === undefined) return this.#endWhole()
    const rest = this.#stream.end()
    if (this.#isGathered && this.#stream.complete) return this.send(Buffer.concat([this.whole(), rest]))
    if (rest.length > 0) this.exchange.response.write(rest)
    // Clients do not miss the end of a stream that was cut; a broken connection they notice.
    if (this.#stream.complete) this.exchange.response.end()
    else this.exchange.response.destroy()
  }

  #endWhole(): void {
    const { status, headers } = this.head
    let body: Buffer
    try {
      body = this.#translation.answer(status, this.whole(), this.#facts)
    } catch {
      return this.exchange.end(llmResponseFailure('failed to parse response'))
    }
    headers.push('content-type', 'application/json')
    this.send(body)
  }
}
