import type { Path } from '../../config/diagnostic.ts'
import { otlpEndpoint } from '../../config/otlp-endpoint.ts'
import type { Config } from '../../config/schema.ts'
import type { Cel, Expression } from '../cel/cel.ts'
import { jsonValue } from '../cel/values.ts'
import type { Collector } from '../telemetry/collector.ts'
import { SpanIds } from '../telemetry/span-ids.ts'
import type { Sampling, TraceRule } from '../telemetry/trace-rule.ts'
import { compileAdded } from './added-fields.ts'
import { collectorOf } from './collector.ts'

type Policy = NonNullable<NonNullable<Config['frontendPolicies']>['tracing']>
type Older = NonNullable<NonNullable<Config['config']>['tracing']>

/** What both places say, with the place of each part. */
interface Written
  extends Pick<Policy, 'filter' | 'randomSampling' | 'clientSampling' | 'remove' | 'resources'> {
  readonly at: Path
  readonly protocol?: Collector['protocol'] | undefined
  readonly address: readonly [key: string, text: string | null | undefined]
  /** Of HTTP only. */
  readonly path?: string | null | undefined
  readonly headers: Collector['headers']
  readonly attributes: readonly [place: Path, added: Readonly<Record<string, string>> | undefined]
}

/**
 * `frontendPolicies.tracing`, or the older `config.tracing`; undefined where neither is set, and where no request could
 * ever be sampled.
 */
export function compileTracing({ config, frontendPolicies }: Config, cel: Cel): TraceRule | undefined {
  const written = policyOf(frontendPolicies?.tracing) ?? olderOf(config?.tracing)
  if (written === undefined) return undefined
  const { at, filter, attributes, resources = {}, remove = [] } = written
  const random = samplingOf(written.randomSampling ?? false, [...at, 'randomSampling'], cel)
  const client = samplingOf(written.clientSampling ?? true, [...at, 'clientSampling'], cel)
  if (random === 0 && client === 0) return undefined
  const [place, added = {}] = attributes
  return {
    collector: collectorOf(
      { ...written, path: written.path ?? '/v1/traces' },
      resourceOf(resources, [...at, 'resources'], cel),
    ),
    random,
    client,
    filter: filter ? cel.compile(filter, [...at, 'filter']) : undefined,
    added: compileAdded(added, place, cel),
    removed: new Set(remove),
    ids: new SpanIds(),
  }
}

function policyOf(policy: Policy | null | undefined): Written | undefined {
  if (policy === undefined || policy === null) return undefined
  const at = ['frontendPolicies', 'tracing']
  const { host, attributes, ...same } = policy
  return {
    ...same,
    at,
    address: ['host', host],
    headers: {},
    attributes: [[...at, 'attributes'], attributes],
  }
}

function olderOf(older: Older | null | undefined): Written | undefined {
  if (older === undefined || older === null) return undefined
  const at = ['config', 'tracing']
  const { otlpProtocol, headers = {}, fields, randomSampling, clientSampling } = older
  const endpoint = otlpEndpoint(older.otlpEndpoint ?? '')
  const path = endpoint?.path ?? older.path
  const address = ['otlpEndpoint', endpoint?.origin] as const
  const attributes = [[...at, 'fields', 'add'], fields?.add] as const
  const shared = { randomSampling, clientSampling, remove: fields?.remove }
  return { ...shared, at, address, protocol: otlpProtocol, path, headers, attributes }
}

/** What is fixed is found out here, so that most requests cost no expression. */
function samplingOf(written: string | number | boolean, path: Path, cel: Cel): Sampling {
  if (typeof written === 'boolean') return Number(written)
  if (typeof written === 'number') return Math.min(Math.max(written, 0), 1)
  const expression = cel.compile(written, path)
  const value = /^\s*(?:true|false|[\d.]+)\s*$/.test(written) ? fixedValue(expression) : undefined
  return typeof value === 'number' || typeof value === 'boolean'
    ? Math.min(Math.max(Number(value), 0), 1)
    : expression
}

/** No request is there to look at: an attribute whose expression needs one is left out. */
function resourceOf(
  resources: Readonly<Record<string, string>>,
  path: Path,
  cel: Cel,
): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, written] of Object.entries(resources)) {
    const value = fixedValue(cel.compile(written, [...path, name]))
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
