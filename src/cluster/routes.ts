import { formatPath, type KeySlot, type Path } from '../config/index.ts'
import { isNode, listAt, type Node, nodesAt, textAt } from '../config/rules/tree.ts'
import {
  backendObject,
  GATEWAY_API,
  type KubernetesObject,
  type ManifestProvider,
  object,
  staticBackend,
  toDnsName,
} from '../kubernetes/index.ts'
import type { ExportedListener } from './listeners.ts'
import { attachedTo } from './listeners.ts'
import { exportedMatch, modelMatch } from './matches.ts'
import { aiProvider, modelProvider } from './providers.ts'
import type { Taken } from './taken.ts'

/** What is made of routes and models. */
export interface ExportedRoute {
  /** The place of the config that it is, as `llm` or `routes[0]`. */
  readonly place: string
  /** Of its HTTPRoute. */
  readonly name: string
  readonly listeners: readonly ExportedListener[]
  readonly objects: readonly KubernetesObject[]
  readonly providers: readonly ManifestProvider[]
}

/** What the objects lie in, and what they are for. */
export interface ExportScene {
  readonly taken: Taken
  readonly slots: readonly KeySlot[]
  readonly listeners: readonly ExportedListener[]
  readonly namespace: string
  readonly gateway: string
}

/** The header that a policy puts the model of a request into, for routes to look at. */
export const MODEL_HEADER = 'x-agw-model'
/** More rules an HTTPRoute does not have. */
const MOST_RULES = 16

/** The models of the `llm` section: a rule each, the more exact name first, as agentgateway chooses. */
export function exportedModels(scene: ExportScene): ExportedRoute | undefined {
  const { taken, slots, namespace } = scene
  const models = nodesAt({ models: taken.look('llm', 'models') }, 'models')
  const listeners = llmListeners(scene)
  if (models.length === 0 || listeners.length === 0) return undefined
  const made: { pattern: string; provider: ManifestProvider; index: number }[] = []
  for (const [model, index] of models) {
    const path: Path = ['llm', 'models', index]
    const pattern = textAt(model, 'name') ?? '*'
    const exported = modelProvider(taken, path, slots)
    if ('why' in exported) taken.leave(path, exported.why)
    else if (made.length === MOST_RULES)
      taken.leave(path, `an HTTPRoute has no room for more than ${MOST_RULES} models`)
    else made.push({ pattern, provider: exported.provider, index })
  }
  if (made.length === 0) return undefined
  const exactness = (pattern: string): number => pattern.replaceAll('*', '').length
  const sorted = made.toSorted((a, b) => exactness(b.pattern) - exactness(a.pattern) || a.index - b.index)
  const isOne = sorted.length === 1 && sorted[0]?.pattern === '*'
  const rules = sorted.map(({ pattern, provider }) => {
    const header = modelMatch(MODEL_HEADER, pattern)
    return {
      matches: [
        { path: { type: 'PathPrefix', value: '/' }, ...(header !== undefined && { headers: [header] }) },
      ],
      // The provider need not see it.
      ...(!isOne && {
        filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: [MODEL_HEADER] } }],
      }),
      backendRefs: [backendRef(toDnsName(provider.name))],
    }
  })
  const providers = sorted.map(({ provider }) => provider)
  return {
    place: 'llm',
    name: 'llm',
    listeners,
    objects: [
      ...providers.map(provider => backendObject(provider, namespace)),
      routeObject('llm', scene, listeners, { rules }),
      ...(isOne ? [] : [modelPolicy(scene, listeners)]),
    ],
    providers,
  }
}

function llmListeners({ taken, listeners }: ExportScene): readonly ExportedListener[] {
  const own = listeners.filter(one => one.places.includes('llm'))
  return own.length > 0 ? own : attachedTo(taken, ['llm'], listeners)
}

/** Before a route is chosen, the model is read from the body. */
function modelPolicy(scene: ExportScene, listeners: readonly ExportedListener[]): KubernetesObject {
  const type = { apiVersion: 'agentgateway.dev/v1alpha1', kind: 'AgentgatewayPolicy', target: true }
  return object(type, `${scene.gateway}-model`, scene.namespace, {
    spec: {
      targetRefs: listeners.map(({ name }) => gatewayTarget(scene.gateway, name)),
      traffic: {
        phase: 'PreRouting',
        transformation: { request: { set: [{ name: MODEL_HEADER, value: 'json(request.body).model' }] } },
      },
    },
  })
}

export function gatewayTarget(gateway: string, listener: string): object {
  return { group: GATEWAY_API, kind: 'Gateway', name: gateway, sectionName: listener }
}

/** Every route whose backends can be written, be it of gateways or of binds. */
export function exportedRoutes(scene: ExportScene): ExportedRoute[] {
  const { taken, listeners } = scene
  const found: ExportedRoute[] = []
  const names = new Set(['llm'])
  const add = (route: Node, path: Path, on: readonly ExportedListener[]): void => {
    if (on.length === 0) return taken.leave(path, 'it is for no listener that is written')
    const given = textAt(route, 'name') ?? `route-${found.length + 1}`
    let name = toDnsName(given)
    for (let count = 2; names.has(name); count += 1) name = `${toDnsName(given)}-${count}`
    const made = exportedRoute(route, path, { ...scene, name, on })
    if (typeof made === 'string') return taken.leave(path, made)
    names.add(name)
    found.push(made)
  }
  for (const [route, index] of nodesAt({ routes: taken.look('routes') }, 'routes'))
    add(route, ['routes', index], attachedTo(taken, ['routes', index], listeners))
  for (const [bind, at] of nodesAt({ binds: taken.look('binds') }, 'binds')) {
    for (const [listener, index] of nodesAt(bind, 'listeners')) {
      const place: Path = ['binds', at, 'listeners', index]
      const on = listeners.filter(one => one.places.includes(formatPath(place)))
      for (const [route, number] of nodesAt(listener, 'routes')) add(route, [...place, 'routes', number], on)
    }
  }
  return found
}

/** One route, or why it cannot be written. */
function exportedRoute(
  route: Node,
  path: Path,
  scene: ExportScene & { readonly name: string; readonly on: readonly ExportedListener[] },
): ExportedRoute | string {
  const { taken, slots, namespace, name, on } = scene
  const backends = nodesAt(route, 'backends')
  if (backends.length === 0) return 'it leads to no backend'
  const objects: KubernetesObject[] = []
  const providers: ManifestProvider[] = []
  const refs: object[] = []
  for (const [backend, index] of backends) {
    const at: Path = [...path, 'backends', index]
    const weight = taken.take(...at, 'weight')
    const host = taken.look(...at, 'host')
    if (typeof host === 'string') {
      const made = staticBackend(`${name}-${index + 1}`, namespace, host)
      if (made === undefined) return `${host} is no host with a port`
      taken.take(...at, 'host')
      objects.push(made)
      refs.push({ ...backendRef(made.metadata.name), ...(weight !== undefined && { weight }) })
      continue
    }
    if (!isNode(backend['ai'])) return `this kind of backend is not written by this version`
    const exported = aiProvider(taken, at, path, slots)
    if ('why' in exported) return exported.why
    const isTaken = providers.some(one => one.name === exported.provider.name)
    const { name: slot } = exported.provider
    // Backends that share the key of their route are called after it.
    const provider = isTaken
      ? { ...exported.provider, name: `${slot}-${index + 1}`, slot }
      : exported.provider
    providers.push(provider)
    objects.push(backendObject(provider, namespace))
    refs.push({ ...backendRef(toDnsName(provider.name)), ...(weight !== undefined && { weight }) })
  }
  const matches = listAt(route, 'matches').map(exportedMatch)
  if (matches.includes(undefined)) return 'a match of it has no word in the Gateway API'
  const timeout = timeoutOf(taken, path)
  if (timeout === null) return 'a time of it has no word in the Gateway API'
  for (const key of ['name', 'hostnames', 'matches']) taken.take(...path, key)
  const hostnames = listAt(route, 'hostnames')
  const rule = {
    ...(matches.length > 0 && { matches }),
    backendRefs: refs,
    ...(timeout !== undefined && { timeouts: timeout }),
  }
  const spec = { ...(hostnames.length > 0 && { hostnames }), rules: [rule] }
  objects.push(routeObject(name, scene, on, spec))
  return { place: formatPath(path), name, listeners: on, objects, providers }
}

const DURATION = /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/

/** Null where the Gateway API has no word for a time. */
function timeoutOf(taken: Taken, path: Path): object | undefined | null {
  const timeout = taken.take(...path, 'policies', 'timeout')
  const request = textAt(timeout, 'requestTimeout')
  const backendRequest = textAt(timeout, 'backendRequestTimeout')
  if (timeout === undefined) return undefined
  if ([request, backendRequest].some(one => one !== undefined && !DURATION.test(one))) return null
  return {
    ...(request !== undefined && { request }),
    ...(backendRequest !== undefined && { backendRequest }),
  }
}

function backendRef(name: string): object {
  return { group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name }
}

function routeObject(
  name: string,
  { gateway, namespace }: ExportScene,
  on: readonly ExportedListener[],
  spec: object,
): KubernetesObject {
  const parentRefs = on.map(listener => gatewayTarget(gateway, listener.name))
  return object({ apiVersion: `${GATEWAY_API}/v1`, kind: 'HTTPRoute' }, name, namespace, {
    spec: { parentRefs, ...spec },
  })
}
