/** How long counts wait to be told, in milliseconds: so much of them is lost when the worker is killed. */
const SOON_MS = 100
/** However many kinds there are to count, in milliseconds. */
const LATEST_MS = 1000
/** Telling takes no more than one part in so many of the time, unless it takes long and is at its latest. */
const SHARE = 100

/** Tells what a worker has counted soon after something was; thousands of kinds, which take longer to tell, less often. */
export class CountTeller {
  readonly #tell: () => void
  #waitMs = SOON_MS
  #timer: NodeJS.Timeout | undefined

  constructor(tell: () => void) {
    this.#tell = tell
  }

  /** Something was counted. */
  counted(): void {
    this.#timer ??= setTimeout(() => this.now(), this.#waitMs).unref()
  }

  /** Tells at once, whether something was counted or not. */
  now(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const since = performance.now()
    this.#tell()
    this.#waitMs = Math.min(LATEST_MS, Math.max(SOON_MS, SHARE * (performance.now() - since)))
  }
}
