import { randomFillSync } from 'node:crypto'

const TRACE_BYTES = 16
const SPAN_BYTES = 8
/** Random bytes are taken from the system for some hundred ids at a time: one call costs more than all of them. */
const POOL_BYTES = 4096

/** Ids of traces and spans, as W3C Trace Context writes them. */
export class SpanIds {
  readonly #pool = Buffer.alloc(POOL_BYTES)
  #used = POOL_BYTES

  /** 32 hexadecimal digits. */
  trace(): string {
    return this.#take(TRACE_BYTES)
  }

  /** 16 hexadecimal digits. */
  span(): string {
    return this.#take(SPAN_BYTES)
  }

  #take(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    const from = this.#used
    this.#used += bytes
    return this.#pool.toString('hex', from, this.#used)
  }
}
