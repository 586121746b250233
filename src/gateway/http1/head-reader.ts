import { canBeHead, type RequestHead, readHead } from './request-head.ts'

/**
 * Bytes of a request's head; more is refused with 431. Cookies and tokens of large sign-ons fit, and a thousand connections
 * that send heads without end take 64 MB at most.
 */
const MOST_HEAD = 64 * 1024

/** Bytes that are looked through at once for its end. */
const PIECE = 1024

const CR = 0x0d
const LF = 0x0a

/** What is wrong with a head. */
export type HeadFault = 'malformed' | 'too-long'

/** Finds the heads of requests in bytes as they come. A fault is final. */
export class HeadReader {
  fault: HeadFault | undefined
  /** The one that was whole with the bytes read last. */
  head: RequestHead | undefined
  /** What is here of a head, and no more. */
  #text = ''

  /** A part of a head is here. Half an empty line in front of it is none. */
  get hasBegun(): boolean {
    return this.#text !== '' && this.#text !== '\r'
  }

  /** Nothing at all is here. */
  get isEmpty(): boolean {
    return this.#text === ''
  }

  /** Takes bytes from `start` on, and gives where it stopped: behind a head, or where no more is looked at in one go. */
  read(bytes: Buffer, start: number): number {
    this.head = undefined
    const before = this.#text.length
    const at = before === 0 ? behindEmptyLines(bytes, start) : start
    if (at === bytes.length) return at
    const stop = Math.min(bytes.length, at + PIECE)
    const text = this.#text + bytes.toString('latin1', at, stop)
    // The second half of an empty line.
    if (text.startsWith('\r\n')) {
      this.#text = ''
      return at + 2 - before
    }
    const end = text.indexOf('\r\n\r\n', before - 3)
    if (end > MOST_HEAD || (end < 0 && text.length > MOST_HEAD)) this.fault = 'too-long'
    else if (end >= 0) {
      this.#text = ''
      this.head = readHead(text, end)
      if (this.head === undefined) this.fault = 'malformed'
      return at + end + 4 - before
    } else if (canBeHead(text, before)) this.#text = text
    else this.fault = 'malformed'
    return stop
  }
}

/** RFC 9112 §2.2: an empty line in front of a request is no fault. */
function behindEmptyLines(bytes: Buffer, start: number): number {
  let at = start
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return at
}
