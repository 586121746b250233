import { BytePieces } from '../byte-pieces.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/** How long one event may be, in bytes: an upstream that never ends a line must not fill the memory. */
const EVENT_LIMIT = 16 * 1024 * 1024

/**
 * Cuts the data of server-sent events out of bytes that arrive in any pieces. Lines are cut as bytes and
 * decoded whole, so a character split over two chunks is never seen. `event`, `id`, `retry` and comment
 * lines are skipped undecoded: a Messages event repeats its name inside its data. As clients read them, lines end
 * with LF, CR or both, and a byte order mark may stand before the first one.
 */
export class EventDataReader {
  readonly #emit: (data: string) => void
  /** The pieces of a line whose end has not come. */
  readonly #pieces = new BytePieces()
  #data: string | undefined
  #length = 0
  #isFirst = true
  /** A line has ended with CR: an LF behind it is a part of that end. */
  #isBehindCr = false

  constructor(emit: (data: string) => void) {
    this.#emit = emit
  }

  /**
   * Emits every event that the chunk ends. False once an event is over the limit: the stream is unusable
   * then.
   */
  push(chunk: Uint8Array): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const hasCr = bytes.includes(CR)
    let start = 0
    for (let end = endOfLine(bytes, 0, hasCr); end >= 0; end = endOfLine(bytes, start, hasCr)) {
      const isRestOfEnd = this.#isBehindCr && end === start && bytes[end] === LF
      this.#isBehindCr = bytes[end] === CR
      this.#length += end - start
      if (this.#length > EVENT_LIMIT) return false
      if (this.#pieces.size > 0) this.#joinedLine(bytes.subarray(start, end))
      else if (!isRestOfEnd) this.#line(bytes, start, end)
      start = end + 1
    }
    if (start < bytes.length) {
      // A copy: the chunk belongs to the caller again when push returns.
      this.#pieces.add(Buffer.from(bytes.subarray(start)))
      this.#length += bytes.length - start
    }
    return this.#length <= EVENT_LIMIT
  }

  /** Emits what the stream ended in the middle of: some servers leave out the last blank line. */
  end(): void {
    if (this.#pieces.size > 0) this.#joinedLine(Buffer.alloc(0))
    this.#dispatch()
  }

  #joinedLine(last: Buffer): void {
    this.#pieces.add(last)
    const line = this.#pieces.take()
    this.#line(line, 0, line.length)
  }

  #line(bytes: Buffer, lineStart: number, end: number): void {
    const start = this.#isFirst ? behindMark(bytes, lineStart) : lineStart
    this.#isFirst = false
    if (end === start) {
      this.#dispatch()
      return
    }
    if (!isDataLine(bytes, start, end)) return
    const from = start + 'data:'.length
    const text = bytes.toString('utf8', bytes[from] === SPACE ? from + 1 : from, end)
    this.#data = this.#data === undefined ? text : `${this.#data}\n${text}`
  }

  #dispatch(): void {
    const data = this.#data
    this.#data = undefined
    this.#length = 0
    if (data !== undefined) this.#emit(data)
  }
}

/** Without CR, as nearly all streams are, a native search; else one pass over the bytes, whatever mixture they are. */
function endOfLine(bytes: Buffer, from: number, hasCr: boolean): number {
  if (!hasCr) return bytes.indexOf(LF, from)
  for (let at = from; at < bytes.length; at++) if (bytes[at] === LF || bytes[at] === CR) return at
  return -1
}

function behindMark(bytes: Buffer, start: number): number {
  const end = start + BYTE_ORDER_MARK.length
  return bytes.subarray(start, end).equals(BYTE_ORDER_MARK) ? end : start
}

/** Whether the line begins with `data:`. Byte by byte: a native compare costs more than it finds out here. */
function isDataLine(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= 5 &&
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    bytes[start + 4] === 0x3a
  )
}
