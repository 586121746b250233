import type { CelContext, Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { fieldsOf, withTexts } from '../cel/values.ts'
import type { Exchange } from '../exchange.ts'
import { answered } from './answered.ts'
import { withoutShown } from './client-credentials.ts'
import type { Collector } from './collector.ts'
import { withoutKeys } from './mask-target.ts'

/** What the config changes in one line of the access log. */
export interface LogChange {
  readonly isWanted: boolean
  /** Field → value, as JSON has it. */
  readonly added: Readonly<Record<string, unknown>>
  readonly removed: ReadonlySet<string>
}

/** Fields that the config adds, in its order. */
export type AddedFields = readonly (readonly [name: string, value: Expression])[]

/** `frontendPolicies.accessLog`, compiled. */
export interface LogRule {
  readonly filter: Expression | undefined
  readonly added: AddedFields
  readonly removed: ReadonlySet<string>
}

/** `frontendPolicies.accessLog.otlp`, compiled. */
export interface OtlpLogRule extends LogRule {
  readonly collector: Collector
}

/** What an event says of its line for a collector. */
export interface OtlpLine extends Pick<LogChange, 'added' | 'removed'> {
  readonly collector: Collector
}

/** Undefined when the filter does not want it. */
export function otlpLine(rule: OtlpLogRule, exchange: Exchange): OtlpLine | undefined {
  const { isWanted, added, removed } = logChange(rule, exchange)
  return isWanted ? { collector: rule.collector, added, removed } : undefined
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({})

/** A filter that fails does not hold, and a field whose expression fails is left out. */
export function logChange({ filter, added, removed }: LogRule, exchange: Exchange): LogChange {
  if (filter !== undefined && filter.test(celContext(exchange, answered(exchange))) !== true)
    return { isWanted: false, added: NOTHING, removed }
  const values: Record<string, unknown> = {}
  for (const [name, expression] of added)
    Object.assign(values, Object.fromEntries(fieldsFrom(name, expression, exchange)))
  return { isWanted: true, added: values, removed }
}

/** What an expression sees whose value is told, once the answer has gone: nothing of what carries credentials. */
function loggedContext(exchange: Exchange): CelContext {
  const { untoldHeaders: hidden } = exchange.generation.runtime.settings
  exchange.toldContext ??= celContext(exchange, { ...answered(exchange), hidden })
  return exchange.toldContext
}

/**
 * The fields that an expression makes under a name; none where it yields null, or fails. Wherever it has found them, keys
 * beyond doubt and credentials of the client are not among them.
 */
export function fieldsFrom(name: string, expression: Expression, exchange: Exchange): [string, unknown][] {
  try {
    const value = expression.evaluate(loggedContext(exchange))
    if (value === null) return []
    const clean = (text: string): string => withoutShown(exchange, withoutKeys(text))
    return fieldsOf(name, value).map(([field, one]) => [clean(field), withTexts(one, clean)])
  } catch {
    // What it looks at is not there in this request.
    return []
  }
}
