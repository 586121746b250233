import type { KeySlot, Path } from '../config/index.ts'
import { GATEWAY_API, type KubernetesObject, type ManifestProvider, object } from '../kubernetes/index.ts'
import type { ExportedListener } from './listeners.ts'
import type { Names } from './names.ts'
import type { Taken } from './taken.ts'
import type { Words } from './words.ts'

/** Names and hashes of passwords (`htpasswd`), and the Secret that they go into. */
export interface Passwords {
  readonly path: Path
  /** Undefined where the text stands in the config. */
  readonly file: string | undefined
  readonly secret: string
}

/** What the objects lie in, and what they are for. */
export interface ExportScene {
  readonly taken: Taken
  readonly names: Names
  readonly slots: readonly KeySlot[]
  /** Those that policies look for so far. */
  readonly passwords: Passwords[]
  readonly listeners: readonly ExportedListener[]
  readonly namespace: string
  readonly gateway: string
  /** The text of a file that the config names and that holds no secret; undefined where it cannot be read. */
  readonly readFile: (path: string) => string | undefined
}

/** What is made of routes and models. */
export interface ExportedRoute {
  /** The place of the config that it is, as `llm` or `routes[0]`. */
  readonly place: string
  /** Of its HTTPRoute. */
  readonly name: string
  readonly listeners: readonly ExportedListener[]
  readonly objects: readonly KubernetesObject[]
  readonly providers: readonly ManifestProvider[]
  /** What works differently there. */
  readonly notes?: readonly string[]
  /** A policy of its listeners reads the model of each request before a route is chosen. */
  readonly readsModels?: boolean
}

/** The header that a policy puts the model of a request into, for routes to look at. */
export const MODEL_HEADER = 'x-agw-model'

export function gatewayTarget(gateway: string, listener: string): Words {
  return { group: GATEWAY_API, kind: 'Gateway', name: gateway, sectionName: listener }
}

export function routeTarget(name: string): Words {
  return { group: GATEWAY_API, kind: 'HTTPRoute', name }
}

export function backendRef(name: string): Words {
  return { group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name }
}

export function routeObject(
  name: string,
  { gateway, namespace }: ExportScene,
  on: readonly ExportedListener[],
  spec: Words,
): KubernetesObject {
  const parentRefs = on.map(listener => gatewayTarget(gateway, listener.name))
  return object({ apiVersion: `${GATEWAY_API}/v1`, kind: 'HTTPRoute' }, name, namespace, {
    spec: { parentRefs, ...spec },
  })
}

/** A policy; its name is another where one that is not the same has it. */
export function policyObject(name: string, { namespace, names }: ExportScene, spec: Words): KubernetesObject {
  const type = { apiVersion: 'agentgateway.dev/v1alpha1', kind: 'AgentgatewayPolicy', target: true }
  return names.place(object(type, name, namespace, { spec }))
}
