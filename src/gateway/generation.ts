import type { Kept, KeptStates } from './kept.ts'
import type { Bind, Runtime } from './runtime.ts'
import type { AccessEvent } from './telemetry/access-event.ts'
import { RecentRedactors } from './telemetry/recent-redactors.ts'
import type { Outcome } from './traffic/health.ts'
import type { Limits } from './traffic/limits.ts'
import type { HealthRule } from './traffic/rules.ts'
import type { Pools } from './upstream/pools.ts'

/** Who is told of requests, and what of them. */
export interface Telling {
  readonly onAccess?: ((event: AccessEvent) => void) | undefined
  readonly onOutcome?: ((backend: string, outcome: Outcome) => void) | undefined
  readonly wantsDebug?: (() => boolean) | undefined
  readonly wantsLine?: ((isWrong: boolean) => boolean) | undefined
  readonly wantsLabels?: boolean | undefined
}

/** A runtime while it serves. A reload makes the next one; this one is done when its last request is. */
export class Generation {
  readonly runtime: Runtime
  readonly pools: Pools
  readonly limits: Limits
  readonly #states: KeptStates
  readonly onAccess: Telling['onAccess']
  readonly #binds: ReadonlyMap<number, Bind>
  readonly #onOutcome: Telling['onOutcome']
  readonly #onIdle: (generation: Generation) => void
  /** Whether events shall tell how requests came about. */
  readonly wantsDebug: Telling['wantsDebug']
  /** And what the config changes in their lines, and adds to metrics: there may be nobody to read it. */
  readonly wantsLine: Telling['wantsLine']
  readonly wantsLabels: boolean
  readonly redactors = new RecentRedactors()
  #active = 0

  constructor(
    runtime: Runtime,
    pools: Pools,
    states: KeptStates,
    limits: Limits,
    onIdle: (generation: Generation) => void,
    { onAccess, onOutcome, wantsDebug, wantsLine, wantsLabels = true }: Telling = {},
  ) {
    this.wantsDebug = wantsDebug
    this.wantsLine = wantsLine
    this.wantsLabels = wantsLabels
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
