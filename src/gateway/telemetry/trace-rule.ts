import type { Expression } from '../cel/cel.ts'
import type { Collector } from './collector.ts'
import type { SpanIds } from './span-ids.ts'

/** A share of the requests from 0 to 1, or what yields one, or true or false. */
export type Sampling = number | Expression

/** `frontendPolicies.tracing` or `config.tracing`, compiled. */
export interface TraceRule {
  readonly collector: Collector
  /** Of requests that come without a trace. */
  readonly random: Sampling
  /** Of requests that are part of a trace already. */
  readonly client: Sampling
  readonly filter: Expression | undefined
  readonly added: readonly (readonly [name: string, value: Expression])[]
  readonly removed: ReadonlySet<string>
  readonly ids: SpanIds
}
