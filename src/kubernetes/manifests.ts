import type { Secret } from '../secrets/secret.ts'
import { backendObject, type ManifestProvider, routeNotes } from './backend.ts'
import { secretName, toDnsName } from './names.ts'
import { GATEWAY_API, type KubernetesObject, object, secretObject } from './objects.ts'

export interface ManifestOptions {
  /** All objects lie in one namespace: Secrets and policies cannot be used across. */
  readonly namespace: string
  readonly port: number
  readonly providers: readonly ManifestProvider[]
  /** Keys that are known by now, by the provider's name. */
  readonly keys?: ReadonlyMap<string, Secret> | undefined
  /** The Gateway's name, and so of its Deployment and Service; `agw` unless told. */
  readonly gateway?: string | undefined
}

/** What is written for agentgateway's controller. */
export interface Manifests {
  /** One Secret for each key that is known. They hold the keys: a file of their own with mode 0600. */
  readonly secrets: readonly KubernetesObject[]
  /** Gateway, backends and routes; they hold no secret. */
  readonly objects: readonly KubernetesObject[]
  /** Names of the Secrets that the backends refer to and that are not in `secrets`. */
  readonly missingSecrets: readonly string[]
  /** What could not be written as config.yaml has it. */
  readonly notes: readonly string[]
}

/**
 * The objects that give the controller (agentgateway 1.4) the same gateway as config.yaml: one provider takes every
 * path, several take `/name` each. Throws INPUT_NEEDED or CONFIG_INVALID for a provider that cannot be written.
 */
export function controllerManifests(options: ManifestOptions): Manifests {
  const { namespace, providers, keys = new Map<string, Secret>() } = options
  const gateway = toDnsName(options.gateway ?? 'agw')
  const referred = providers.filter(provider => provider.auth === 'secret')
  const secrets = referred.flatMap(({ name }) => {
    const key = keys.get(name)
    return key === undefined ? [] : [secretObject(secretName(name), namespace, key)]
  })
  const known = new Set(secrets.map(secret => secret.metadata.name))
  return {
    secrets,
    objects: [
      gatewayObject(gateway, namespace, [{ name: listenerName(options.port), port: options.port }]),
      ...providers.map(provider => backendObject(provider, namespace)),
      ...providers.map(provider => routeObject(provider, gateway, options)),
    ],
    missingSecrets: referred.map(({ name }) => secretName(name)).filter(name => !known.has(name)),
    notes: [...pathNotes(providers), ...routeNotes(providers)],
  }
}

/** A Gateway that listens for HTTP, or for HTTPS where a Secret has its certificate, for routes of its own namespace. */
export function gatewayObject(
  name: string,
  namespace: string,
  listeners: readonly {
    readonly name: string
    readonly port: number
    readonly hostname?: string | undefined
    /** The Secret of its certificate. */
    readonly certificate?: string | undefined
  }[],
): KubernetesObject {
  return object({ apiVersion: `${GATEWAY_API}/v1`, kind: 'Gateway' }, name, namespace, {
    spec: {
      gatewayClassName: 'agentgateway',
      listeners: listeners.map(({ hostname, certificate, ...listener }) => ({
        ...listener,
        protocol: certificate === undefined ? 'HTTP' : 'HTTPS',
        ...(hostname !== undefined && { hostname }),
        ...(certificate !== undefined && {
          tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: certificate }] },
        }),
        allowedRoutes: { namespaces: { from: 'Same' } },
      })),
    },
  })
}

function routeObject(
  provider: ManifestProvider,
  gateway: string,
  options: ManifestOptions,
): KubernetesObject {
  const { namespace, port, providers } = options
  const name = toDnsName(provider.name)
  const path = { type: 'PathPrefix', value: pathOf(provider, providers) }
  return object({ apiVersion: `${GATEWAY_API}/v1`, kind: 'HTTPRoute' }, name, namespace, {
    spec: {
      parentRefs: [{ group: GATEWAY_API, kind: 'Gateway', name: gateway, sectionName: listenerName(port) }],
      rules: [
        {
          matches: [{ path }],
          backendRefs: [{ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name }],
        },
      ],
    },
  })
}

/** Only the path tells several providers apart: the controller has no word for the model of a request. */
function pathOf({ name }: ManifestProvider, providers: readonly ManifestProvider[]): string {
  return providers.length > 1 ? `/${encodeURI(name)}` : '/'
}

function pathNotes(providers: readonly ManifestProvider[]): string[] {
  if (providers.length < 2) return []
  const paths = providers.map(provider => pathOf(provider, providers)).join(', ')
  return [
    `with the controller each provider has a path of its own (${paths}), where config.yaml tells them apart by the model: clients put it in front, as in ${pathOf(providers[0] as ManifestProvider, providers)}/v1/chat/completions`,
  ]
}

function listenerName(port: number): string {
  return `http-${port}`
}
