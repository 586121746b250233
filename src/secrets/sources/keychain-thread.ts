import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { AsyncEntry } from '@napi-rs/keyring'

/** One call of the library: what is asked of one entry. */
export interface KeychainCall {
  readonly action: keyof Pick<AsyncEntry, 'getPassword' | 'setPassword' | 'deleteCredential'>
  readonly service: string
  readonly account: string
  /** For `setPassword`. */
  readonly value?: string
}

interface Answer {
  readonly id: number
  readonly found?: unknown
  /** The library's text, which holds no value. */
  readonly failure?: string
}

interface Waiting {
  readonly resolve: (found: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * What the thread runs; a text, as it has to be found wherever this file is joined into. On Linux always the Secret
 * Service: the library's own choice falls back to the kernel's keyring, where a key is gone after a restart, and where
 * a write that fails was seen to leave the key behind.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
parentPort.on('message', async ({ id, action, service, account, value }) => {
  try {
    const { AsyncEntry } = require(workerData)
    const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
    parentPort.postMessage({ id, found: await (value === undefined ? entry[action]() : entry[action](value)) })
  } catch (error) {
    parentPort.postMessage({ id, failure: error instanceof Error ? error.message : '' })
  }
})`

/**
 * The keychain's library in a thread of its own: making an entry connects to the Secret Service and waits for it, up to
 * two seconds for one that hangs, in which nothing else of this process would run.
 */
class KeychainThread {
  readonly #waiting = new Map<number, Waiting>()
  readonly #worker: Worker
  readonly #onGone: () => void
  #calls = 0

  /** Throws when the library is not installed. */
  constructor(onGone: () => void) {
    this.#onGone = onGone
    const library = createRequire(import.meta.url).resolve('@napi-rs/keyring')
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: library, argv: [], execArgv: [] })
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', () => this.#fail(new Error('the thread of the keychain has ended')))
  }

  /** The process stays until the call has ended or was given up. */
  call(call: KeychainCall, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted()
    const id = this.#calls++
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#take(id)?.reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const ended = () => signal?.removeEventListener('abort', onAbort)
      this.#waiting.set(id, {
        resolve: found => {
          ended()
          resolve(found)
        },
        reject: error => {
          ended()
          reject(error)
        },
      })
      this.#worker.ref()
      this.#worker.postMessage({ id, ...call })
    })
  }

  #settle({ id, found, failure }: Answer): void {
    const waiting = this.#take(id)
    if (failure === undefined) waiting?.resolve(found)
    else waiting?.reject(new Error(failure))
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.unref()
    return waiting
  }

  #fail(error: unknown): void {
    this.#onGone()
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error)
  }
}

let thread: KeychainThread | undefined

/** Asks the keychain; the thread is started by the first call. Fails with the library's own words. */
export async function askKeychain(call: KeychainCall, signal: AbortSignal | undefined): Promise<unknown> {
  thread ??= startedThread()
  return thread.call(call, signal)
}

/** One that fails ends a little later: by then another may be at work, which stays. */
function startedThread(): KeychainThread {
  const started = new KeychainThread(() => {
    if (thread === started) thread = undefined
  })
  return started
}
