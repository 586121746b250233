import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brokenRules, type CrdRule } from './rule-check.ts'
import { schemaErrors } from './schema-check.ts'

/** Published schemas of what manifests hold, with their rules, and vectors; they lie beside a developer's clone, not in the project. */
const KUBERNETES = resolve(import.meta.dirname, '../../../shared/compat/kubernetes')

export const VECTORS = join(KUBERNETES, 'vectors')
export const hasCrds = existsSync(KUBERNETES)

const SCHEMAS: Readonly<Record<string, string>> = {
  AgentgatewayBackend: 'agentgateway-v1.4.1/AgentgatewayBackend.v1alpha1',
  AgentgatewayPolicy: 'agentgateway-v1.4.1/AgentgatewayPolicy.v1alpha1',
  Gateway: 'gateway-api-v1.6.1-standard/Gateway.v1',
  HTTPRoute: 'gateway-api-v1.6.1-standard/HTTPRoute.v1',
  ConfigMap: 'core/ConfigMap.v1',
}
/** The kinds that an export writes into its first file. */
export const KINDS = Object.keys(SCHEMAS).sort()

const read = new Map<string, { readonly schema: object; readonly rules: CrdRule[] }>()

function crdOf(kind: string): { readonly schema: object; readonly rules: CrdRule[] } {
  const base = join(KUBERNETES, 'crds', SCHEMAS[kind] ?? '')
  const rulesFile = `${base}.cel.json`
  const crd = read.get(kind) ?? {
    schema: JSON.parse(readFileSync(`${base}.schema.json`, 'utf8')),
    rules: existsSync(rulesFile) ? JSON.parse(readFileSync(rulesFile, 'utf8')) : [],
  }
  read.set(kind, crd)
  return crd
}

/** What an API server would refuse of an object. */
export function apiErrors(object: { readonly kind: string }): string[] {
  const { schema, rules } = crdOf(object.kind)
  return [...schemaErrors(object, schema), ...brokenRules(object, schema, rules)]
}
