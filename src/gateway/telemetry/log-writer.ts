import type { AccessEvent } from './access-event.ts'
import type { AccessFormat } from './access-log.ts'

/** Where lines go: stderr, or a file's stream. */
export interface LineSink {
  /** Calls back when the text has been handed to the system, or with the error. */
  write(text: string, done: (error?: Error | null) => void): unknown
}

/** How long events wait to be written together, in milliseconds. */
const FLUSH_MS = 100
/**
 * Events that are written without waiting, so that a burst does not pile up. A write wakes a thread of the pool, which on
 * a busy processor costs more than the lines in it: with 128 in place of 512 it was 4 of 50 µs per request
 * (`npm run bench`).
 */
const FLUSH_COUNT = 512

/**
 * Takes events off the request path: they are only put into a list there, and are formatted and written together. What
 * was taken is written; nothing is dropped unless the sink fails, which is reported once.
 */
export class AccessLog {
  readonly #format: AccessFormat
  readonly #sink: LineSink
  readonly #onError: (error: Error) => void
  #events: AccessEvent[] = []
  #timer: NodeJS.Timeout | undefined
  #writing = 0
  #idle: (() => void)[] = []
  #hasFailed = false

  constructor(format: AccessFormat, sink: LineSink, onError: (error: Error) => void = () => {}) {
    this.#format = format
    this.#sink = sink
    this.#onError = onError
  }

  /** Give this to `startGateway` as `onAccess`. */
  readonly add = (event: AccessEvent): void => {
    this.#events.push(event)
    if (this.#events.length >= FLUSH_COUNT) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), FLUSH_MS)
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#events.length === 0) return
    const events = this.#events
    this.#events = []
    this.#writing++
    let text = ''
    for (const event of events) text += this.#format(event)
    this.#sink.write(text, error => this.#written(error))
  }

  #written(error: Error | null | undefined): void {
    this.#writing--
    if (error && !this.#hasFailed) {
      this.#hasFailed = true
      this.#onError(error)
    }
    if (this.#writing > 0) return
    for (const done of this.#idle.splice(0)) done()
  }

  /** Resolves when everything that was added has been handed to the system. */
  async flush(): Promise<void> {
    this.#write()
    if (this.#writing > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }
}
