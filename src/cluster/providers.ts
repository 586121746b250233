import type { KeySlot, Path } from '../config/index.ts'
import { isNode, nodesAt, textAt, valueAt } from '../config/rules/tree.ts'
import type { ManifestProvider, ProviderSettings } from '../kubernetes/index.ts'
import { PRESETS, type PresetName } from '../providers/index.ts'
import type { Taken } from './taken.ts'

/** A provider that can be written, or why not. */
export type Exported = { readonly provider: ManifestProvider } | { readonly why: string }

/** Path suffix → kind of request, as the `llm` section has them by itself; a backend of the controller has none. */
const MODEL_ROUTES: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'completions',
  '/v1/messages': 'messages',
  '/v1/messages/count_tokens': 'anthropicTokenCount',
  '/v1/responses': 'responses',
  '/v1/responses/compact': 'detect',
  '/v1/embeddings': 'embeddings',
  '/v1/rerank': 'rerank',
  '/v2/rerank': 'rerank',
  '/v1/images/generations': 'detect',
  '/v1/images/edits': 'detect',
  '/v1/images/variations': 'detect',
  ':rawPredict': 'messages',
  ':streamRawPredict': 'messages',
  '*': 'passthrough',
}

/** An entry of `llm.models`, at its path. */
export function modelProvider(taken: Taken, path: Path, slots: readonly KeySlot[]): Exported {
  const word = taken.take(...path, 'provider')
  if (typeof word !== 'string') return { why: 'its provider is no word that the controller has too' }
  const params = (key: string): string | undefined => {
    const value = taken.take(...path, 'params', key)
    return typeof value === 'string' ? value : undefined
  }
  const model = params('model')
  const settings = modelSettings(word, model, params)
  if (settings === undefined) return { why: `the controller has no provider like ${word}` }
  const key = keyOf(taken, [...path, 'auth'], slots, path)
  if ('why' in key) return key
  taken.take(...path, 'params', 'apiKey')
  taken.take(...path, 'name')
  taken.take(...path, 'id')
  const baseUrl = params('baseUrl') ?? settings.baseUrl
  if (baseUrl !== undefined && isOnThisMachine(baseUrl))
    return { why: 'it is on this machine, where a cluster does not reach it' }
  return {
    provider: {
      ...key,
      provider: settings.provider,
      ...(baseUrl !== undefined && { baseUrl }),
      routes: MODEL_ROUTES,
    },
  }
}

function modelSettings(
  word: string,
  model: string | undefined,
  params: (key: string) => string | undefined,
): { readonly provider: ProviderSettings; readonly baseUrl?: string } | undefined {
  switch (word.toLowerCase()) {
    case 'openai':
      return { provider: { kind: 'openAI', model } }
    case 'anthropic':
    case 'gemini':
      return { provider: { kind: word.toLowerCase() as 'anthropic', model } }
    case 'vertex':
      return {
        provider: {
          kind: 'vertex',
          projectId: params('vertexProject') ?? '',
          region: params('vertexRegion'),
          model,
        },
      }
    case 'bedrock':
      return { provider: { kind: 'bedrock', region: params('awsRegion'), model } }
    case 'azure':
      return {
        provider: {
          kind: 'azure',
          resourceName: params('azureResourceName') ?? '',
          resourceType: params('azureResourceType') ?? 'openAI',
          projectName: params('azureProjectName'),
          apiVersion: params('azureApiVersion'),
          model,
        },
      }
  }
  if (!Object.hasOwn(PRESETS, word)) return undefined
  const { baseUrl, formats } = PRESETS[word as PresetName]
  // An address with a path cannot stand beside paths of formats; requests of those kinds are translated then.
  const plain = formats.filter(format => !('path' in format) || format.path === undefined)
  return { provider: { kind: 'custom', formats: plain.length > 0 ? plain : formats, model }, baseUrl }
}

/** An `ai` backend of a route, at the path of the backend; `route` is that of the route that it stands in. */
export function aiProvider(taken: Taken, path: Path, route: Path, slots: readonly KeySlot[]): Exported {
  const ai: Path = [...path, 'ai']
  const given = taken.look(...ai, 'provider')
  const [kind] = isNode(given) ? Object.keys(given) : []
  if (kind === undefined) return { why: 'groups of providers are not written by this version' }
  const settings = aiSettings(kind, valueAt(given, kind))
  if (settings === undefined)
    return { why: `the provider ${kind} has fields that are not written by this version` }
  taken.take(...ai, 'provider')
  taken.take(...ai, 'name')
  const own = slots.some(slot => isBelow(slot.path, [...path, 'policies', 'backendAuth']))
  const key = keyOf(taken, [...(own ? path : route), 'policies', 'backendAuth'], slots, ai)
  if ('why' in key) return key
  const tls = taken.look(...path, 'policies', 'backendTLS') ?? taken.look(...ai, 'policies', 'backendTLS')
  if (isNode(tls) && Object.keys(tls).length > 0)
    return { why: 'backendTLS with fields is not written by this version' }
  taken.take(...path, 'policies', 'backendTLS')
  taken.take(...ai, 'policies', 'backendTLS')
  const host = taken.take(...ai, 'hostOverride')
  const prefix = taken.look(...ai, 'pathPrefix')
  const routes = taken.take(...route, 'policies', 'ai', 'routes')
  if (typeof host === 'string') taken.take(...ai, 'pathPrefix')
  const baseUrl =
    typeof host === 'string'
      ? `${tls === undefined ? 'http' : 'https'}://${host}${typeof prefix === 'string' ? prefix : ''}`
      : undefined
  if (baseUrl !== undefined && isOnThisMachine(baseUrl))
    return { why: 'it is on this machine, where a cluster does not reach it' }
  if (settings.kind === 'custom' && baseUrl === undefined)
    return { why: 'a custom provider needs hostOverride' }
  return {
    provider: {
      ...key,
      provider: settings,
      ...(baseUrl !== undefined && { baseUrl }),
      ...(isNode(routes) && { routes: routes as Record<string, string> }),
    },
  }
}

/** The fields of each kind that manifests have too. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  openAI: ['model'],
  anthropic: ['model'],
  gemini: ['model'],
  vertex: ['model', 'projectId', 'region'],
  bedrock: ['model', 'region'],
  azure: ['model', 'resourceName', 'resourceType', 'projectName', 'apiVersion'],
  custom: ['model', 'formats'],
}

function aiSettings(kind: string, value: unknown): ProviderSettings | undefined {
  const fields = Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined
  if (fields === undefined || (value !== null && !isNode(value))) return undefined
  if (Object.keys(value ?? {}).some(key => !fields.includes(key))) return undefined
  if (kind === 'custom' && nodesAt(value, 'formats').length === 0) return undefined
  return { kind, ...value } as ProviderSettings
}

/** How a backend gets its key: the slot that stands there, in a form that manifests have too. */
function keyOf(
  taken: Taken,
  auth: Path,
  slots: readonly KeySlot[],
  backend: Path,
): Pick<ManifestProvider, 'name' | 'auth' | 'header'> | { readonly why: string } {
  const inAuth = slots.filter(slot => isBelow(slot.path, auth))
  const slot = inAuth[0] ?? slots.find(one => one.backend !== undefined && isBelow(one.backend, backend))
  if (slot === undefined) {
    const named = textAt(taken.look(...backend), 'name')
    return taken.look(...auth) === undefined && named !== undefined
      ? { name: named, auth: 'none' }
      : { why: 'how it gets its key is not written by this version' }
  }
  const { name, method } = slot
  if (inAuth.length === 0) return { name, auth: method === 'none' ? 'none' : 'secret' }
  const value = taken.look(...auth)
  const way = method === 'passthrough' ? 'passthrough' : 'key'
  const location = valueAt(value, way, 'location')
  const header = textAt(location, 'header', 'name')
  const isPlain =
    inAuth.length === 1 &&
    isNode(value) &&
    Object.keys(value).length === 1 &&
    (location === undefined || (header !== undefined && !textAt(location, 'header', 'prefix')))
  if (!isPlain) return { why: 'this way to get a key is not written by this version' }
  taken.take(...auth)
  return { name, auth: way === 'key' ? 'secret' : 'passthrough', ...(header !== undefined && { header }) }
}

export function isBelow(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((step, index) => path[index] === step)
}

function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127\.|\[::1\])/.test(new URL(url).hostname)
}
