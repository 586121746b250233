import type { Path } from '../../config/diagnostic.ts'
import type { Cel } from '../cel/cel.ts'
import type { AddedFields } from '../telemetry/log-rule.ts'

/** A map of expressions that stands at `at`: what is added to a log, a span or metrics. */
export function compileAdded(add: Readonly<Record<string, string>>, at: Path, cel: Cel): AddedFields {
  return Object.entries(add).map(([name, value]) => [name, cel.compile(value, [...at, name])])
}
