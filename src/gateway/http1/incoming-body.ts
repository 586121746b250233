import { type ChunkFault, Chunks } from './chunks.ts'
import type { GatewayRequest } from './gateway-request.ts'
import { IN_CHUNKS } from './request-head.ts'

/** Bytes of a body that are read and dropped behind its answer, for the next request; with more to come that is not worth it. */
const MOST_DROPPED = 64 * 1024 * 1024

/** Takes the body of one request after the other out of what comes over a connection. */
export class IncomingBody {
  /** Bytes still to come of a body that tells its length. */
  #left = 0
  #chunks: Chunks | undefined
  /** Bytes of it that came behind its answer. */
  #dropped = 0

  /** Of a request whose head has come; `length` in bytes, or `IN_CHUNKS`. */
  begin(length: number): void {
    this.#left = length
    this.#dropped = 0
    this.#chunks = length === IN_CHUNKS ? new Chunks() : undefined
  }

  get fault(): ChunkFault | undefined {
    return this.#chunks?.fault
  }

  /** All of it was here. */
  get isOver(): boolean {
    return this.#chunks === undefined ? this.#left === 0 : this.#chunks.isOver
  }

  /** Nobody will read as much as is announced. */
  get isEndless(): boolean {
    return this.#left > MOST_DROPPED
  }

  /** Counts bytes that come behind the answer. False where that are too many. */
  drop(bytes: number): boolean {
    this.#dropped += bytes
    return this.#dropped <= MOST_DROPPED
  }

  /** Takes bytes from `at` on, and gives where it stopped: at the end of them, of the body, or where a fault is. */
  read(request: GatewayRequest, bytes: Buffer, at: number): number {
    if (this.#chunks !== undefined) return this.#chunks.read(bytes, at, request)
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    // Whoever takes the last piece may answer at once.
    if (this.#left === 0) request.complete = true
    request.onPiece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    return end
  }
}
