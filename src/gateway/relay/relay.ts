import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
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
import { reasonPhrase } from '../headers/header-text.ts'
import type { AnswerHead } from '../headers/headers.ts'
import type { GatewayResponse } from '../server/gateway-request.ts'
import { type Usage, UsageReader } from '../telemetry/usage.ts'
import { DiscardedAnswer } from './discarded-answer.ts'
import { hasNoBody, mayEcho } from './echo.ts'
import type { GuardedBody } from './guarded-body.ts'

/** Bytes up to which text is the quicker form of the last chunk: longer text is copied once more on its way out. */
const SHORT = 15 * 1024

/**
 * Passes the answer on. Its methods are the life of a call in undici, in order. This is the form of handler that
 * undici works with inside; the other one is wrapped into it at the price of a parsed header object per answer.
 */
export class Relay implements Dispatcher.DispatchHandler {
  protected readonly exchange: Exchange
  protected readonly destination: Destination
  protected isOver = false
  /** Of the upstream's body, so far. */
  bytes = 0
  /** When the first of them came, by `performance.now()`; 0 until then. */
  firstByteAt = 0
  isStream = false
  /** When the call was made, when the head of its answer came, and when the head for the client was ready; likewise. */
  readonly calledAt = performance.now()
  headAt = 0
  answeredAt = 0
  /** The request has gone upstream, or a part of it. */
  isSent = false
  #usage: UsageReader | undefined
  #abort: ((error?: Error) => void) | undefined
  #resume: (() => void) | undefined
  /** Bytes still to come of an answer that says how long it is; negative when it does not. */
  #remaining = -1
  /** The head is written but has not left: it goes with the first chunk if that is here already. */
  #isHeadHeld = false
  #isDrainAwaited = false
  /** Once the rest is nobody's. */
  #discarded: DiscardedAnswer | undefined
  /** Of the answer, once its head is here, and for the client; 0 until then. */
  #status = 0
  /** Makes the call again with the key before this one, where that is still kept; once. */
  onRefused: (() => void) | undefined = undefined
  /** The body, where the upstream may repeat the key it was given. */
  #guarded: GuardedBody | undefined

  constructor(exchange: Exchange, destination: Destination) {
    this.exchange = exchange
    this.destination = destination
    if (exchange.calledAt === 0) exchange.calledAt = this.calledAt
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

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
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
    if (this.destination.ai !== undefined && !head.isEncoded) this.#usage = new UsageReader()
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

  protected begin(statusText: string, head: AnswerHead): void {
    const { response } = this.exchange
    if (head.hasDate) response.sendDate = false
    response.writeHead(head.status, reasonPhrase(statusText), head.headers)
    this.exchange.sentHeaders = head.headers
    this.answeredAt = performance.now()
    this.#remaining = head.contentLength
    if (head.contentLength >= 0) return
    // Silence may follow, so the head waits for this turn's chunks only.
    this.#isHeadHeld = true
    process.nextTick(flushHead, this)
  }

  flushHead(): void {
    if (!this.#isHeadHeld) return
    this.#isHeadHeld = false
    this.exchange.response.flushHeaders()
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
    // Ended with its last chunk, so that head and body leave in one write.
    this.isOver = true
    this.exchange.sentBytes += chunk.length
    if (chunk.length > SHORT || this.exchange.response.socket === null) {
      this.#usage?.push(chunk.toString('latin1'))
      this.exchange.response.end(chunk)
    } else this.#endShort(chunk.toString('latin1'), this.exchange.response.socket)
    return true
  }

  /**
   * Node joins a head and a body that are both text, and the socket writes a single piece without gathering a list of
   * pieces first. `end(text)` would always make two of it: 6 of 70 µs per request (`npm run bench`).
   */
  #endShort(text: string, socket: Socket): void {
    const { response } = this.exchange
    this.#usage?.push(text)
    response.write(text, 'latin1')
    socket.uncork()
    response.end()
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

  /**
   * A piece of the body, without a key that the upstream repeats. False stops undici from reading on until the client has
   * taken what is on its way to it.
   */
  protected pass(chunk: Buffer): boolean {
    this.#isHeadHeld = false
    this.exchange.sentBytes += chunk.length
    return this.exchange.response.write(chunk) || this.#awaitDrain()
  }

  #awaitDrain(): boolean {
    if (!this.#isDrainAwaited) {
      this.#isDrainAwaited = true
      this.exchange.response.on('drain', onDrain)
    }
    return false
  }

  resume(): void {
    if (this.#guarded === undefined) this.#resume?.()
    else this.#guarded.goOn()
  }

  onComplete(): void {
    this.#discarded?.end()
    if (this.isOver) return
    this.isOver = true
    this.#isHeadHeld = false
    if (this.#guarded === undefined) this.#finish()
    else this.#guarded.end()
  }

  #finish(): void {
    try {
      this.end()
    } catch {
      // An answer made here that cannot be sent. undici would tell `onError`, for which this call is over.
      this.exchange.end(INTERNAL_ERROR)
    }
  }

  /** Nothing more comes from upstream. */
  protected end(): void {
    this.exchange.response.end()
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

function flushHead(relay: Relay): void {
  relay.flushHead()
}

function onDrain(this: GatewayResponse): void {
  this.exchange?.relay?.resume()
}
