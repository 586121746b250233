import {
  askingPlaces,
  type ClientEntry,
  type ClientPlace,
  calledAs,
  clientEntries,
} from '../clients/index.ts'
import type { ConfigDocument } from '../config/index.ts'
import { isKeyName } from '../config/mask.ts'
import { isNode, isSet, listAt, textAt, valueAt } from '../config/rules/tree.ts'
import { type KubernetesObject, object } from '../kubernetes/index.ts'
import { locationWords } from './locations.ts'
import { type ExportedRoute, type ExportScene, gatewayTarget, policyObject, routeTarget } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { MOST_ITEMS, type Words } from './words.ts'

/** Keys of a ConfigMap may be that long. */
const LONGEST_ID = 200

/**
 * Where clients are asked for keys: the hashes in a ConfigMap, and a policy that looks into it. A key that is kept to some
 * models is left out, for it could use all of them there.
 */
export function exportedClients(
  document: ConfigDocument,
  scene: ExportScene,
  routes: readonly ExportedRoute[],
): KubernetesObject[] {
  const entries = clientEntries(document)
  return askingPlaces(document).flatMap((place, index) => {
    const made = scene.taken.attempt(place.path, () => {
      const own = entries.filter(one => one.place.id === place.id)
      return placeObjects(
        scene,
        place,
        own,
        routes,
        `${scene.gateway}-clients${index === 0 ? '' : `-${index + 1}`}`,
      )
    })
    return made ?? []
  })
}

function placeObjects(
  scene: ExportScene,
  place: ClientPlace,
  entries: readonly ClientEntry[],
  routes: readonly ExportedRoute[],
  wanted: string,
): KubernetesObject[] {
  const { taken, names, namespace } = scene
  const { targetRefs, phase } = targetOf(place, scene, routes)
  const location = locationWords(taken.takeFree(...place.path, 'location'))
  taken.take(...place.path, 'mode')
  if (listAt(place.policy, 'keys').length === 0) taken.take(...place.path, 'keys')
  const data: Record<string, string> = {}
  for (const entry of entries) {
    const known = taken.attempt(entry.path, () => clientWords(scene, entry))
    if (known !== undefined) data[idOf(entry, data)] = JSON.stringify(known)
  }
  const name = names.once('ConfigMap', wanted)
  const labels = { 'agw.dev/clients': name }
  const map = object({ apiVersion: 'v1', kind: 'ConfigMap' }, name, namespace, { data })
  const policy = policyObject(name, scene, {
    targetRefs,
    traffic: {
      ...(phase !== undefined && { phase }),
      apiKeyAuthentication: {
        // Its own default is another one.
        mode: modeOf(place),
        configMapSelector: { matchLabels: labels },
        ...(location !== undefined && { location }),
      },
    },
  })
  return [{ ...map, metadata: { ...map.metadata, labels: { ...map.metadata.labels, ...labels } } }, policy]
}

/** Those of a listener are asked for before a route is chosen, as here: a route's own would take their place otherwise. */
function targetOf(
  { id }: ClientPlace,
  { gateway, listeners }: ExportScene,
  routes: readonly ExportedRoute[],
): { readonly targetRefs: Words[]; readonly phase?: 'PreRouting' } {
  const route = routes.find(one => one.place === id)
  if (route !== undefined) return { targetRefs: [routeTarget(route.name)] }
  const own = listeners.filter(one => one.places.includes(id) && id !== 'llm')
  if (own.length === 0) unwritten('it is for no listener and no route that is written')
  if (own.length > MOST_ITEMS) unwritten(`a policy is for no more than ${MOST_ITEMS} listeners`)
  return { targetRefs: own.map(one => gatewayTarget(gateway, one.name)), phase: 'PreRouting' }
}

/** What a ConfigMap knows of a client: its hash, and what expressions may read. */
function clientWords(
  { taken }: ExportScene,
  { models, hash, isGuessable, index, place, path, name, metadata }: ClientEntry,
): Words {
  if (models !== undefined) unwritten('allowedModels has no word there: this key could use every model')
  if (hash === undefined) unwritten('its variable is not set')
  if (isGuessable)
    unwritten('it is so short that it could be guessed by its hash, which a manifest would show')
  const given = valueAt(place.policy, 'keys', index, 'metadata')
  if (given !== undefined && given !== null && !isNode(given)) unwritten('its metadata is no map')
  if (Object.entries(metadata).some(([key, value]) => isKeyName(key) && isSet(value)))
    unwritten('its metadata may hold a credential, and a manifest would show it')
  taken.takeFree(...path, 'metadata')
  taken.takeKey(...path)
  const all = { ...(name !== undefined && { name }), ...metadata }
  return { keyHash: hash, ...(Object.keys(all).length > 0 && { metadata: all }) }
}

function modeOf({ policy }: ClientPlace): string {
  const mode = textAt(policy, 'mode') ?? 'optional'
  return mode.charAt(0).toUpperCase() + mode.slice(1)
}

/** Two dots at the start are not allowed. */
function idOf(entry: ClientEntry, taken: Readonly<Record<string, string>>): string {
  const base = calledAs(entry)
    .replace(/[^-._a-zA-Z0-9]+/g, '-')
    .replace(/^\.+/, '-')
    .slice(0, LONGEST_ID)
  let id = base
  for (let count = 2; Object.hasOwn(taken, id); count += 1) id = `${base}-${count}`
  return id
}
