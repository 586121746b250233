import { type AnswerFacts, type AnswerStream, findHeader, type Translation } from '../providers/index.ts'
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

  constructor(exchange: Exchange, destination: Destination, translation: Translation, facts: AnswerFacts) {
    super(exchange, destination)
    this.#translation = translation
    this.#facts = facts
  }

  protected override begin(statusText: string, head: AnswerHead): void {
    const at = findHeader(head.headers, 'content-type')
    const type = at < 0 ? undefined : head.headers[at + 1]
    this.keepHead(head, OF_THE_BODY)
    head.contentLength = -1
    const { streamType } = this.#translation
    this.isStream = streamType === undefined ? head.isEventStream : type?.startsWith(streamType) === true
    if (!this.isStream || head.status > 299) return
    this.isGathered = this.exchange.gathersBody
    this.#stream = this.#translation.stream(this.#facts)
    this.events = this.destination.ai?.answerGuards?.events
    head.headers.push('content-type', 'text/event-stream')
    if (!this.isGathered) super.begin(statusText, head)
  }

  protected override pass(chunk: Buffer): boolean {
    if (this.#stream === undefined) return this.gather(chunk)
    const bytes = this.#stream.push(chunk)
    if (!this.#stream.broken) return this.passEvents(bytes)
    this.abort()
    this.endEvents(bytes, true)
    return true
  }

  protected override end(): void {
    if (this.#stream === undefined) return this.#endWhole()
    const rest = this.#stream.end()
    this.endEvents(rest, this.#stream.complete)
  }

  #endWhole(): void {
    const { status, headers } = this.head
    headers.push('content-type', 'application/json')
    try {
      this.sendChecked(this.#translation.answer(status, this.whole(), this.#facts))
    } catch {
      this.exchange.end(llmResponseFailure('failed to parse response'))
    }
  }
}
