import { TOKEN } from './field-lines.ts'

/** Sizes have twelve digits at most, which no number rounds; some write zeros in front, up to a width of theirs. */
const DIGITS = '0{0,20}[0-9A-Fa-f]'
/** `5;name=value` */
const SIZE = new RegExp(
  `^(${DIGITS}{1,12})((?:;${TOKEN}(?:=(?:${TOKEN}|"[\\t\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]*"))?)*)$`,
)
/** What is here of such a line, as long as its end is not. */
const SIZE_SO_FAR = new RegExp(`^${DIGITS}{0,12}(?:$|[;\\r])`)
const FIELD = new RegExp(`^(${TOKEN}):[\\t\\x20-\\x7e\\x80-\\xff]*$`)

/** They would tell of another end of the message, or of another place to go, when all that has been settled. */
const NOT_BEHIND: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host'])

/** Characters of extensions in one body, of which nobody needs any. */
const MOST_EXTENSIONS = 16 * 1024
/** And of the fields behind it. */
const MOST_TRAILERS = 64 * 1024

const LF = 0x0a

/** What is wrong with a body in chunks. */
export type ChunkFault = 'malformed' | 'extensions' | 'trailers'

/** Who takes what is in the chunks. */
export interface ChunkTaker {
  onPiece(piece: Buffer): void
}

/**
 * Takes the chunks of one body apart (RFC 9112 §7.1), as strictly as its head: extensions and trailers are checked and dropped.
 * A fault is final.
 */
export class Chunks {
  fault: ChunkFault | undefined
  /** The line behind the last chunk was here. */
  isOver = false
  #state: 'size' | 'data' | 'behind-data' | 'trailers' = 'size'
  /** Bytes still to come of this chunk. */
  #left = 0
  /** What is here of a line. */
  #line = ''
  #extensions = 0
  #trailers = 0

  /** Takes bytes from `at` on, and gives where it stopped: at the end of them, of the body, or where a fault is. */
  read(bytes: Buffer, start: number, taker: ChunkTaker): number {
    let at = start
    while (at < bytes.length && !this.isOver && this.fault === undefined) {
      if (this.#state === 'data') at = this.#readData(bytes, at, taker)
      else at = this.#readLine(bytes, at)
    }
    return at
  }

  #readData(bytes: Buffer, at: number, taker: ChunkTaker): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#state = 'behind-data'
    taker.onPiece(bytes.subarray(at, end))
    return end
  }

  #readLine(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(LF, at)
    const end = feed < 0 ? bytes.length : feed + 1
    this.#line += bytes.toString('latin1', at, end)
    if (this.#isLost()) return at
    if (feed >= 0) {
      const line = this.#line
      this.#line = ''
      if (line.endsWith('\r\n')) this.#take(line.slice(0, -2))
      else this.fault = 'malformed'
    }
    return end
  }

  /** Whether nothing that may follow makes a good line of it. */
  #isLost(): boolean {
    const { length } = this.#line
    if (this.#state === 'behind-data' && !'\r\n'.startsWith(this.#line)) this.fault = 'malformed'
    else if (this.#state === 'size' && !SIZE_SO_FAR.test(this.#line)) this.fault = 'malformed'
    else if (this.#state === 'size' && this.#extensions + length > MOST_EXTENSIONS) this.fault = 'extensions'
    else if (this.#state === 'trailers' && this.#trailers + length > MOST_TRAILERS) this.fault = 'trailers'
    return this.fault !== undefined
  }

  #take(line: string): void {
    if (this.#state === 'size') this.#takeSize(line)
    else if (this.#state === 'trailers') this.#takeTrailer(line)
    else if (line === '') this.#state = 'size'
    else this.fault = 'malformed'
  }

  #takeSize(line: string): void {
    const [, digits, extensions = ''] = SIZE.exec(line) ?? []
    if (digits === undefined) {
      this.fault = 'malformed'
      return
    }
    this.#extensions += extensions.length
    this.#left = Number.parseInt(digits, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'data'
  }

  #takeTrailer(line: string): void {
    this.#trailers += line.length
    const name = FIELD.exec(line)?.[1]
    if (line === '') this.isOver = true
    else if (name === undefined || NOT_BEHIND.has(name.toLowerCase())) this.fault = 'malformed'
  }
}
