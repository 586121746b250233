import type { Kept, KeptStates } from './kept.ts'
import type { Pools } from './pools.ts'
import type { Bind, Runtime } from './runtime.ts'
import type { AccessEvent } from './telemetry/access-event.ts'
import type { Limits } from './traffic/limits.ts'

/** A runtime while it serves. A reload makes the next one; this one is done when its last request is. */
export class Generation {
  readonly runtime: Runtime
  readonly pools: Pools
  readonly limits: Limits
  readonly #states: KeptStates
  readonly onAccess: ((event: AccessEvent) => void) | undefined
  readonly #binds: ReadonlyMap<number, Bind>
  readonly #onIdle: (generation: Generation) => void
  #active = 0

  constructor(
    runtime: Runtime,
    pools: Pools,
    states: KeptStates,
    limits: Limits,
    onAccess: ((event: AccessEvent) => void) | undefined,
    onIdle: (generation: Generation) => void,
  ) {
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
