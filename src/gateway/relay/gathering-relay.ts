import { STATUS_CODES } from 'node:http'
import { BytePieces } from '../../byte-pieces.ts'
import { type Failure, llmResponseFailure, TOO_LARGE_ANSWER } from '../failures.ts'
import { headersWhere } from '../headers/header-names.ts'
import type { AnswerHead } from '../headers/headers.ts'
import { type GuardedEvents, rejectionEvent } from '../llm/guarded-events.ts'
import { ANSWER_REJECTED } from '../llm/guards.ts'
import type { OutgoingHead } from '../watcher.ts'
import { Relay } from './relay.ts'

/** Bytes of an answer that is sent as a whole; a longer one is refused, unless a policy says how long it may be. */
const WHOLE_LIMIT = 16 * 1024 * 1024

const TOO_LARGE_OF_MODEL = llmResponseFailure('response was too large')

/** It has no last event: a part of it is missing. */
const WITHOUT_END = llmResponseFailure('the stream has ended before its last event')

/** By its status it has no body that could be an answer of a model: RFC 9110 §15.3.5, §15.3.6 and §15.4.5. */
export function isWithoutBody({ status }: OutgoingHead): boolean {
  return status === 204 || status === 205 || status === 304
}

/** Holds an answer, or what becomes of it, until it is all there, and sends it as a whole. */
export abstract class GatheringRelay extends Relay {
  /** As it is sent; 502 where the answer ended before its head. */
  protected head: OutgoingHead = { status: 502, headers: [] }
  readonly #pieces = new BytePieces()
  /** Looks through a stream before it goes on. */
  protected events: GuardedEvents | undefined
  /** What goes to the client is held until all of it is there: it is changed once more, or a policy wants it whole. */
  protected isGathered = false

  /** Keeps the head without the headers that say something about bytes that change. */
  protected keepHead(head: AnswerHead, ofTheBytes: ReadonlySet<string>): void {
    head.headers = headersWhere(head.headers, name => !ofTheBytes.has(name))
    this.head = head
  }

  protected gather(chunk: Buffer): boolean {
    this.#pieces.add(chunk)
    if (this.#pieces.size > Math.max(WHOLE_LIMIT, this.exchange.answerBuffer?.limit ?? 0)) {
      this.abort()
      this.unreadable(this.destination.ai === undefined ? TOO_LARGE_ANSWER : TOO_LARGE_OF_MODEL)
    }
    return true
  }

  /** The backend has failed, whatever its head said: agentgateway judges by the status that the client gets. */
  protected unreadable(failure: Failure): void {
    this.exchange.attempts?.onFailure(false)
    this.exchange.end(failure)
  }

  /** A piece of what goes to the client, held as long as the policy for that lets it. */
  protected hold(chunk: Buffer): boolean {
    const { answerBuffer, gathersBody } = this.exchange
    if (answerBuffer === undefined || this.#pieces.size + chunk.length <= answerBuffer.limit)
      return this.gather(chunk)
    if (!answerBuffer.isOpen) return this.#refuse()
    return gathersBody ? this.gather(chunk) : this.#release(chunk)
  }

  /** It is more than is held: from here on it goes as it comes. */
  #release(chunk: Buffer): boolean {
    this.isGathered = false
    this.exchange.response.writeHead(
      this.head.status,
      STATUS_CODES[this.head.status] ?? '',
      this.head.headers,
    )
    this.exchange.sentHeaders = this.head.headers
    this.answeredAt = performance.now()
    return super.pass(Buffer.concat([this.#pieces.take(), chunk]))
  }

  /** Nothing of the answer, not even its headers, reaches the client. */
  #refuse(): boolean {
    this.abort()
    this.exchange.error = 'the answer does not fit into its buffer, or did not come to its end'
    this.exchange.send({ status: 502, headers: [] }, '')
    return true
  }

  protected override fail(failure: Failure): void {
    if (this.isGathered && this.exchange.answerBuffer !== undefined) this.#refuse()
    else super.fail(failure)
  }

  /** All that was gathered. */
  protected whole(): Buffer {
    return this.#pieces.whole()
  }

  protected send(body: Buffer): void {
    const { answerBuffer } = this.exchange
    if (answerBuffer?.isOpen === false && body.length > answerBuffer.limit) return void this.#refuse()
    const changed = this.exchange.changedBody(this.head, body)
    // Of an answer without a body nobody knows how long that would be.
    const isWithout = this.head.status === 304 || this.exchange.method === 'HEAD'
    this.exchange.send(this.head, isWithout ? undefined : changed)
  }

  /** The whole answer, in the client's format. */
  protected sendChecked(body: Buffer): void {
    const guards = this.destination.ai?.answerGuards
    if (guards === undefined || this.head.status > 299) return this.send(body)
    this.exchange.guards ??= { request: [], response: [] }
    const passed = guards.check(body, this.exchange.guards.response)
    if (Buffer.isBuffer(passed)) this.send(passed)
    else this.exchange.end(passed)
  }

  /** A piece of a stream, in the client's format. */
  protected passEvents(bytes: Buffer): boolean {
    const shown = this.events === undefined ? bytes : this.events.push(bytes)
    if (this.events?.rejection !== undefined) return this.#reject()
    if (this.isGathered) return this.hold(shown)
    return shown.length === 0 || super.pass(shown)
  }

  /** The last piece; `isWhole` is false where the upstream has broken off. */
  protected endEvents(bytes: Buffer, isWhole: boolean): void {
    let last = bytes
    if (this.events !== undefined) last = Buffer.concat([this.events.push(bytes), this.events.end()])
    if (this.events?.rejection !== undefined) return void this.#reject()
    if (this.isGathered) return isWhole ? this.send(Buffer.concat([this.whole(), last])) : this.#breakOff()
    if (last.length > 0) super.pass(last)
    if (isWhole) super.end()
    else this.#breakOff()
  }

  /** Clients do not miss the end of a stream that was cut; a broken connection they notice. */
  #breakOff(): void {
    this.exchange.attempts?.onFailure(false)
    this.fail(WITHOUT_END)
  }

  /** The rest of the stream is not for the client. */
  #reject(): boolean {
    const { exchange, events } = this
    this.abort()
    const isMessages = exchange.clientFormat === 'messages'
    const event = Buffer.from(
      events?.rejection === undefined ? '' : rejectionEvent(events.rejection, isMessages),
    )
    exchange.reason = 'Guardrail'
    exchange.error = ANSWER_REJECTED
    if (this.isGathered) this.send(Buffer.concat([this.whole(), event]))
    else {
      super.pass(event)
      super.end()
    }
    return true
  }
}
