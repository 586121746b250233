/** Work that several wait for, each for as long as it likes. It is given up when none of them does any more. */
export class SharedWork<T> {
  readonly done: Promise<T>
  readonly #controller = new AbortController()
  #isDone = false
  #waiting = 0

  constructor(work: (stopped: AbortSignal) => Promise<T>) {
    this.done = work(this.stopped)
    const end = (): void => {
      this.#isDone = true
    }
    this.done.then(end, end)
  }

  /** Aborted when it is given up before its end. */
  get stopped(): AbortSignal {
    return this.#controller.signal
  }

  stop(): void {
    if (!this.#isDone) this.#controller.abort()
  }

  /** What came of it; undefined when the signal was aborted first. */
  async wait(signal: AbortSignal | undefined): Promise<T | undefined> {
    let leave = (): void => undefined
    const gone = new Promise<undefined>(resolve => {
      leave = () => resolve(undefined)
    })
    if (signal?.aborted) leave()
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting += 1
    try {
      return await Promise.race([this.done, gone])
    } finally {
      signal?.removeEventListener('abort', leave)
      this.#waiting -= 1
      if (this.#waiting === 0) this.stop()
    }
  }
}
