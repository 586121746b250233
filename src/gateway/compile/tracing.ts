import type { Path } from '../../config/diagnostic.ts'
import type { Config } from '../../config/schema.ts'
import type { Cel, Expression } from '../cel/cel.ts'
import { jsonValue } from '../cel/values.ts'
import { SpanIds } from '../telemetry/span-ids.ts'
import type { Sampling, TraceRule } from '../telemetry/trace-rule.ts'
import { invalid } from './invalid.ts'

type Written = NonNullable<NonNullable<Config['frontendPolicies']>['tracing']>

const PATH: Path = ['frontendPolicies', 'tracing']

/** `frontendPolicies.tracing`; undefined where it is not set, and where no request could ever be sampled. */
export function compileTracing(written: Written | null | undefined, cel: Cel): TraceRule | undefined {
  if (written === undefined || written === null) return undefined
  const { filter, attributes = {}, resources = {}, remove = [] } = written
  const random = samplingOf(written.randomSampling ?? false, 'randomSampling', cel)
  const client = samplingOf(written.clientSampling ?? true, 'clientSampling', cel)
  if (random === 0 && client === 0) return undefined
  return {
    collector: { url: urlOf(written), resource: resourceOf(resources, cel) },
    random,
    client,
    filter: filter ? cel.compile(filter, [...PATH, 'filter']) : undefined,
    added: Object.entries(attributes).map(([name, value]) => [
      name,
      cel.compile(value, [...PATH, 'attributes', name]),
    ]),
    removed: new Set(remove),
    ids: new SpanIds(),
  }
}

function urlOf({ host, path = '/v1/traces' }: Written): string {
  const below = path.startsWith('/') ? path : `/${path}`
  const text = host ?? ''
  const url = `${/^https?:\/\//.test(text) ? text.replace(/\/$/, '') : `http://${text}`}${below}`
  if (text === '' || !URL.canParse(url))
    throw invalid([...PATH, 'host'], 'this is not an address that can be called', 'write host:port')
  return url
}

/** What is fixed is found out here, so that most requests cost no expression. */
function samplingOf(written: string | number | boolean, key: string, cel: Cel): Sampling {
  if (typeof written === 'boolean') return Number(written)
  if (typeof written === 'number') return Math.min(Math.max(written, 0), 1)
  const expression = cel.compile(written, [...PATH, key])
  const value = /^\s*(?:true|false|[\d.]+)\s*$/.test(written) ? fixedValue(expression) : undefined
  return typeof value === 'number' || typeof value === 'boolean'
    ? Math.min(Math.max(Number(value), 0), 1)
    : expression
}

/** No request is there to look at: an attribute whose expression needs one is left out. */
function resourceOf(resources: Readonly<Record<string, string>>, cel: Cel): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, written] of Object.entries(resources)) {
    const value = fixedValue(cel.compile(written, [...PATH, 'resources', name]))
    if (value !== undefined) found[name] = value
  }
  return found
}

function fixedValue(expression: Expression): unknown {
  try {
    return jsonValue(expression.evaluate({}))
  } catch {
    return undefined
  }
}
