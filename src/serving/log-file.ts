import { appendFileSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { LineSink } from '../gateway/index.ts'

/** How often is looked whether the file is still the one of its name, in milliseconds. */
const LOOK_MS = 1000

/** A text that was written in its turn and took longer than this, in milliseconds, held up all requests of the process. */
const SLOW_MS = 100
/** For so long others are written by a thread then, in milliseconds. */
const THREADED_MS = 10_000

/**
 * A file that texts are appended to, in order. When it has been moved or removed, as programs do that rotate logs, the next
 * text goes into a new one of its name; one that is cut short is appended to as it is. A text that cannot be written is
 * lost, and the next one is tried again.
 */
export class LogFile implements LineSink {
  readonly #path: string
  readonly #isPrompt: boolean
  /** Undefined until the first text comes, or somebody opens it. */
  #file: FileHandle | undefined
  #inode = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  /** The disk was slow: until then no text is written in its turn. */
  #slowUntil = 0
  #last: Promise<void> = Promise.resolve()
  /** The last text was not written, or not all of it. */
  #isCut = false

  /** `isPrompt`: texts come often and are short; what is written in the turn costs less than a thread that writes it. */
  constructor(path: string, isPrompt = false) {
    this.#path = path
    this.#isPrompt = isPrompt
  }

  /** Throws what the system says when it cannot be opened. */
  async open(): Promise<this> {
    await this.#follow()
    return this
  }

  write(text: string, done: (error?: Error | null) => void): void {
    this.#last = this.#last.then(() => this.#append(text)).then(() => done(), done)
  }

  async #append(text: string): Promise<void> {
    if (performance.now() - this.#lookedAt >= LOOK_MS) await this.#follow()
    // A part of the last text may be there, and this one would be taken for its end.
    const whole = this.#isCut ? `\n${text}` : text
    this.#isCut = true
    const since = performance.now()
    if (this.#isPrompt && this.#file !== undefined && since >= this.#slowUntil) {
      appendFileSync(this.#file.fd, whole)
      const end = performance.now()
      if (end - since > SLOW_MS) this.#slowUntil = end + THREADED_MS
    } else await this.#file?.appendFile(whole)
    this.#isCut = false
  }

  /** Fails, and looks again at the next text, as long as the new file cannot be opened. */
  async #follow(): Promise<void> {
    const isOpen = this.#file !== undefined
    if (!isOpen || statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode) await this.#reopen()
    this.#lookedAt = performance.now()
  }

  async #reopen(): Promise<void> {
    const file = await opened(this.#path)
    const before = this.#file
    this.#file = file
    this.#isCut = false
    this.#inode = (await file.stat()).ino
    await before?.close()
  }

  /** Writes what was taken, then ends. */
  async close(): Promise<void> {
    await this.#last
    await this.#file?.close()
  }
}

function opened(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}
