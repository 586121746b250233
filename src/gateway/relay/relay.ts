import type { Cost } from '../costs/costs.ts'
import type { Destination } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import {
  type Failure,
  INTERNAL_ERROR,
  SHUTTING_DOWN,
  UNKNOWN_ANSWER_CODING,
  UNREADABLE_ANSWER,
  upstreamFailure,
} from '../failures.ts'
import type { AnswerHead } from '../headers/headers.ts'
import { type Usage, UsageReader } from '../telemetry/usage.ts'
import type { Caller } from '../upstream/caller.ts'
import { AnswerWriter } from './answer-writer.ts'
import { DiscardedAnswer } from './discarded-answer.ts'
import { hasNoBody, mayEcho } from './echo.ts'
import type { GuardedBody } from './guarded-body.ts'

/**
 * Passes the answer on. Its methods are the life of a call, in order.
 */
export class Relay extends AnswerWriter implements Caller {
  protected readonly destination: Destination
  protected isOver = false
  /** Of the upstream's body, so far. */
  bytes = 0
  /** When the first of them came, by `performance.now()`; 0 until then. */
  firstByteAt = 0
  isStream = false
  /** When the call was made, and when the head of its answer came; likewise. */
  readonly calledAt = performance.now()
  headAt = 0
  /** The request has gone upstream, or a part of it. */
  isSent = false
  #usage: UsageReader | undefined
  #abort: ((error?: Error) => void) | undefined
  #resume: (() => void) | undefined
  /** Bytes still to come of an answer that says how long it is; negative when it does not. */
  #remaining = -1
  /** Once the rest is nobody's. */
  #discarded: DiscardedAnswer | undefined
  /** Of the answer, once its head is here, and for the client; 0 until then. */
  #status = 0
  /** Makes the call again with the key before this one, where that is still kept; once. */
  onRefused: (() => void) | undefined = undefined
  /** The body, where the upstream may repeat the key it was given. */
  #guarded: GuardedBody | undefined
  connection: Caller['connection'] = undefined

  constructor(exchange: Exchange, destination: Destination) {
    super(exchange)
    this.destination = destination
    if (exchange.calledAt === 0) exchange.calledAt = this.calledAt
  }

  get isCut(): boolean {
    return this.connection?.isCut === true
  }

  /** Tokens as far as the provider has told them. */
  get usage(): Usage | undefined {
    return this.#usage?.usage
  }

  /** What it has cost, where that is more than its tokens tell. */
  get cost(): Cost | undefined {
    return undefined
  }

  /** Looks for token counts in what was made of the upstream's body. */
  protected count(body: Buffer): void {
    this.#usage?.push(body.toString('latin1'))
  }

  /** Characters that came after the last token counts. */
  get uncounted(): number {
    return this.#usage?.uncounted ?? 0
  }

  /** The model that says it has answered. */
  get answerModel(): string | undefined {
    return this.#usage?.model
  }

  /** The request is about to be written. */
  onConnect(abort: (error?: Error) => void): void {
    this.isSent = true
    if (this.isOver) abort()
    else this.#abort = abort
  }

  onHeaders(status: number, rawHeaders: readonly string[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true
    this.headAt = this.endCall()
    if (status === 401 && this.onRefused !== undefined) {
      this.onRefused()
      return this.#discard()
    }
    if (this.exchange.attempts?.onHead(status, rawHeaders) === true) return this.#discard()
    this.#status = status
    clearTimeout(this.exchange.deadline)
    this.#resume = resume
    const head = this.destination.answerHeaders.build(rawHeaders, status)
    this.isStream = head.isEventStream
    if (this.destination.ai !== undefined && !head.isEncoded)
      this.#usage = new UsageReader(this.exchange.type === 'responses')
    const echoes = mayEcho(head) ? this.destination.echoes.knowing(this.exchange.given) : undefined
    if (echoes !== undefined) {
      const outlet = {
        pass: (chunk: Buffer) => this.pass(chunk),
        end: () => this.#finish(),
        drop: () => this.discardRest(),
        breakOff: () => void this.refuse(UNREADABLE_ANSWER),
        resume,
      }
      this.#guarded = echoes.body(head, rawHeaders, this.exchange.response, outlet)
      statusText = echoes.clean(statusText)
    }
    if (head.isTransferCoded && this.#guarded === undefined && !hasNoBody(head, this.exchange.response))
      return this.refuse(UNKNOWN_ANSWER_CODING)
    if (this.exchange.watchers !== undefined) this.exchange.showHead(head)
    this.begin(statusText, head)
    return true
  }

  /** The client gets this in place of what the upstream sends. */
  protected refuse(failure: Failure): boolean {
    this.abort()
    this.exchange.end(failure)
    return true
  }

  /** The head of an answer is here, or there will be none. Gives the time. */
  protected endCall(): number {
    const now = performance.now()
    const kind = this.destination.ai === undefined ? 'http' : 'llm'
    this.exchange.generation.pools.times?.call(kind, now - this.calledAt)
    return now
  }

  protected override begin(statusText: string, head: AnswerHead): void {
    this.#remaining = head.contentLength
    super.begin(statusText, head)
  }

  onData(chunk: Buffer): boolean {
    if (this.isOver) return this.#swallow(chunk)
    if (this.bytes === 0) this.firstByteAt = performance.now()
    this.bytes += chunk.length
    if (this.#remaining !== chunk.length) {
      this.#remaining -= chunk.length
      this.#usage?.push(chunk.toString('latin1'))
      return this.#guarded === undefined ? this.pass(chunk) : this.#guarded.push(chunk)
    }
    this.isOver = true
    const text = this.#usage && chunk.toString('latin1')
    if (text !== undefined) this.#usage?.push(text)
    this.passLast(chunk, text)
    return true
  }

  /** This answer is not for the client. */
  #discard(): boolean {
    this.isOver = true
    this.#discarded = new DiscardedAnswer(() => this.#abort?.())
    return true
  }

  /** The client gets nothing more of this answer, whatever the upstream goes on to send. */
  protected discardRest(): void {
    if (this.isOver) return
    this.#discard()
    this.#resume?.()
  }

  #swallow(chunk: Buffer): boolean {
    if (this.#discarded === undefined) return true
    this.bytes += chunk.length
    this.#discarded.take(chunk)
    return true
  }

  resume(): void {
    if (this.#guarded === undefined) this.#resume?.()
    else this.#guarded.goOn()
  }

  onComplete(): void {
    this.#discarded?.end()
    if (this.isOver) return
    this.isOver = true
    if (this.#guarded === undefined) this.#finish()
    else this.#guarded.end()
  }

  #finish(): void {
    try {
      this.end()
    } catch {
      // An answer made here that cannot be sent. What is thrown comes to `onError`, for which this call is over.
      this.exchange.end(INTERNAL_ERROR)
    }
  }

  onError(error: Error): void {
    this.#discarded?.end()
    if (this.isOver) return
    // undici misses the bytes that a length tells of, which RFC 9110 §8.6 allows in a 304.
    if (this.#status === 204 || this.#status === 304) return this.onComplete()
    this.isOver = true
    this.#guarded?.stop()
    const failure = upstreamFailure(error)
    // No fault of the backend's, and nothing that would go better a second time.
    const isOurs = failure.reason === 'InvalidRequest' || failure === SHUTTING_DOWN
    if (!isOurs && this.headAt === 0) this.endCall()
    if (!isOurs && this.exchange.attempts?.onFailure(this.#status === 0) === true) return
    // After the head has left, `end` breaks the connection: it is the only way to say that the answer is not whole.
    this.fail(failure)
  }

  protected onUnsendable(error: unknown): void {
    this.abort()
    this.isOver = true
    this.exchange.attempts?.onFailure(false)
    this.fail(upstreamFailure(error))
  }

  /** There will be no answer, or not all of it. */
  protected fail(failure: Failure): void {
    this.exchange.end(failure)
  }

  /** The client has gone, or the time is up, with `isFailure` that of this call: the upstream need not go on. */
  abort(isFailure = false): void {
    this.#guarded?.stop()
    if (this.isOver) return
    if (isFailure) this.endCall()
    this.isOver = true
    this.#abort?.()
  }
}
