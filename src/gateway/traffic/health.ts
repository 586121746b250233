/** `health.eviction`: when an unhealthy backend is left out, and for how long. */
export interface EvictionRule {
  /** Undefined: what the answer's Retry-After says, else the backoff of the retries. */
  readonly durationMs: number | undefined
  /** Where neither of them says anything; undefined: nobody is left out then. */
  readonly defaultMs: number | undefined
  /** The health it comes back with; undefined keeps what it had. */
  readonly restoreHealth: number | undefined
  /** With neither of these two, every failure evicts. */
  readonly consecutiveFailures: number | undefined
  readonly healthThreshold: number | undefined
}

/** One call's end, as far as health goes. */
export type Outcome =
  | { readonly isHealthy: true; readonly latencyMs: number }
  | { readonly isHealthy: false; readonly evictAfterMs: number | undefined }

/** What is known of a backend, as it is told to another process, whose clock is another one. */
export interface Standing {
  readonly health: number
  readonly latencySeconds: number
  readonly failuresInARow: number
  readonly timesEjected: number
  /** Undefined: it is not left out. */
  readonly evictedForMs: number | undefined
}

/** Weight of the newest call in the running means, as in agentgateway. */
const ALPHA = 0.3

/** A mean that starts with the first value where it was nothing before. */
function blend(mean: number, value: number): number {
  return mean === 0 ? value : ALPHA * value + (1 - ALPHA) * mean
}

/** How one backend has been doing. Times are milliseconds of a clock that only goes forward. */
export class Health {
  readonly #rule: EvictionRule | undefined
  #health = 1
  #latencySeconds = 0
  #failuresInARow = 0
  #timesEjected = 0
  #evictedUntil: number | undefined
  /** Calls under way. */
  inFlight = 0

  /** Without a rule a backend is never left out, but its score still falls. */
  constructor(rule: EvictionRule | undefined) {
    this.#rule = rule
  }

  /** What it is worth among its equals: healthy, quick and idle ones are worth most. */
  get score(): number {
    return this.#health / (1 + this.#latencySeconds * (1 + this.inFlight * 0.1))
  }

  /** 0 to 1, a running mean. */
  get health(): number {
    return this.#health
  }

  /** Failures since the last success, evictions included. */
  get failuresInARow(): number {
    return this.#failuresInARow
  }

  isEvicted(now: number): boolean {
    if (this.#evictedUntil === undefined) return false
    if (now < this.#evictedUntil) return true
    this.#evictedUntil = undefined
    this.#health = this.#rule?.restoreHealth ?? this.#health
    return false
  }

  record(outcome: Outcome, now: number): void {
    if (outcome.isHealthy) {
      this.#latencySeconds = blend(this.#latencySeconds, outcome.latencyMs / 1000)
      this.#health = blend(this.#health, 1)
      this.#failuresInARow = 0
      this.#timesEjected = 0
      return
    }
    const ms = this.#mustEvict() ? this.#evictionMs(outcome.evictAfterMs) : undefined
    this.#health = blend(this.#health, 0)
    this.#failuresInARow++
    // Calls that were under way when it was evicted neither prolong that nor count as further evictions.
    if (ms === undefined || this.isEvicted(now)) return
    this.#timesEjected++
    this.#evictedUntil = now + ms * this.#timesEjected
  }

  standing(now: number): Standing {
    return {
      health: this.#health,
      latencySeconds: this.#latencySeconds,
      failuresInARow: this.#failuresInARow,
      timesEjected: this.#timesEjected,
      evictedForMs: this.#evictedUntil === undefined ? undefined : this.#evictedUntil - now,
    }
  }

  /** Goes on where another process stood. */
  resume({ evictedForMs, ...standing }: Standing, now: number): void {
    this.#health = standing.health
    this.#latencySeconds = standing.latencySeconds
    this.#failuresInARow = standing.failuresInARow
    this.#timesEjected = standing.timesEjected
    this.#evictedUntil = evictedForMs === undefined ? undefined : now + evictedForMs
  }

  #evictionMs(asked: number | undefined): number | undefined {
    return this.#rule?.durationMs ?? asked ?? this.#rule?.defaultMs
  }

  /** Looks at the health before this failure, as agentgateway does, but counts this failure as one in a row. */
  #mustEvict(): boolean {
    if (this.#rule === undefined) return false
    const { healthThreshold, consecutiveFailures } = this.#rule
    if (healthThreshold === undefined && consecutiveFailures === undefined) return true
    if (healthThreshold !== undefined && this.#health < healthThreshold) return true
    return (
      consecutiveFailures !== undefined &&
      consecutiveFailures > 0 &&
      this.#failuresInARow + 1 >= consecutiveFailures
    )
  }
}

/**
 * One member of the first group that has one which is not evicted: of two drawn by lot the one with the better score.
 * When all are evicted, one of the first group's is used all the same. `random` yields 0 to 1.
 */
export function choose<T>(
  groups: readonly (readonly T[])[],
  healthOf: (member: T) => Health | undefined,
  now: number,
  random: () => number = Math.random,
): T | undefined {
  for (const group of groups) {
    const active = group.filter(member => healthOf(member)?.isEvicted(now) !== true)
    if (active.length > 0) return better(active, healthOf, random)
  }
  return better(groups[0] ?? [], healthOf, random)
}

function better<T>(
  members: readonly T[],
  healthOf: (member: T) => Health | undefined,
  random: () => number,
): T | undefined {
  if (members.length < 2) return members[0]
  // The same one may be drawn twice: the worst of all gets a call now and then, and so the chance to do better.
  const draw = (): T | undefined => members[Math.floor(random() * members.length)]
  const [one, other] = [draw(), draw()]
  if (one === undefined || other === undefined) return one ?? other
  return (healthOf(other)?.score ?? 1) > (healthOf(one)?.score ?? 1) ? other : one
}
