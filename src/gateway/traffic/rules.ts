import type { Expression } from '../cel/cel.ts'
import type { Kept } from '../kept.ts'
import type { Health } from './health.ts'

/** `policies.retry` */
export interface RetryRule {
  /** Tries after the first one. */
  readonly attempts: number
  readonly backoffMs: number | undefined
  /** Statuses of answers that are tried again. */
  readonly codes: ReadonlySet<number>
  /** On the answer; it asks for another try whatever the status. */
  readonly condition: Expression | undefined
}

/** How the health of one backend is kept. */
export interface HealthRule {
  readonly state: Kept<Health>
  /** On the answer; undefined: a 5xx is unhealthy. */
  readonly unhealthy: Expression | undefined
}
