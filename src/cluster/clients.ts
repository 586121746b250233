import {
  askingPlaces,
  type ClientEntry,
  type ClientPlace,
  calledAs,
  clientEntries,
} from '../clients/index.ts'
import type { ConfigDocument } from '../config/index.ts'
import { isNode, listAt, textAt, valueAt } from '../config/rules/tree.ts'
import { GATEWAY_API, type KubernetesObject, object } from '../kubernetes/index.ts'
import { type ExportedRoute, type ExportScene, gatewayTarget } from './routes.ts'

/**
 * Where clients are asked for keys: the hashes in a ConfigMap, and a policy that looks into it. A key that is kept to some
 * models is left out, for it could use all of them there.
 */
export function exportedClients(
  document: ConfigDocument,
  scene: ExportScene,
  routes: readonly ExportedRoute[],
): KubernetesObject[] {
  const { taken, namespace } = scene
  const entries = clientEntries(document)
  return askingPlaces(document).flatMap((place, index) => {
    const targets = targetsOf(place, scene, routes)
    if (targets.length === 0) return []
    const location = locationOf(valueAt(place.policy, 'location'))
    if (location === null) {
      taken.leave(place.path, 'its location has no word there')
      return []
    }
    taken.take(...place.path, 'mode')
    taken.take(...place.path, 'location')
    const name = `${scene.gateway}-clients${index === 0 ? '' : `-${index + 1}`}`
    const data: Record<string, string> = {}
    if (listAt(place.policy, 'keys').length === 0) taken.take(...place.path, 'keys')
    for (const entry of entries.filter(one => one.place.id === place.id)) {
      const why = whyNot(entry)
      if (why !== undefined) {
        taken.leave(entry.path, why)
        continue
      }
      taken.take(...entry.path)
      const { name: own, metadata } = entry
      const all = { ...(own !== undefined && { name: own }), ...metadata }
      data[idOf(entry, data)] = JSON.stringify({
        keyHash: entry.hash,
        ...(Object.keys(all).length > 0 && { metadata: all }),
      })
    }
    const labels = { 'agw.dev/clients': name }
    const map = object({ apiVersion: 'v1', kind: 'ConfigMap' }, name, namespace, { data })
    const type = { apiVersion: 'agentgateway.dev/v1alpha1', kind: 'AgentgatewayPolicy', target: true }
    const policy = object(type, name, namespace, {
      spec: {
        targetRefs: targets,
        traffic: {
          apiKeyAuthentication: {
            // Its own default is another one.
            mode: modeOf(place),
            configMapSelector: { matchLabels: labels },
            ...(location !== undefined && { location }),
          },
        },
      },
    })
    return [{ ...map, metadata: { ...map.metadata, labels: { ...map.metadata.labels, ...labels } } }, policy]
  })
}

function targetsOf(
  { id }: ClientPlace,
  { gateway, listeners }: ExportScene,
  routes: readonly ExportedRoute[],
): object[] {
  const route = routes.find(one => one.place === id)
  if (route !== undefined) return [{ group: GATEWAY_API, kind: 'HTTPRoute', name: route.name }]
  return listeners.filter(one => one.places.includes(id)).map(one => gatewayTarget(gateway, one.name))
}

function whyNot({ models, hash, index, place }: ClientEntry): string | undefined {
  if (models !== undefined) return 'allowedModels has no word there: this key could use every model'
  if (hash === undefined) return 'its variable is not set'
  const keys = valueAt(place.policy, 'keys', index, 'metadata')
  return keys !== undefined && !isNode(keys) ? 'its metadata is no map' : undefined
}

function modeOf({ policy }: ClientPlace): string {
  const mode = textAt(policy, 'mode') ?? 'optional'
  return mode.charAt(0).toUpperCase() + mode.slice(1)
}

/** As the manifests have it; null where they have no word for it. */
function locationOf(location: unknown): object | undefined | null {
  if (location === undefined || location === null) return undefined
  if (!isNode(location)) return null
  const header = location['header']
  if (!isNode(header)) return location
  const { prefix, ...rest } = header
  return { header: { ...rest, ...(typeof prefix === 'string' && prefix !== '' && { prefix }) } }
}

function idOf(entry: ClientEntry, taken: Readonly<Record<string, string>>): string {
  const base = calledAs(entry).replace(/[^-._a-zA-Z0-9]+/g, '-')
  let id = base
  for (let count = 2; Object.hasOwn(taken, id); count += 1) id = `${base}-${count}`
  return id
}
