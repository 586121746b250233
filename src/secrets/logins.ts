import { LONGEST_TIMER_MS } from '../timers.ts'
import { SharedWork } from './shared-work.ts'
import type { SourceProblem } from './source-problem.ts'

/** What a store is asked with, as it was given or logged in for; what that is, each store knows for itself. */
export interface Login {
  /** Milliseconds that it is good for; undefined where it does not end, or where that is not known. */
  readonly goodForMs?: number | undefined
  /** Makes it good for longer; absent where that cannot be done. What it returns takes its place. */
  renew?(signal: AbortSignal): Promise<Login | SourceProblem>
}

/** A login that is kept, or is being made. */
interface Held {
  readonly work?: SharedWork<Login | SourceProblem>
  login?: Login
  /** On the clock of `performance.now()`. */
  endsAt: number
  timer?: NodeJS.Timeout
}

/** A login is renewed when this part of its time is over, and not used for the last of its time. */
const RENEW_AFTER = 2 / 3
const LAST_MS = 2000
/** Renewals are not made more often than this. Milliseconds. */
const SHORTEST_MS = 1000
/** What a login takes at most, however many wait for it. Milliseconds. */
const MAKING_MS = 2 * 60_000

/**
 * Logins that outlive one batch, for a gateway that runs: each is renewed before it ends, as long as it can be. Keys tell
 * logins apart: all that they depend on must be in them.
 */
export class Logins implements Disposable {
  readonly #held = new Map<string, Held>()
  #stop = new AbortController()

  /**
   * The login that is kept under the key; where none is that is still good, `make` makes one, once for all who ask. Each
   * waits as long as its own signal lets it; `make` is told by its signal when nobody waits any more.
   */
  async get<L extends Login>(
    key: string,
    make: (signal: AbortSignal) => Promise<L | SourceProblem>,
    signal?: AbortSignal,
  ): Promise<{ readonly login: L | SourceProblem; readonly isNew: boolean }> {
    if (signal?.aborted) return { login: NOT_IN_TIME, isNew: false }
    const known = this.#held.get(key)
    const isGood = known !== undefined && performance.now() < known.endsAt
    if (known !== undefined && !isGood) this.#let(key, known)
    const held = isGood ? known : this.#make(key, make)
    const login = held.login ?? (await held.work?.wait(signal)) ?? NOT_IN_TIME
    return { login: login as L | SourceProblem, isNew: !isGood }
  }

  /** A login that was refused is used no more; one that has taken its place stays. */
  forget(key: string, login: Login | SourceProblem): void {
    const held = this.#held.get(key)
    if (held?.login === login) this.#let(key, held)
  }

  /** Forgets all of them, and ends what is under way. */
  [Symbol.dispose](): void {
    for (const [key, held] of [...this.#held]) {
      held.work?.stop()
      this.#let(key, held)
    }
    this.#stop.abort()
    this.#stop = new AbortController()
  }

  #make(key: string, make: (signal: AbortSignal) => Promise<Login | SourceProblem>): Held {
    const work = new SharedWork(make)
    const timer = setTimeout(() => work.stop(), MAKING_MS).unref()
    const held: Held = { work, timer, endsAt: Number.POSITIVE_INFINITY }
    this.#held.set(key, held)
    work.done.then(
      login => {
        if ('code' in login) return this.#let(key, held)
        clearTimeout(timer)
        held.login = login
        this.#schedule(key, held, login)
      },
      () => this.#let(key, held),
    )
    // Whoever asks from now on must not wait for what has been given up.
    work.stopped.addEventListener('abort', () => this.#let(key, held))
    return held
  }

  #let(key: string, held: Held): void {
    clearTimeout(held.timer)
    if (this.#held.get(key) === held) this.#held.delete(key)
  }

  #schedule(key: string, held: Held, { goodForMs, renew }: Login): void {
    if (goodForMs === undefined || this.#held.get(key) !== held) return
    held.endsAt = performance.now() + goodForMs - Math.min(LAST_MS, goodForMs / 10)
    if (renew !== undefined) this.#renewIn(goodForMs * RENEW_AFTER, key, held, renew)
  }

  /** A renewal that fails is tried again in what is left of the time. */
  #renewIn(ms: number, key: string, held: Held, renew: NonNullable<Login['renew']>): void {
    const { signal } = this.#stop
    const attempt = async (): Promise<void> => {
      const next = await renew(signal)
      if (signal.aborted || this.#held.get(key) !== held) return
      if ('code' in next) {
        const left = held.endsAt - performance.now()
        if (left > SHORTEST_MS) this.#renewIn(left / 2, key, held, renew)
        return
      }
      const renewed: Held = { login: next, endsAt: Number.POSITIVE_INFINITY }
      this.#held.set(key, renewed)
      this.#schedule(key, renewed, next)
    }
    held.timer = setTimeout(
      () => void attempt(),
      Math.min(Math.max(ms, SHORTEST_MS), LONGEST_TIMER_MS),
    ).unref()
  }
}

const NOT_IN_TIME: SourceProblem = {
  code: 'timeout',
  message: 'the login did not end in time',
  hint: 'look whether it hangs, or give it longer with `timeout:` in agw.yaml',
}
