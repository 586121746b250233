import type { Path } from '../../config/diagnostic.ts'
import type { Config } from '../../config/schema.ts'
import type { Cel } from '../cel/cel.ts'
import type { LogRule, OtlpLogRule } from '../telemetry/log-rule.ts'
import { compileAdded } from './added-fields.ts'
import { collectorOf } from './collector.ts'

type Policy = NonNullable<NonNullable<Config['frontendPolicies']>['accessLog']>

/** What a config says of its log, and where the parts of that stand. */
interface Written {
  readonly policy: Pick<Policy, 'filter' | 'add' | 'remove' | 'otlp'>
  readonly filterAt: Path
  readonly fieldsAt: Path
}

/** The place of today, its other name, and the older one; a config has one of them. */
function writtenIn({ config, frontendPolicies }: Config): Written | undefined {
  for (const key of ['accessLog', 'logging'] as const) {
    const at = ['frontendPolicies', key]
    const policy = frontendPolicies?.[key]
    if (policy) return { policy, filterAt: at, fieldsAt: at }
  }
  const at = ['config', 'logging']
  const older = config?.logging
  if (!older) return undefined
  return { policy: { ...older.fields, filter: older.filter }, filterAt: at, fieldsAt: [...at, 'fields'] }
}

/** The access log; undefined where the config changes nothing in the lines. */
export function compileAccessLog(config: Config, cel: Cel): LogRule | undefined {
  const written = writtenIn(config)
  if (written === undefined) return undefined
  const { filter, add = {}, remove = [] } = written.policy
  const isPlain = !filter && Object.keys(add).length === 0 && remove.length === 0
  return isPlain ? undefined : ruleOf({ filter, add, remove }, written.filterAt, written.fieldsAt, cel)
}

/** The `otlp` of it, whose filter and fields are those of the log unless it has its own. */
export function compileOtlpLog(config: Config, cel: Cel): OtlpLogRule | undefined {
  const written = writtenIn(config)
  const otlp = written?.policy.otlp
  if (!written || !otlp) return undefined
  const at = [...written.filterAt, 'otlp']
  const [filter, filterAt] = otlp.filter ? [otlp.filter, at] : [written.policy.filter, written.filterAt]
  const [fields, fieldsAt] = otlp.fields
    ? [otlp.fields, [...at, 'fields']]
    : [written.policy, written.fieldsAt]
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
