import type { Path } from '../../config/diagnostic.ts'
import type { Health as HealthPolicy } from '../../config/schema.ts'
import type { PolicyContext } from '../policies/policy.ts'
import { type EvictionRule, Health } from '../traffic/health.ts'
import type { HealthRule, RetryRule } from '../traffic/rules.ts'
import { milliseconds, timerMs } from './duration.ts'
import { levelsOf, type PolicyLevel, strongestOf } from './policies.ts'

/** `policies.retry` of the strongest level that has it. */
export function compileRetry(
  levels: readonly PolicyLevel[],
  { cel }: Pick<PolicyContext, 'cel'>,
): RetryRule | undefined {
  const [placed] = levelsOf(levels, 'retry')
  if (placed === undefined) return undefined
  const { value, path } = placed
  return {
    attempts: value.attempts ?? 1,
    backoffMs: value.backoff ? timerMs(value.backoff) : undefined,
    codes: new Set(value.codes),
    condition: value.condition ? cel.compile(value.condition, [...path, 'condition']) : undefined,
  }
}

/** `policies.timeout.requestTimeout` of the strongest level that has a timeout, in milliseconds; 0 for none. */
export function requestTimeoutOf(levels: readonly PolicyLevel[]): number {
  const written = strongestOf(levels, 'timeout')?.requestTimeout
  return written ? timerMs(written) : 0
}

/** A `health` policy with its place. */
export interface PlacedHealth {
  readonly value: HealthPolicy
  readonly path: Path
}

const DEFAULT_EVICTION_MS = 3000

/** How the health of one backend is kept; providers of a group need one even where no policy asks for it. */
export function compileHealth(
  placed: PlacedHealth | undefined,
  isInGroup: boolean,
  context: PolicyContext,
): HealthRule | undefined {
  if (placed === undefined && !isInGroup) return undefined
  const rule = evictionOf(placed?.value)
  const expression = placed?.value.unhealthyExpression?.trim()
  return {
    state: context.keep('health', rule ?? null, () => new Health(rule)),
    unhealthy:
      placed === undefined || !expression
        ? undefined
        : context.cel.compile(expression, [...placed.path, 'unhealthyExpression']),
  }
}

/** Without an `eviction` of its own a policy leaves out only whom an answer, or the backoff of the retries, says how long. */
function evictionOf(policy: HealthPolicy | undefined): EvictionRule | undefined {
  if (policy === undefined) return undefined
  const { duration, restoreHealth, consecutiveFailures, healthThreshold } = policy.eviction ?? {}
  return {
    durationMs: duration ? milliseconds(duration) : undefined,
    defaultMs: policy.eviction ? DEFAULT_EVICTION_MS : undefined,
    restoreHealth: restoreHealth ?? undefined,
    consecutiveFailures: consecutiveFailures ?? undefined,
    healthThreshold: healthThreshold ?? undefined,
  }
}
