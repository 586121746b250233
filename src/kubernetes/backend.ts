import { AgwError } from '../errors.ts'
import { secretName, toDnsName } from './names.ts'
import { type KubernetesObject, object, TARGET_VERSION } from './objects.ts'

/** A provider with the settings its kind needs; the kinds are those of `ai.provider` in config.yaml. */
export type ProviderSettings =
  | { readonly kind: 'openAI' | 'anthropic' | 'gemini'; readonly model?: string | undefined }
  | {
      readonly kind: 'azure'
      readonly resourceName: string
      /** As config.yaml has it: `openAI` or `foundry`. */
      readonly resourceType: string
      readonly projectName?: string | undefined
      readonly apiVersion?: string | undefined
      readonly model?: string | undefined
    }
  | {
      readonly kind: 'vertex'
      readonly projectId: string
      readonly region?: string | undefined
      readonly model?: string | undefined
    }
  | { readonly kind: 'bedrock'; readonly region?: string | undefined; readonly model?: string | undefined }
  | {
      readonly kind: 'custom'
      readonly formats: readonly { readonly type: string; readonly path?: string | undefined }[]
      readonly model?: string | undefined
    }

/** One provider of the gateway. */
export interface ManifestProvider {
  /** The key slot's name: the objects are named after it. */
  readonly name: string
  readonly provider: ProviderSettings
  /** Another address than the provider's own: `https://host[:port][/prefix]`. */
  readonly baseUrl?: string | undefined
  /** Where its address has no path, the paths of requests stay as they are; else they become those of the provider. */
  readonly keepsPaths?: boolean | undefined
  /** The path that is called whatever the request asks for. */
  readonly path?: string | undefined
  /**
   * `secret`: a key in the Secret `secretName(name)`; `passthrough`: the client brings its own; `none`: nothing is said, and
   * a cloud's own identity is used where the provider has one.
   */
  readonly auth: 'secret' | 'passthrough' | 'none'
  /** The key slot whose Secret it is, where several providers share one; else that of its name. */
  readonly slot?: string | undefined
  /** The header for the key where it is not the provider's usual place, as `api-key` for Azure. */
  readonly header?: string | undefined
  /** The place for the key in the words of manifests, where it is another one than a header without a prefix. */
  readonly location?: Readonly<Record<string, unknown>> | undefined
  /** Path suffix → kind of request, as `policies.ai.routes` in config.yaml has it. */
  readonly routes?: Readonly<Record<string, string>> | undefined
  /** What is done with its requests and answers, in the words of `ai` of manifests. */
  readonly ai?: Readonly<Record<string, unknown>> | undefined
  /** What else holds for its calls, in the words of manifests: `health`, `tls`. */
  readonly policies?: Readonly<Record<string, unknown>> | undefined
}

/** Kinds of requests that agentgateway 1.4 has no word for in Kubernetes. */
const NEWER_TYPES = new Set(['generateContent', 'geminiCountTokens'])

/** Whether the target release has no word for a kind of requests. */
export function isNewerType(kind: string): boolean {
  return NEWER_TYPES.has(kind)
}

/** What of a provider's routes cannot be written for the target release; empty when all can. */
export function routesLeftOut({ routes = {} }: ManifestProvider): string[] {
  return Object.keys(routes).filter(path => NEWER_TYPES.has(routes[path] ?? ''))
}

/**
 * The AgentgatewayBackend of one provider. Throws INPUT_NEEDED for a custom provider without an address and
 * CONFIG_INVALID for an address that cannot be written.
 */
export function backendObject(entry: ManifestProvider, namespace: string): KubernetesObject {
  const { provider, policies } = partsOf(entry)
  return backend(toDnsName(entry.name), namespace, {
    ai: { provider },
    ...(Object.keys(policies).length > 0 && { policies }),
  })
}

/** The AgentgatewayBackend of groups of providers, the first of them tried first. Throws as {@link backendObject} does. */
export function groupsObject(
  name: string,
  namespace: string,
  groups: readonly (readonly ManifestProvider[])[],
): KubernetesObject {
  const taken = new Set<string>()
  const named = (entry: ManifestProvider): Readonly<Record<string, unknown>> => {
    const base = toDnsName(entry.name)
    let own = base
    for (let count = 2; taken.has(own); count += 1) own = `${base}-${count}`
    taken.add(own)
    const { provider, policies } = partsOf(entry)
    return { name: own, ...provider, ...(Object.keys(policies).length > 0 && { policies }) }
  }
  return backend(toDnsName(name), namespace, {
    ai: { groups: groups.map(entries => ({ providers: entries.map(named) })) },
  })
}

/** The backend of a plain `host:port`; undefined where it is none. */
export function staticBackend(
  name: string,
  namespace: string,
  address: string,
  policies: Readonly<Record<string, unknown>> = {},
): KubernetesObject | undefined {
  const [, host, digits] = /^([\w.-]+):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (host === undefined || host.length > 253 || port < 1 || port > 65_535) return undefined
  return backend(name, namespace, {
    static: { host, port },
    ...(Object.keys(policies).length > 0 && { policies }),
  })
}

function backend(name: string, namespace: string, spec: Readonly<Record<string, unknown>>): KubernetesObject {
  const type = { apiVersion: 'agentgateway.dev/v1alpha1', kind: 'AgentgatewayBackend', target: true }
  return object(type, name, namespace, { spec })
}

function partsOf(entry: ManifestProvider): Readonly<Record<'provider' | 'policies', object>> {
  const address = entry.baseUrl === undefined ? undefined : addressOf(entry, entry.baseUrl)
  const routes = routesOf(entry)
  const ai = { ...(Object.keys(routes).length > 0 && { routes }), ...entry.ai }
  return {
    provider: {
      ...providerOf(entry),
      ...address?.place,
      ...(entry.path !== undefined && { path: entry.path }),
    },
    policies: {
      ...(entry.auth !== 'none' && { auth: authPolicy(entry) }),
      // Without this an overridden host is called in plain text.
      ...(address?.secure === true && { tls: {} }),
      ...(Object.keys(ai).length > 0 && { ai }),
      ...entry.policies,
    },
  }
}

/** How a backend authenticates, as `auth` of its policies. */
export function authPolicy({
  auth,
  header,
  location = header === undefined ? undefined : { header: { name: header } },
  name,
  slot = name,
}: Pick<ManifestProvider, 'auth' | 'header' | 'location' | 'name' | 'slot'>): Readonly<
  Record<string, unknown>
> {
  const place = location === undefined ? {} : { location }
  if (auth === 'passthrough') return { passthrough: {}, ...place }
  return { secretRef: { name: secretName(slot) }, ...place }
}

function providerOf({ provider, baseUrl, name }: ManifestProvider): Readonly<Record<string, unknown>> {
  const model = provider.model === undefined ? {} : { model: provider.model }
  switch (provider.kind) {
    case 'openAI':
      return { openai: model }
    case 'anthropic':
    case 'gemini':
      return { [provider.kind]: model }
    case 'azure': {
      const foundry = provider.resourceType.toLowerCase() !== 'openai'
      // config.yaml takes the resource's name for the project by default; here it must be written.
      const projectName = provider.projectName ?? (foundry ? provider.resourceName : undefined)
      return {
        azure: {
          resourceName: provider.resourceName,
          resourceType: foundry ? 'Foundry' : 'OpenAI',
          ...(projectName !== undefined && { projectName }),
          ...(provider.apiVersion !== undefined && { apiVersion: provider.apiVersion }),
          ...model,
        },
      }
    }
    case 'vertex': {
      const region = provider.region === undefined ? {} : { region: provider.region }
      return { vertexai: { projectId: provider.projectId, ...region, ...model } }
    }
    case 'bedrock':
      return { bedrock: { ...(provider.region !== undefined && { region: provider.region }), ...model } }
    case 'custom': {
      if (baseUrl === undefined) {
        throw new AgwError('INPUT_NEEDED', `${name} is a custom provider and needs its address`, {
          hint: 'give the base URL of the server',
        })
      }
      const formats = provider.formats.map(({ type, path }) => ({
        type: pascal(type),
        ...(path !== undefined && { path }),
      }))
      return { custom: { formats, ...model } }
    }
  }
}

interface Address {
  readonly secure: boolean
  readonly place: { readonly host: string; readonly port: number; readonly pathPrefix?: string }
}

function addressOf(entry: ManifestProvider, baseUrl: string): Address {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AgwError('CONFIG_INVALID', `the address of ${entry.name} is not an http or https URL`, {
      hint: 'write it as https://llm.example.com/v1',
    })
  }
  const secure = url.protocol === 'https:'
  const prefix = url.pathname.replace(/\/+$/, '')
  const { provider } = entry
  const ownPaths = provider.kind === 'custom' && provider.formats.some(format => format.path !== undefined)
  if (ownPaths && prefix !== '') {
    throw new AgwError(
      'CONFIG_INVALID',
      `${entry.name} has paths of its own, so its address cannot have one too`,
      {
        hint: 'write the whole path in each of its formats, and the address without a path',
      },
    )
  }
  // A prefix also switches on that paths are rewritten for the provider; a custom one rewrites them anyway.
  const isKept = entry.keepsPaths === true || entry.path !== undefined || provider.kind === 'custom'
  const pathPrefix = prefix === '' && isKept ? {} : { pathPrefix: prefix || '/' }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { secure, place: { host, port: Number(url.port) || (secure ? 443 : 80), ...pathPrefix } }
}

function routesOf(entry: ManifestProvider): Record<string, string> {
  const left = new Set(routesLeftOut(entry))
  const kept = Object.entries(entry.routes ?? {}).filter(([path]) => !left.has(path))
  return Object.fromEntries(kept.map(([path, type]) => [path, pascal(type)]))
}

function pascal(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** A note for the user about each provider's routes that the target release cannot hold. */
export function routeNotes(entries: readonly ManifestProvider[]): string[] {
  return entries.flatMap(entry => {
    const paths = routesLeftOut(entry)
    if (paths.length === 0) return []
    return [
      `${entry.name}: agentgateway ${TARGET_VERSION} has no word for the routes ${paths.join(', ')} in Kubernetes`,
    ]
  })
}
