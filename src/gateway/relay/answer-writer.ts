import type { Exchange } from '../exchange.ts'
import { reasonPhrase } from '../headers/header-text.ts'
import type { AnswerHead } from '../headers/headers.ts'
import { HeldHeads } from './held-heads.ts'

/** Writes an answer to the client. As long as nothing of it has left, a status can tell that it has broken off. */
export abstract class AnswerWriter {
  protected readonly exchange: Exchange
  /** When the head for the client was ready, by `performance.now()`; 0 until then. */
  answeredAt = 0
  /** The head as long as it is not written: it goes with the first chunk if that is here already. */
  #head: AnswerHead | undefined
  #statusText = ''
  /** What goes behind it at the end of this turn. */
  #behindHead: Buffer[] | undefined

  constructor(exchange: Exchange) {
    this.exchange = exchange
  }

  /** Whoever sends the body may go on: the client has taken what was on its way to it. */
  abstract resume(): void

  /** The upstream has broken off: that is told in a moment, and then with a status, as long as nothing has left. */
  abstract get isCut(): boolean

  /** The head cannot be sent. */
  protected abstract onUnsendable(error: unknown): void

  protected begin(statusText: string, head: AnswerHead): void {
    this.#head = head
    this.#statusText = statusText
    // Silence may follow, so the head waits for this turn's chunks only; where a length is told, a moment for the first.
    if (head.contentLength < 0) process.nextTick(flushHead, this)
    else held.add(this)
  }

  /** False: the client gets another answer, or none. */
  flushHead(): boolean {
    if (this.#head === undefined) return true
    if (!this.#writeHead()) return false
    this.exchange.response.flushHeaders()
    return true
  }

  /** Writes the head where it is not, with what was held behind it. */
  #writeHead(): boolean {
    const head = this.#head
    if (head === undefined) return true
    this.#head = undefined
    if (head.contentLength >= 0) held.remove(this)
    const { exchange } = this
    const { response } = exchange
    if (exchange.isAnswered) return false
    try {
      if (head.hasDate) response.sendDate = false
      response.writeHead(head.status, reasonPhrase(head.status, this.#statusText), head.headers)
    } catch (error) {
      this.onUnsendable(error)
      return false
    }
    exchange.sentHeaders = head.headers
    this.answeredAt = performance.now()
    for (const chunk of this.#behindHead ?? []) response.write(chunk)
    this.#behindHead = undefined
    return true
  }

  /**
   * A piece of the body, without a key that the upstream repeats. False stops undici from reading on until the client has
   * taken what is on its way to it.
   */
  protected pass(chunk: Buffer): boolean {
    const { exchange } = this
    exchange.sentBytes += chunk.length
    if (this.#head !== undefined) return this.#hold(chunk, this.#head)
    return exchange.response.write(chunk)
  }

  /** To the end of this turn: whether the answer breaks off in it is known then. */
  #hold(chunk: Buffer, head: AnswerHead): true {
    if (this.#behindHead === undefined) {
      this.#behindHead = []
      if (head.contentLength >= 0) process.nextTick(flushHead, this)
    }
    this.#behindHead.push(chunk)
    return true
  }

  /** The last chunk of an answer that tells its length, so that head and body leave in one write; as text where it is one already. */
  protected passLast(chunk: Buffer, text: string | undefined): void {
    if (!this.#writeHead()) return
    const { exchange } = this
    const { response } = exchange
    exchange.sentBytes += chunk.length
    response.end(text ?? chunk)
  }

  /** There is no more of it. */
  protected end(): void {
    if (this.#writeHead()) this.exchange.response.end()
  }
}

function flushHead(writer: AnswerWriter): void {
  if (!writer.isCut) writer.flushHead()
}

const held = new HeldHeads<AnswerWriter>(flushHead)
