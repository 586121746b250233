import { labelProblem } from '../../config/rules/metric-names.ts'
import type { StaticConfig } from '../../config/schema.ts'
import type { Cel } from '../cel/cel.ts'
import type { AddedFields } from '../telemetry/log-rule.ts'
import { compileAdded } from './added-fields.ts'

/**
 * `config.metrics.fields.add`; undefined where it adds nothing. Labels that no reader of metrics could make sense of are
 * left out: with one of them in it, the whole page could not be read.
 */
export function compileMetricLabels(
  config: StaticConfig | null | undefined,
  cel: Cel,
): AddedFields | undefined {
  const add = config?.metrics?.fields?.add ?? {}
  const labels = compileAdded(add, ['config', 'metrics', 'fields', 'add'], cel)
  const readable = labels.filter(([name]) => labelProblem(name) === undefined)
  return readable.length === 0 ? undefined : readable
}
