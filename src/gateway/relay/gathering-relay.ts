import { llmResponseFailure } from '../failures.ts'
import { headersWhere } from '../header-names.ts'
import type { AnswerHead } from '../headers.ts'
import { type GuardedEvents, rejectionEvent } from '../llm/guarded-events.ts'
import type { OutgoingHead } from '../watcher.ts'
import { Relay } from './relay.ts'

/** Bytes of an answer that is sent as a whole; a longer one is refused. */
const WHOLE_LIMIT = 16 * 1024 * 1024

/** Holds an answer, or what becomes of it, until it is all there, and sends it as a whole. */
export abstract class GatheringRelay extends Relay {
  /** As it is sent; 502 where the answer ended before its head. */
  protected head: OutgoingHead = { status: 502, headers: [] }
  readonly #chunks: Buffer[] = []
  #size = 0
  /** Looks through a stream before it goes on. */
  protected events: GuardedEvents | undefined
  /** A stream that is sent as a whole, because its body is changed once more. */
  protected isGathered = false

  /** Keeps the head without the headers that say something about bytes that change. */
  protected keepHead(head: AnswerHead, ofTheBytes: ReadonlySet<string>): void {
    head.headers = headersWhere(head.headers, name => !ofTheBytes.has(name))
    this.head = head
  }

  protected gather(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > WHOLE_LIMIT) {
      this.abort()
      this.exchange.end(llmResponseFailure('response was too large'))
    }
    return true
  }

  /** All that was gathered. */
  protected whole(): Buffer {
    return Buffer.concat(this.#chunks, this.#size)
  }

  protected send(body: Buffer): void {
    this.exchange.send(this.head, this.exchange.changedBody(this.head, body))
  }

  /** The whole answer, in the client's format. */
  protected sendChecked(body: Buffer): void {
    const guards = this.destination.ai?.answerGuards
    if (guards === undefined || this.head.status > 299) return this.send(body)
    const passed = guards.check(body)
    if (Buffer.isBuffer(passed)) this.send(passed)
    else this.exchange.end(passed)
  }

  /** A piece of a stream, in the client's format. */
  protected passEvents(bytes: Buffer): boolean {
    const shown = this.events === undefined ? bytes : this.events.push(bytes)
    if (this.events?.rejection !== undefined) return this.#reject()
    if (this.isGathered) return this.gather(shown)
    return shown.length === 0 || super.pass(shown)
  }

  /** The last piece; `isWhole` is false where the upstream has broken off. */
  protected endEvents(bytes: Buffer, isWhole: boolean): void {
    let last = bytes
    if (this.events !== undefined) last = Buffer.concat([this.events.push(bytes), this.events.end()])
    if (this.events?.rejection !== undefined) return void this.#reject()
    if (this.isGathered && isWhole) return this.send(Buffer.concat([this.whole(), last]))
    const { response } = this.exchange
    if (last.length > 0) response.write(last)
    // Clients do not miss the end of a stream that was cut; a broken connection they notice.
    if (isWhole) response.end()
    else response.destroy()
  }

  /** The rest of the stream is not for the client. */
  #reject(): boolean {
    const { exchange, events } = this
    this.abort()
    const event = events?.rejection && rejectionEvent(events.rejection, exchange.clientFormat === 'messages')
    exchange.reason = 'Guardrail'
    exchange.error = 'the answer was rejected by a guard'
    if (this.isGathered) this.send(Buffer.concat([this.whole(), Buffer.from(event ?? '')]))
    else exchange.response.end(event)
    return true
  }
}
