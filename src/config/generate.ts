import type { Secret } from '../secrets/secret.ts'
import { configYaml, literalText, quoted } from './yaml-text.ts'

export const STYLES = ['llm', 'binds', 'gateways'] as const
export type Style = (typeof STYLES)[number]

/** How a new config refers to a key. */
export type KeyReference =
  | { readonly method: 'inline'; readonly value: Secret }
  | { readonly method: 'env'; readonly variable: string }
  | { readonly method: 'file'; readonly path: string }
  | { readonly method: 'passthrough'; readonly header?: string | undefined }
  | { readonly method: 'none' }

/** One provider of a new config. */
export interface ProviderEntry {
  /** Name of the backend or model entry, and so of its key slot. */
  readonly name: string
  /** The provider's word in `llm` models, and in `ai.provider`. */
  readonly words: { readonly llm: string; readonly ai: string }
  /** Replaces the model of every request; absent, the client chooses. */
  readonly model?: string | undefined
  /** Client-visible model name it serves (`*`, `gpt-*`, or one model) in the `llm` style. */
  readonly pattern: string
  /** Another host than the provider's own; `preset` when the `llm` word already implies it. */
  readonly endpoint?: { readonly url: string; readonly preset: boolean } | undefined
  /** What the provider is called with besides, in the words of `llm` models and of `ai.provider`. */
  readonly settings: {
    readonly llm: Readonly<Record<string, string>>
    readonly ai: Readonly<Record<string, string>>
  }
  readonly key: KeyReference
  /** The header a key goes into when it is not the provider's usual place. */
  readonly keyHeader?: string | undefined
  /** Path suffix → kind of request, for the styles that have no table of their own. */
  readonly routes: Readonly<Record<string, string>>
}

export interface ConfigChoices {
  readonly style: Style
  readonly port: number
  readonly providers: readonly ProviderEntry[]
}

type Yaml = Record<string, unknown>

/** What stands above a new config. */
const HEADING = ` An agentgateway config, for \`agw serve\` and the agentgateway binary alike.\n Check it with \`agw validate\`; see its keys with \`agw keys list\`.`

/** The text of a new config: pure agentgateway, every reference to a variable in quotes. */
export function generateConfig(choices: ConfigChoices): string {
  return configYaml(sections(choices), { comment: HEADING })
}

function sections({ style, port, providers }: ConfigChoices): Yaml {
  if (style === 'llm') {
    return { gateways: { default: { port } }, llm: { models: providers.map(llmModel) } }
  }
  const routes = providers.map(provider =>
    route(provider, providers.length > 1 ? `/${provider.name}` : undefined),
  )
  if (style === 'binds') return { binds: [{ port, listeners: [{ routes }] }] }
  return { gateways: { default: { port } }, routes }
}

/** An entry of `llm.models`. */
export function llmModel(entry: ProviderEntry): Yaml {
  const { key, endpoint } = entry
  const isSimple = key.method !== 'passthrough' && key.method !== 'none' && entry.keyHeader === undefined
  const params: Yaml = {
    ...(entry.model !== undefined && { model: entry.model }),
    ...(isSimple && { apiKey: keyValue(key) }),
    ...(endpoint !== undefined && !endpoint.preset && { baseUrl: endpoint.url }),
    ...entry.settings.llm,
  }
  return {
    name: entry.pattern,
    provider: entry.words.llm,
    ...(Object.keys(params).length > 0 && { params }),
    ...(!isSimple && key.method !== 'none' && { auth: auth(entry, key) }),
  }
}

/** A route to a provider, for all requests or for those below a path. */
export function route(entry: ProviderEntry, prefix: string | undefined): Yaml {
  return {
    name: entry.name,
    ...(prefix !== undefined && { matches: [{ path: { pathPrefix: prefix } }] }),
    backends: [{ ai: aiBackend(entry) }],
    policies: {
      ...(entry.key.method !== 'none' && { backendAuth: auth(entry, entry.key) }),
      ai: { routes: { ...entry.routes } },
    },
  }
}

function aiBackend(entry: ProviderEntry): Yaml {
  const provider = { ...entry.settings.ai, ...(entry.model !== undefined && { model: entry.model }) }
  const backend = { name: entry.name, provider: { [entry.words.ai]: provider } }
  if (entry.endpoint === undefined) return backend
  const { hostname, port, protocol, pathname } = new URL(entry.endpoint.url)
  const secure = protocol === 'https:'
  return {
    ...backend,
    hostOverride: `${hostname}:${port || (secure ? 443 : 80)}`,
    pathPrefix: pathname.replace(/\/$/, '') || '/',
    ...(secure && { policies: { backendTLS: {} } }),
  }
}

function auth(entry: ProviderEntry, key: Exclude<KeyReference, { method: 'none' }>): Yaml {
  if (key.method === 'passthrough') {
    return { passthrough: key.header === undefined ? {} : { location: { header: { name: key.header } } } }
  }
  const value = keyValue(key)
  if (entry.keyHeader === undefined) return { key: value }
  return { key: { value, location: { header: { name: entry.keyHeader } } } }
}

function keyValue(key: Exclude<KeyReference, { method: 'passthrough' | 'none' }>): unknown {
  if (key.method === 'env') return quoted(`$${key.variable}`)
  if (key.method === 'file') return { file: literalText(key.path) }
  return literalText(key.value.reveal())
}
