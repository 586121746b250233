import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'

/** Whether a password fits; `busy` when that could not be found out: too many others wait. */
export type Comparison = boolean | 'busy'

/** Passwords that may wait to be compared; more come only from someone who tries them out. */
const MOST_WAITING = 64
/** How long a password that fitted need not be compared again, in milliseconds. */
const REMEMBER_MS = 60_000
const MOST_REMEMBERED = 1000

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const bcrypt = require(workerData)
parentPort.on('message', ({ id, password, hash }) => {
  let fits = false
  try { fits = bcrypt.compareSync(password, hash) } catch {}
  parentPort.postMessage({ id, fits })
})`

/**
 * Compares passwords with bcrypt hashes. One comparison takes tens of milliseconds by design, so it runs in a thread of
 * its own, and a pair that fitted is remembered, by its hash, for a minute.
 */
export class Bcrypt implements Disposable {
  readonly #now: () => number
  readonly #waiting = new Map<number, (fits: Comparison) => void>()
  /** SHA-256 of password and hash → until when it is known to fit. */
  readonly #fitting = new Map<string, number>()
  #worker: Worker | undefined
  #next = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  async compare(password: string, hash: string): Promise<Comparison> {
    const pair = createHash('sha256').update(password).update('\0').update(hash).digest('base64')
    if ((this.#fitting.get(pair) ?? 0) > this.#now()) return true
    if (this.#waiting.size >= MOST_WAITING) return 'busy'
    const fits = await this.#ask(password, hash)
    if (fits === true) this.#remember(pair)
    return fits
  }

  #ask(password: string, hash: string): Promise<Comparison> {
    const worker = this.#running()
    const id = this.#next++
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      worker.postMessage({ id, password, hash })
    })
  }

  #remember(pair: string): void {
    if (this.#fitting.size >= MOST_REMEMBERED) this.#fitting.clear()
    this.#fitting.set(pair, this.#now() + REMEMBER_MS)
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const require = createRequire(import.meta.url)
    const worker = new Worker(PROGRAM, { eval: true, workerData: require.resolve('bcryptjs') })
    worker.unref()
    worker.on('message', ({ id, fits }: { id: number; fits: boolean }) => {
      this.#waiting.get(id)?.(fits)
      this.#waiting.delete(id)
    })
    const onGone = (): void => {
      if (this.#worker === worker) this.#giveUp()
    }
    worker.on('error', onGone).on('exit', onGone)
    this.#worker = worker
    return worker
  }

  /** Whoever waits may try again; the next comparison starts another thread. */
  #giveUp(): void {
    this.#worker = undefined
    for (const resolve of this.#waiting.values()) resolve('busy')
    this.#waiting.clear()
  }

  [Symbol.dispose](): void {
    const worker = this.#worker
    this.#giveUp()
    void worker?.terminate()
  }
}
