import type { Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { fieldsOf } from '../cel/values.ts'
import type { Exchange } from '../exchange.ts'
import type { Collector } from './collector.ts'

/** What the config changes in one line of the access log. */
export interface LogChange {
  readonly isWanted: boolean
  /** Field → value, as JSON has it. */
  readonly added: Readonly<Record<string, unknown>>
  readonly removed: ReadonlySet<string>
}

/** `frontendPolicies.accessLog`, compiled. */
export interface LogRule {
  readonly filter: Expression | undefined
  readonly added: readonly (readonly [name: string, value: Expression])[]
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
  const { response } = exchange
  const answer = { status: response.statusCode, headers: [] }
  if (filter !== undefined && filter.test(celContext(exchange, { response: answer })) !== true)
    return { isWanted: false, added: NOTHING, removed }
  const { hiddenHeaders: hidden } = exchange.generation.runtime.settings
  const context = celContext(exchange, { response: answer, hidden })
  const values: Record<string, unknown> = {}
  for (const [name, expression] of added) {
    try {
      const value = expression.evaluate(context)
      if (value !== null) Object.assign(values, Object.fromEntries(fieldsOf(name, value)))
    } catch {
      // What it looks at is not there in this request.
    }
  }
  return { isWanted: true, added: values, removed }
}
