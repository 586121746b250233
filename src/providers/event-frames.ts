import { crc32 } from 'node:zlib'
import { BytePieces } from '../byte-pieces.ts'

/** Total length, length of the headers, checksum of both. */
const PRELUDE = 12
const CHECKSUM = 4

/** How long one frame may be, in bytes: what a length claims must not fill the memory. */
const FRAME_LIMIT = 16 * 1024 * 1024

/** Bytes of a header's value, by the number of its type; the rest say their length themselves. */
const FIXED_SIZES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 2],
  [4, 4],
  [5, 8],
  [8, 8],
  [9, 16],
])
const BYTES = 6
const TEXT = 7

/** One message of an event stream. */
export interface Frame {
  /** Those that are texts: `:event-type`, `:message-type`, `:exception-type` … */
  readonly headers: ReadonlyMap<string, string>
  /** Valid until `push` returns. */
  readonly payload: Buffer
}

/**
 * Cuts the frames out of `application/vnd.amazon.eventstream` bytes that arrive in any pieces, and checks both checksums
 * of each. https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export class FrameReader {
  readonly #emit: (frame: Frame) => void
  readonly #pieces = new BytePieces()
  /** Bytes that are needed to go on: a prelude, or a whole frame once its prelude was seen. */
  #wanted = PRELUDE

  constructor(emit: (frame: Frame) => void) {
    this.#emit = emit
  }

  /** Emits every frame that the chunk ends. A text, that goes on from "a frame", where the stream is unusable. */
  push(chunk: Uint8Array): string | undefined {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let held = bytes
    if (this.#pieces.size + bytes.length >= this.#wanted) {
      this.#pieces.add(bytes)
      held = this.#pieces.take()
    }
    while (held.length >= this.#wanted) {
      const size = this.#wanted
      const wrong = size === PRELUDE ? this.#begin(held) : this.#end(held.subarray(0, size))
      if (wrong !== undefined) return wrong
      if (size !== PRELUDE) held = held.subarray(size)
    }
    // A copy: the chunk belongs to the caller again when push returns.
    if (held.length > 0) this.#pieces.add(Buffer.from(held))
    return undefined
  }

  #begin(held: Buffer): string | undefined {
    const total = held.readUInt32BE(0)
    if (crc32(held.subarray(0, 8)) !== held.readUInt32BE(8)) return 'whose length has a wrong checksum'
    if (total > FRAME_LIMIT) return 'that is too long'
    if (total < PRELUDE + held.readUInt32BE(4) + CHECKSUM) return 'that is shorter than its headers'
    this.#wanted = total
    return undefined
  }

  #end(frame: Buffer): string | undefined {
    const end = frame.length - CHECKSUM
    if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) return 'with a wrong checksum'
    const from = PRELUDE + frame.readUInt32BE(4)
    const headers = headersIn(frame.subarray(PRELUDE, from))
    if (headers === undefined) return 'whose headers cannot be read'
    this.#wanted = PRELUDE
    this.#emit({ headers, payload: frame.subarray(from, end) })
    return undefined
  }
}

/** The headers that are texts; undefined where their lengths do not fit together. */
function headersIn(bytes: Buffer): Map<string, string> | undefined {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    const type = bytes[nameEnd] ?? -1
    const name = bytes.toString('utf8', at + 1, nameEnd)
    at = nameEnd + 1
    let size = FIXED_SIZES.get(type)
    if (size === undefined) {
      if ((type !== BYTES && type !== TEXT) || at + 2 > bytes.length) return undefined
      size = bytes.readUInt16BE(at)
      at += 2
    }
    if (at + size > bytes.length) return undefined
    if (type === TEXT) headers.set(name, bytes.toString('utf8', at, at + size))
    at += size
  }
  return headers
}
