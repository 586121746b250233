import { isNode, valueAt } from '../config/rules/tree.ts'
import type { KubernetesObject, ManifestProvider } from '../kubernetes/index.ts'
import { PRESETS } from '../providers/index.ts'
import { type ExportedRoute, MODEL_HEADER } from './scene.ts'

/** What works differently in a cluster though it is written, of models. `isOne`: the only one is called `*`. */
export function modelNotes(providers: readonly ManifestProvider[], isOne: boolean): string[] {
  const isGoogle = providers.some(({ provider }) => provider.kind === 'gemini' || provider.kind === 'vertex')
  return [
    '/v1/models is not answered there: the controller knows no list of models',
    isOne
      ? 'a request that names no model, as GET /v1/files does, goes to the provider of the model * there, with its key: here it gets 400'
      : 'the model of a request is read from its body by a policy, into the header that the rules look at: a request whose body is not plain JSON (none, a form, a compressed one), or for a model without an entry, gets 404 in other words',
    ...(isGoogle
      ? [
          'requests in the form of Gemini (:generateContent, :countTokens) are passed on as they are there, and not counted',
        ]
      : []),
    ...providers.flatMap(translated),
  ]
}

/** A service whose address has a path has no other path there for some kinds of requests. */
function translated({ name, provider, baseUrl }: ManifestProvider): string[] {
  const preset = Object.values(PRESETS).find(one => one.baseUrl === baseUrl)
  if (preset === undefined || provider.kind !== 'custom') return []
  const kept = new Set(provider.formats.map(({ type }) => type))
  const lost = preset.formats.map(({ type }) => type).filter(type => !kept.has(type))
  if (lost.length === 0) return []
  return [
    `${name}: requests of the kind ${lost.join(', ')} are translated there, where here they go to a path of their own`,
  ]
}

/** The same of routes beside models: their requests are read for a model, too. */
export function headerNotes(models: ExportedRoute | undefined, routes: readonly ExportedRoute[]): string[] {
  if (models?.readsModels !== true) return []
  const others = routes.filter(
    one => one !== models && one.listeners.some(listener => models.listeners.includes(listener)),
  )
  return others.length === 0
    ? []
    : [
        `requests of the routes beside the models have the header ${MODEL_HEADER} there, with the model of their body`,
      ]
}

/** The same of limits. */
export function limitNotes(objects: readonly KubernetesObject[]): string[] {
  return objects.some(one => isNode(valueAt(one, 'spec', 'traffic', 'rateLimit')))
    ? ['each replica of the Gateway counts limits for itself']
    : []
}

/** The same of expressions: in front of the Gateway is a Service. */
export function addressNotes(objects: readonly KubernetesObject[]): string[] {
  const policies = objects.filter(({ kind }) => kind === 'AgentgatewayPolicy')
  return /\bsource\.(?:address|rawAddress)\b/.test(JSON.stringify(policies))
    ? [
        'source.address in an expression may be that of a node there: whoever is let in by it, the Service of the Gateway needs externalTrafficPolicy: Local',
      ]
    : []
}
