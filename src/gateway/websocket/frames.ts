import { BytePieces } from '../../byte-pieces.ts'

const TEXT = 1
const BINARY = 2
const FIRST_CONTROL = 8
const LAST_CONTROL = 10

/** Bytes of a message that is looked into; nobody has use for a longer one. */
const LONGEST_MESSAGE = 1024 * 1024

/**
 * Follows the frames that a server sends (RFC 6455 §5.2), in pieces of any size. No extension is ever agreed on, so that
 * payloads stand as they are. What does not keep to that is no longer followed, and nothing is changed about it.
 */
export class FrameReader {
  readonly #onText: ((message: Buffer) => void) | undefined
  /** Of a head that is not all here. */
  #head: number[] = []
  #isInPayload = false
  #left = 0
  #opcode = 0
  #isFinal = false
  #isLost = false
  #isText = false
  #pieces = new BytePieces()

  /** `onText` is told of whole text messages; it must not throw. */
  constructor(onText?: (message: Buffer) => void) {
    this.#onText = onText
  }

  /** A frame has just ended, and the next one has not begun. */
  get isBetween(): boolean {
    return !this.#isLost && !this.#isInPayload && this.#head.length === 0
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isLost; ) {
      if (!this.#isInPayload) {
        this.#head.push(chunk[at] ?? 0)
        at++
        this.#readHead()
        continue
      }
      const end = Math.min(chunk.length, at + this.#left)
      this.#keep(chunk.subarray(at, end))
      this.#left -= end - at
      at = end
      if (this.#left === 0) this.#endFrame()
    }
  }

  /** Once the head is whole its payload begins. */
  #readHead(): void {
    const [first = 0, second = 0] = this.#head
    const short = second & 0x7f
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    if (this.#head.length < 2 + extended) return
    const digits = this.#head.slice(2)
    const length = extended === 0 ? short : digits.reduce((sum, digit) => sum * 256 + digit, 0)
    this.#head = []
    this.#isFinal = (first & 0x80) !== 0
    this.#opcode = first & 0x0f
    const isReserved = (first & 0x70) !== 0 || (this.#opcode > BINARY && this.#opcode < FIRST_CONTROL)
    const isMasked = (second & 0x80) !== 0
    if (isReserved || isMasked || this.#opcode > LAST_CONTROL || !Number.isSafeInteger(length)) {
      this.#isLost = true
      this.#drop()
      return
    }
    if (this.#opcode === TEXT || this.#opcode === BINARY) {
      this.#drop()
      this.#isText = this.#opcode === TEXT && this.#onText !== undefined
    }
    this.#left = length
    this.#isInPayload = true
    if (length === 0) this.#endFrame()
  }

  #keep(part: Buffer): void {
    if (!this.#isText || this.#opcode >= FIRST_CONTROL) return
    this.#pieces.add(part)
    if (this.#pieces.size > LONGEST_MESSAGE) this.#drop()
  }

  #drop(): void {
    this.#isText = false
    this.#pieces = new BytePieces()
  }

  #endFrame(): void {
    this.#isInPayload = false
    if (!this.#isFinal || !this.#isText || this.#opcode >= FIRST_CONTROL) return
    const message = this.#pieces.take()
    this.#isText = false
    this.#onText?.(message)
  }
}
