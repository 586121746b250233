import type { Path } from '../../config/diagnostic.ts'
import type { Config } from '../../config/schema.ts'
import type { Cel } from '../cel/cel.ts'
import type { LogRule, OtlpLogRule } from '../telemetry/log-rule.ts'
import { compileAdded } from './added-fields.ts'
import { collectorOf } from './collector.ts'

type Written = NonNullable<Config['frontendPolicies']>['accessLog']

const PATH = ['frontendPolicies', 'accessLog']

/** `frontendPolicies.accessLog`; undefined where it changes nothing in the lines. */
export function compileAccessLog(written: Written, cel: Cel): LogRule | undefined {
  const { filter, add = {}, remove = [] } = written ?? {}
  const isPlain = !filter && Object.keys(add).length === 0 && remove.length === 0
  return isPlain ? undefined : ruleOf({ filter, add, remove }, PATH, PATH, cel)
}

/** `frontendPolicies.accessLog.otlp`, whose filter and fields are those of the log unless it has its own. */
export function compileOtlpLog(written: Written, cel: Cel): OtlpLogRule | undefined {
  const { otlp } = written ?? {}
  if (written === undefined || written === null || otlp === undefined || otlp === null) return undefined
  const at = [...PATH, 'otlp']
  const [filter, filterAt] = otlp.filter ? [otlp.filter, at] : [written.filter, PATH]
  const [fields, fieldsAt] = otlp.fields ? [otlp.fields, [...at, 'fields']] : [written, PATH]
  const { add = {}, remove = [] } = fields
  const { host, protocol, path = '/v1/logs' } = otlp
  return {
    ...ruleOf({ filter, add, remove }, filterAt, fieldsAt, cel),
    collector: collectorOf({ at, protocol, address: ['host', host], path, headers: {} }, {}),
  }
}

interface Lines {
  readonly filter: string | null | undefined
  readonly add: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

function ruleOf({ filter, add, remove }: Lines, filterAt: Path, fieldsAt: Path, cel: Cel): LogRule {
  return {
    filter: filter ? cel.compile(filter, [...filterAt, 'filter']) : undefined,
    added: compileAdded(add, [...fieldsAt, 'add'], cel),
    removed: new Set(remove),
  }
}
