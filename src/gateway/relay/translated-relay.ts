import { type AnswerFacts, type AnswerStream, findHeader, type Translation } from '../../providers/index.ts'
import type { Destination } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { llmResponseFailure } from '../failures.ts'
import type { AnswerHead } from '../headers/headers.ts'
import { GatheringRelay, isWithoutBody } from './gathering-relay.ts'

/** Headers of the provider's answer that say something about its bytes. */
const OF_THE_BODY = new Set(['content-length', 'content-encoding', 'content-type', 'etag', 'digest'])

function headerIn(headers: readonly string[], name: string): string | undefined {
  const at = findHeader(headers, name)
  return at < 0 ? undefined : headers[at + 1]
}

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
    const type = headerIn(head.headers, 'content-type')
    this.keepHead(head, OF_THE_BODY)
    head.contentLength = -1
    const { streamType, stream } = this.#translation
    const isStream = streamType === undefined ? head.isEventStream : type?.startsWith(streamType) === true
    this.isStream = isStream && stream !== undefined && !isWithoutBody(head)
    if (!this.isStream || stream === undefined || head.status > 299) return
    this.isGathered = this.exchange.holdsAnswer
    this.#stream = stream(this.#facts)
    this.events = this.destination.ai?.answerGuards?.events
    head.headers.push('content-type', 'text/event-stream')
    if (!this.isGathered) super.begin(statusText, head)
  }

  protected override pass(chunk: Buffer): boolean {
    if (this.#stream === undefined) return this.gather(chunk)
    const bytes = this.#stream.push(chunk)
    if (this.#stream.broken) this.abort()
    // Its last event has come; some keep the connection open behind it.
    else if (this.#stream.complete) this.discardRest()
    else return this.passEvents(bytes)
    this.endEvents(bytes, true)
    return true
  }

  protected override end(): void {
    if (this.#stream === undefined) return this.#endWhole()
    const rest = this.#stream.end()
    this.endEvents(rest, this.#stream.complete)
  }

  #endWhole(): void {
    if (isWithoutBody(this.head)) return this.send(Buffer.alloc(0))
    const { status, headers } = this.head
    headers.push('content-type', 'application/json')
    const facts = { ...this.#facts, header: (name: string) => headerIn(this.head.headers, name) }
    try {
      const answer = this.#translation.answer(status, this.whole(), facts)
      // Some formats have other words for it, or a header.
      if (this.usage === undefined && status <= 299) this.count(answer)
      this.sendChecked(answer)
    } catch {
      this.unreadable(llmResponseFailure('failed to parse response'))
    }
  }
}
