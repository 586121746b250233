import type { AccessEvent } from './access-event.ts'
import type { AccessFormat } from './access-log.ts'

/** Where lines go: stderr, or a file's stream. */
export interface LineSink {
  /** Calls back when the text has been handed to the system, or with the error. */
  write(text: string, done: (error?: Error | null) => void): unknown
  /** It takes lines without waking a thread: each turn's are written at its end, and a process that is killed loses no others. */
  readonly isPrompt?: boolean
}

/** How long lines wait to be written together, in milliseconds. */
const FLUSH_MS = 100
/**
 * Lines that are written without waiting, so that a burst does not pile up. A write wakes a thread of the pool, which on
 * a busy processor costs more than the lines in it: with 128 in place of 512 it was 4 of 50 µs per request
 * (`npm run bench`).
 */
const FLUSH_COUNT = 512
/**
 * Events that are formatted in one go. More of them would hold up the requests that come meanwhile: a flush of 300, a
 * millisecond ten times a second, is what one request of a hundred met (`npm run bench -- rate`).
 */
const SLICE = 16

/**
 * Takes events off the request path: there they are only put into a list, and a few at a time are made into lines, which
 * are written together. What was taken is written; nothing is dropped unless the sink fails, which is told when it begins,
 * and when it is over.
 */
export class AccessLog {
  readonly #format: AccessFormat
  readonly #redact: (text: string) => string
  readonly #sink: LineSink
  readonly #onOutcome: (error: Error | undefined) => void
  #events: AccessEvent[] = []
  /** Each holds one line or some, ready to be written. */
  #texts: string[] = []
  #lines = 0
  #timer: NodeJS.Timeout | undefined
  #isAtEndOfTurn = false
  #writing = 0
  #idle: (() => void)[] = []
  #isFailing = false

  /**
   * `redact` is the last thing that lines pass, those of a slice as one text: so the search through it begins less often.
   * `onOutcome` is told of the first error, and then of the first success after it.
   */
  constructor(
    format: AccessFormat,
    redact: (text: string) => string,
    sink: LineSink,
    onOutcome: (error: Error | undefined) => void = () => {},
  ) {
    this.#format = format
    this.#redact = redact
    this.#sink = sink
    this.#onOutcome = onOutcome
  }

  /** Give this to `startGateway` as `onAccess`. */
  readonly add = (event: AccessEvent): void => {
    this.#writeSoon()
    if (this.#events.push(event) < SLICE) return
    this.#formatEvents()
    if (this.#lines >= FLUSH_COUNT) this.#write()
  }

  /** A line about something beside requests, after what was told before it. */
  readonly addLine = (line: string): void => {
    this.#writeSoon()
    this.#formatEvents()
    this.#take([line])
  }

  #writeSoon(): void {
    if (this.#sink.isPrompt !== true) this.#timer ??= setTimeout(() => this.#write(), FLUSH_MS)
    else if (!this.#isAtEndOfTurn) {
      this.#isAtEndOfTurn = true
      setImmediate(() => {
        this.#isAtEndOfTurn = false
        this.#write()
      })
    }
  }

  #formatEvents(): void {
    if (this.#events.length === 0) return
    const events = this.#events
    this.#events = []
    this.#take(events.map(this.#format))
  }

  #take(lines: readonly string[]): void {
    this.#texts.push(this.#redact(lines.join('')))
    this.#lines += lines.length
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#formatEvents()
    if (this.#lines === 0) return
    const text = this.#texts.join('')
    this.#texts = []
    this.#lines = 0
    this.#writing++
    this.#sink.write(text, error => this.#written(error))
  }

  #written(error: Error | null | undefined): void {
    this.#writing--
    if (this.#isFailing !== Boolean(error)) {
      this.#isFailing = Boolean(error)
      this.#onOutcome(error ?? undefined)
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
