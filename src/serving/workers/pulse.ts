/** How often a worker lets itself be heard, in milliseconds. */
export const BEAT_MS = 1000

/** So many beats without a word from it, and it hangs. */
const MOST_SILENT = 30

/**
 * Listens whether a worker that serves is still heard. Its turns of the event loop are counted, and not the time: what stops
 * the whole machine, or both processes, is no silence of the worker.
 */
export class Pulse {
  readonly #beatMs: number
  readonly #onHang: (silentMs: number) => void
  #silent = 0
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** `onHang` is told how long nothing was heard, in milliseconds. */
  constructor(onHang: (silentMs: number) => void, beatMs = BEAT_MS) {
    this.#beatMs = beatMs
    this.#onHang = onHang
  }

  /** From now on it has to be heard; not once it has ended, for its last words may come late. */
  begin(): void {
    if (this.#isOver) return
    // What it has said meanwhile is heard first.
    this.#timer ??= setInterval(() => setImmediate(this.#count), this.#beatMs)
  }

  heard(): void {
    this.#silent = 0
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  readonly #count = (): void => {
    this.#silent += 1
    if (this.#isOver || this.#silent < MOST_SILENT) return
    this.end()
    this.#onHang(MOST_SILENT * this.#beatMs)
  }
}
