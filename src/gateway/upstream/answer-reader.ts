import { Chunks } from '../http1/chunks.ts'
import { IN_CHUNKS } from '../http1/request-head.ts'
import { canBeAnswer, type ReadAnswerHead, readAnswerHead, TO_THE_END } from './answer-head.ts'

/** A head that is longer is refused, as by Node's and undici's parser. */
const MOST_HEAD = 16 * 1024

/** What is wrong with an answer. */
export type AnswerFault = 'malformed' | 'too-long' | 'upgrade'

/** Who takes what an answer is made of. */
export interface AnswerTaker {
  onHead(head: ReadAnswerHead): void
  onPiece(piece: Buffer): void
}

/** Takes one answer after the other out of what comes over a connection. A fault is final. */
export class AnswerReader {
  fault: AnswerFault | undefined
  /** All of the answer was here. */
  isOver = false
  #head: ReadAnswerHead | undefined
  /** What is here of a head, and no more. */
  #text = ''
  #hasBody = true
  #left = 0
  #chunks: Chunks | undefined

  /** Of a request that has been sent; `hasBody` is false of the answer to HEAD. */
  begin(hasBody: boolean): void {
    this.isOver = false
    this.#head = undefined
    this.#text = ''
    this.#hasBody = hasBody
  }

  /** Its head was here; without one nothing is known of the answer. */
  get head(): ReadAnswerHead | undefined {
    return this.#head
  }

  /** The end of the connection is the end of the answer. */
  get isToTheEnd(): boolean {
    return this.#head?.bodyLength === TO_THE_END
  }

  /** Takes bytes, and gives where it stopped: at the end of them, of the answer, or where a fault is. */
  read(bytes: Buffer, taker: AnswerTaker): number {
    let at = 0
    while (at < bytes.length && !this.isOver && this.fault === undefined) {
      at = this.#head === undefined ? this.#readHead(bytes, at, taker) : this.#readBody(bytes, at, taker)
    }
    return at
  }

  #readHead(bytes: Buffer, start: number, taker: AnswerTaker): number {
    const before = this.#text.length
    // Mostly a head comes whole: no byte of its body is made a character then.
    const found = before === 0 ? bytes.indexOf('\r\n\r\n', start, 'latin1') : -1
    const stop = found < 0 ? Math.min(bytes.length, start + MOST_HEAD) : found + 4
    const text = this.#text + bytes.toString('latin1', start, stop)
    const end = found < 0 ? text.indexOf('\r\n\r\n', Math.max(0, before - 3)) : found - start
    if (end > MOST_HEAD || (end < 0 && text.length > MOST_HEAD)) this.fault = 'too-long'
    else if (end >= 0) {
      this.#text = ''
      this.#take(readAnswerHead(text, end, this.#hasBody), taker)
      return start + end + 4 - before
    } else if (canBeAnswer(text, before)) this.#text = text
    else this.fault = 'malformed'
    return stop
  }

  #take(head: ReadAnswerHead | undefined, taker: AnswerTaker): void {
    if (head === undefined) {
      this.fault = 'malformed'
      return
    }
    // RFC 9110 §15.2: it may send such ones of itself, and goes on.
    if (head.status < 200) {
      if (head.status === 101) this.fault = 'upgrade'
      return
    }
    this.#head = head
    this.#left = head.bodyLength
    this.#chunks = head.bodyLength === IN_CHUNKS ? new Chunks() : undefined
    if (head.bodyLength === 0) this.isOver = true
    taker.onHead(head)
  }

  #readBody(bytes: Buffer, at: number, taker: AnswerTaker): number {
    if (this.#chunks !== undefined) {
      const end = this.#chunks.read(bytes, at, taker)
      this.isOver = this.#chunks.isOver
      if (this.#chunks.fault !== undefined) this.fault = 'malformed'
      return end
    }
    const end = this.#left < 0 ? bytes.length : Math.min(bytes.length, at + this.#left)
    if (this.#left > 0) {
      this.#left -= end - at
      this.isOver = this.#left === 0
    }
    taker.onPiece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    return end
  }
}
