import type { Kept, KeptStates } from '../kept.ts'
import { Health, type Outcome, type Standing } from './health.ts'

/** What several processes that call the same backends know of them together. */
export class SharedHealth {
  readonly #states: KeptStates

  constructor(states: KeptStates) {
    this.#states = states
  }

  /** Takes in how a call went that another process has made. `kept`: of the config that serves. */
  learn(kept: readonly Kept<unknown>[], backend: string, outcome: Outcome): void {
    this.#of(kept, backend)?.record(outcome, performance.now())
  }

  /** What was learnt, by backend. */
  standings(kept: readonly Kept<unknown>[]): ReadonlyMap<string, Standing> {
    const now = performance.now()
    const known = kept.map(({ id }) => [id, this.#states.known(id)] as const)
    return new Map(
      known.flatMap(([id, state]) => (state instanceof Health ? [[id, state.standing(now)]] : [])),
    )
  }

  /** Goes on where others stood. */
  resume(kept: readonly Kept<unknown>[], standings: ReadonlyMap<string, Standing>): void {
    const now = performance.now()
    for (const [backend, standing] of standings) this.#of(kept, backend)?.resume(standing, now)
  }

  #of(kept: readonly Kept<unknown>[], backend: string): Health | undefined {
    const found = kept.find(({ id }) => id === backend)
    const state = found && this.#states.of(found)
    return state instanceof Health ? state : undefined
  }
}
