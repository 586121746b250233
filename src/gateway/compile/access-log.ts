import type { Config } from '../../config/schema.ts'
import type { Cel } from '../cel/cel.ts'
import type { LogRule } from '../telemetry/log-rule.ts'

/** `frontendPolicies.accessLog`; undefined where it is not set. */
export function compileAccessLog(
  written: NonNullable<Config['frontendPolicies']>['accessLog'],
  cel: Cel,
): LogRule | undefined {
  if (written === undefined || written === null) return undefined
  const path = ['frontendPolicies', 'accessLog']
  const { filter, add = {}, remove = [] } = written
  return {
    filter: filter ? cel.compile(filter, [...path, 'filter']) : undefined,
    added: Object.entries(add).map(([name, value]) => [name, cel.compile(value, [...path, 'add', name])]),
    removed: new Set(remove),
  }
}
