import { setImmediate } from 'node:timers/promises'

/** What may keep requests waiting at a stretch, in milliseconds. */
const SLICE_MS = 8

/** Work in slices, between which everything else has its turn. */
export class Turns {
  #since = performance.now()

  /** It is time for `await next()`. */
  get isOver(): boolean {
    return performance.now() - this.#since > SLICE_MS
  }

  async next(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
