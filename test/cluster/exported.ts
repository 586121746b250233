import { exportConfig } from '../../src/cluster/index.ts'
import { formatPath, readDocument, validate } from '../../src/config/index.ts'
import type { KubernetesObject } from '../../src/kubernetes/index.ts'
import { apiErrors, hasCrds } from '../kubernetes/crds.ts'

/** A config as manifests that an API server would take; variables have plain values, but for `UNSET`, and no file can be read unless given. */
export function exported(text: string, files: Readonly<Record<string, string>> = {}) {
  const document = readDocument(text, {
    file: 'config.yaml',
    lookup: name => (name === 'UNSET' ? undefined : `value-of-${name}`),
  })
  const { draft, diagnostics } = validate(document)
  if (draft === undefined) throw new Error(diagnostics.map(one => one.message).join())
  const made = exportConfig(draft, document, {
    namespace: 'llm',
    gateway: 'agw',
    readFile: path => files[path],
  })
  const wrong = hasCrds
    ? made.objects.flatMap(one => apiErrors(one).map(error => `${one.kind} ${one.metadata.name} ${error}`))
    : []
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  const of = (kind: string): KubernetesObject[] => made.objects.filter(one => one.kind === kind)
  const left = made.leftOver.map(
    ({ path, why }) => `${formatPath(path)}${why === undefined ? '' : `: ${why}`}`,
  )
  /** `traffic` of the policies, in their order. */
  const traffic = of('AgentgatewayPolicy').map(one => (one['spec'] as { traffic?: object }).traffic)
  const rules = of('HTTPRoute').flatMap(one => (one['spec'] as { rules: Record<string, unknown>[] }).rules)
  return { ...made, of, left, traffic, rules }
}

export const GATEWAY = 'gateways: { default: { port: 3000 } }\n'

/** A route of its own with these policies, in flow style. */
export function withPolicies(policies: string, route = ''): string {
  return `${GATEWAY}routes: [{ name: a, ${route} backends: [{ host: "h.example.com:80" }], policies: { ${policies} } }]\n`
}
