import type { Path } from '../config/index.ts'
import { addressOf, distanceOf } from '../config/rules/hosts.ts'
import { isNode, isSet, nodesAt, textAt } from '../config/rules/tree.ts'
import {
  authPolicy,
  backendObject,
  groupsObject,
  type KubernetesObject,
  type ManifestProvider,
  staticBackend,
} from '../kubernetes/index.ts'
import { backendKey } from './auth.ts'
import { aiProvider } from './providers.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { healthOf, tlsOf } from './upstreams.ts'

/** A backend as the controller has it, and the providers whose keys it looks for. */
export interface ExportedBackend {
  readonly object: KubernetesObject
  readonly providers: readonly ManifestProvider[]
}

/** More groups, and providers in one, a backend does not have. */
const MOST_GROUPS = 8
const MOST_PROVIDERS = 16

/**
 * The backend at a path: of a route, or one of the named ones. `levels` are the maps of policies that hold for its calls, the
 * strongest first; `wanted` is what it is called where nothing in it has a name. Throws {@link Unwritten}.
 */
export function exportedBackend(
  scene: ExportScene,
  path: Path,
  levels: readonly Path[],
  wanted: string,
): ExportedBackend {
  const { taken, names } = scene
  const backend = taken.look(...path)
  const made =
    typeof taken.look(...path, 'host') === 'string'
      ? hostBackend(scene, path, levels, wanted)
      : isNode(taken.look(...path, 'ai'))
        ? aiBackend(scene, path, levels, textAt(backend, 'name') ?? wanted)
        : unwritten('this kind of backend is not written by this version')
  return { ...made, object: names.place(made.object) }
}

function hostBackend(
  scene: ExportScene,
  path: Path,
  levels: readonly Path[],
  wanted: string,
): ExportedBackend {
  const { taken, namespace } = scene
  const host = String(taken.take(...path, 'host'))
  if (distanceOf(addressOf(host).host) === 'loopback')
    unwritten('it is on this machine, where a cluster does not reach it')
  const tls = tlsOf(taken, levels)
  const auth = levels.map((level): Path => [...level, 'backendAuth'])
  const key = auth.some(place => isSet(taken.look(...place)))
    ? backendKey(scene, auth, path, undefined)
    : undefined
  const object = staticBackend(wanted, namespace, host, {
    ...(key !== undefined && { auth: authPolicy(key) }),
    ...(tls !== undefined && { tls }),
    ...healthOf(taken, levels),
  })
  if (object === undefined) unwritten('its host is no name with a port')
  // A provider in name only: its key is looked for as those of providers are.
  const owner: ManifestProvider[] = key === undefined ? [] : [{ ...key, provider: { kind: 'openAI' } }]
  return { object, providers: owner }
}

function aiBackend(scene: ExportScene, path: Path, levels: readonly Path[], wanted: string): ExportedBackend {
  const { taken, namespace } = scene
  const ai: Path = [...path, 'ai']
  const groups = nodesAt(taken.look(...ai), 'groups')
  if (groups.length === 0) {
    const provider = aiProvider(scene, ai, [[...ai, 'policies'], ...levels])
    return { object: backendObject(provider, namespace), providers: [provider] }
  }
  if (groups.length > MOST_GROUPS) unwritten(`the controller takes no more than ${MOST_GROUPS} groups`)
  const made = groups.map(([group, index]) => {
    const providers = nodesAt(group, 'providers').map(([, number]) => {
      const own: Path = [...ai, 'groups', index, 'providers', number]
      return aiProvider(scene, own, [[...own, 'policies'], ...levels])
    })
    if (providers.length === 0 || providers.length > MOST_PROVIDERS)
      unwritten(`the controller takes groups of 1 to ${MOST_PROVIDERS} providers`)
    return providers
  })
  return { object: groupsObject(wanted, namespace, made), providers: made.flat() }
}
