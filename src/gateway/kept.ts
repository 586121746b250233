/** The name of something that outlives the runtime that asked for it, and how to make the first one. */
export interface Kept<T> {
  /** Says whose it is and how that is configured: another config is another state. */
  readonly id: string
  readonly create: () => T
  /** Called as soon as a runtime serves that names it, for what should be there before it is asked for. */
  begin?(state: T, note: Note): void
}

/** Hears what goes wrong beside requests. Must not throw. */
export type Note = (message: string) => void

/**
 * What policies remember between requests: buckets, health, key sets. It lives as long as some runtime that still
 * serves requests names it, so a reload that does not touch a policy does not touch its state.
 */
export class KeptStates {
  readonly #states = new Map<string, unknown>()

  /** Makes it when first asked for. */
  of<T>(kept: Kept<T>): T {
    const found = this.#states.get(kept.id)
    if (found !== undefined) return found as T
    const made = kept.create()
    this.#states.set(kept.id, made)
    return made
  }

  /** What was made under that id. */
  known(id: string): unknown {
    return this.#states.get(id)
  }

  /** Makes those that have something to begin with, and lets them. */
  begin(kept: readonly Kept<unknown>[], note: Note): void {
    for (const one of kept) one.begin?.(this.of(one), note)
  }

  /** Drops every state that is not among the ids; one with a timer of its own has `Symbol.dispose`. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, state] of this.#states) {
      if (ids.has(id)) continue
      this.#states.delete(id)
      dispose(state)
    }
  }
}

function dispose(state: unknown): void {
  if (typeof state === 'object' && state !== null && Symbol.dispose in state)
    (state as Disposable)[Symbol.dispose]()
}
