import type { SourceProblem } from './source.ts'

/** What a store is asked with, as it was given or logged in for; what that is, each store knows for itself. */
export interface Login {
  /** Milliseconds that it is good for; undefined where it does not end, or where that is not known. */
  readonly goodForMs?: number | undefined
  /** Makes it good for longer; absent where that cannot be done. What it returns takes its place. */
  renew?(signal: AbortSignal): Promise<Login | SourceProblem>
}

/** A login that is kept. */
interface Held {
  readonly login: Promise<Login | SourceProblem>
  /** On the clock of `performance.now()`. */
  endsAt: number
  timer?: NodeJS.Timeout
}

/** A login is renewed when this part of its time is over, and not used for the last of its time. */
const RENEW_AFTER = 2 / 3
const LAST_MS = 2000
/** Renewals are not made more often than this. Milliseconds. */
const SHORTEST_MS = 1000
/** A timer of Node counts no further. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Logins that outlive one batch, for a gateway that runs: each is renewed before it ends, as long as it can be. Keys tell
 * logins apart: all that they depend on must be in them.
 */
export class Logins implements Disposable {
  readonly #held = new Map<string, Held>()
  #stop = new AbortController()

  /** The login that is kept under the key; where none is that is still good, `make` makes one, once for all who ask. */
  async get<L extends Login>(
    key: string,
    make: () => Promise<L | SourceProblem>,
  ): Promise<{ readonly login: L | SourceProblem; readonly isNew: boolean }> {
    const known = this.#held.get(key)
    if (known !== undefined && performance.now() < known.endsAt)
      return { login: (await known.login) as L | SourceProblem, isNew: false }
    this.forget(key)
    const making = make()
    const held: Held = { login: making, endsAt: Number.POSITIVE_INFINITY }
    this.#held.set(key, held)
    const login = await making.catch((error: unknown) => {
      this.#let(key, held)
      throw error
    })
    if ('code' in login) this.#let(key, held)
    else this.#schedule(key, held, login)
    return { login, isNew: true }
  }

  /** A login that was refused is used no more. */
  forget(key: string): void {
    const held = this.#held.get(key)
    if (held !== undefined) this.#let(key, held)
  }

  /** Forgets all of them, and ends what is under way. */
  [Symbol.dispose](): void {
    for (const key of [...this.#held.keys()]) this.forget(key)
    this.#stop.abort()
    this.#stop = new AbortController()
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
      const renewed: Held = { login: Promise.resolve(next), endsAt: Number.POSITIVE_INFINITY }
      this.#held.set(key, renewed)
      this.#schedule(key, renewed, next)
    }
    held.timer = setTimeout(() => void attempt(), Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS)).unref()
  }
}
