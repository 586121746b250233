/**
 * How long counts wait at least after the last telling, in milliseconds: so much of them is lost when the worker is killed.
 * A telling of four kinds takes the worker 70 µs and the process above 120, where every worker's arrive.
 */
const SOON_MS = 20
/** However many kinds there are to count, in milliseconds. */
const LATEST_MS = 1000
/** Telling takes no more than one part in so many of the time, unless it takes long and is at its latest. */
const SHARE = 50

/** Tells what a worker has counted: at once after a pause, and else soon; thousands of kinds, which take longer, less often. */
export class CountTeller {
  readonly #tell: () => void
  /** When the next telling may be, by the clock of `performance`. */
  #next = 0
  #timer: NodeJS.Timeout | undefined

  constructor(tell: () => void) {
    this.#tell = tell
  }

  /** Something was counted. */
  counted(): void {
    this.#timer ??= setTimeout(() => this.now(), this.#next - performance.now()).unref()
  }

  /** Tells at once, whether something was counted or not. */
  now(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const since = performance.now()
    this.#tell()
    const end = performance.now()
    this.#next = end + Math.min(LATEST_MS, Math.max(SOON_MS, SHARE * (end - since)))
  }
}
