import type { Kept, KeptStates } from './kept.ts'
import type { Bind, Runtime } from './runtime.ts'
import type { AccessEvent } from './telemetry/access-event.ts'
import { RecentRedactors } from './telemetry/recent-redactors.ts'
import type { Outcome } from './traffic/health.ts'
import type { Limits } from './traffic/limits.ts'
import type { HealthRule } from './traffic/rules.ts'
import type { Pools } from './upstream/pools.ts'

/** A runtime while it serves. A reload makes the next one; this one is done when its last request is. */
export class Generation {
  readonly runtime: Runtime
  readonly pools: Pools
  readonly limits: Limits
  readonly #states: KeptStates
  readonly onAccess: ((event: AccessEvent) => void) | undefined
  readonly #binds: ReadonlyMap<number, Bind>
  readonly #onOutcome: ((backend: string, outcome: Outcome) => void) | undefined
  readonly #onIdle: (generation: Generation) => void
  /** Whether events shall tell how requests came about. */
  readonly wantsDebug: (() => boolean) | undefined
  readonly redactors = new RecentRedactors()
  #active = 0

  constructor(
    runtime: Runtime,
    pools: Pools,
    states: KeptStates,
    limits: Limits,
    onAccess: ((event: AccessEvent) => void) | undefined,
    onIdle: (generation: Generation) => void,
    onOutcome?: (backend: string, outcome: Outcome) => void,
    wantsDebug?: () => boolean,
  ) {
    this.wantsDebug = wantsDebug
    this.#onOutcome = onOutcome
    this.runtime = runtime
    this.pools = pools
    this.#states = states
    this.limits = limits
    this.onAccess = onAccess
    this.#binds = new Map(runtime.binds.map(bind => [bind.port, bind]))
    this.#onIdle = onIdle
  }

  /** Requests under way. */
  get active(): number {
    return this.#active
  }

  /** What a step keeps between requests; see `PolicyContext.keep`. */
  state<T>(kept: Kept<T>): T {
    return this.#states.of(kept)
  }

  /** Holds the end of a call against its backend. Others who call it hear of it where it changes what they would do. */
  record({ state }: HealthRule, outcome: Outcome): void {
    const health = this.state(state)
    const isNews = !outcome.isHealthy || health.failuresInARow > 0
    health.record(outcome, performance.now())
    if (isNews) this.#onOutcome?.(state.id, outcome)
  }

  bind(port: number): Bind | undefined {
    return this.#binds.get(port)
  }

  enter(): void {
    this.#active++
  }

  leave(): void {
    if (--this.#active === 0) this.#onIdle(this)
  }
}
