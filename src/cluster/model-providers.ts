import type { Path } from '../config/index.ts'
import { isNode, isSet, nodesAt, pathKey, textAt } from '../config/rules/tree.ts'
import { isNewerType, type ManifestProvider, type ProviderSettings } from '../kubernetes/index.ts'
import { LLM_PATHS, PRESETS, type PresetName } from '../providers/index.ts'
import { backendKey } from './auth.ts'
import { customSettings } from './formats.ts'
import { modelPromptWords } from './prompts.ts'
import { requireSettings } from './providers.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { healthOf, requireReachable, tlsOf } from './upstreams.ts'

/** Path suffix → kind of request, as the `llm` section of agentgateway 1.4 has them by itself; a backend of the controller has none. */
const MODEL_ROUTES = Object.fromEntries(
  Object.entries(LLM_PATHS).filter(([, kind]) => kind !== 'realtime' && !isNewerType(kind)),
)

/** An entry of `llm.models`, at its path. Throws {@link Unwritten}. */
export function modelProvider(scene: ExportScene, path: Path): ManifestProvider {
  const { taken } = scene
  const source = sourceOf(scene, path)
  const word = taken.take(...source, 'provider')
  if (source !== path) taken.take(...path, 'provider')
  const params = (key: string): string | undefined => {
    const value = taken.take(...source, 'params', key)
    return typeof value === 'string' ? value : undefined
  }
  for (const own of [source, path])
    if (taken.look(...own, 'params', 'tokenize') === false) taken.take(...own, 'params', 'tokenize')
  const [own, theirs] = [taken.take(...path, 'params', 'model'), params('model')]
  const settings = settingsOf(word, typeof own === 'string' ? own : theirs, params)
  // What is set here is stronger than what stands beside it.
  const isInParams = isSet(taken.look(...source, 'params', 'apiKey'))
  const places: Path[] = isInParams
    ? []
    : [[...path, 'auth'], ...(source === path ? [] : [[...source, 'defaults', 'auth']])]
  // By itself a model is called after its key slot: its own name may be a star.
  const named = source === path ? undefined : textAt(taken.look(...source), 'name')
  const key = backendKey(scene, places, source, named)
  for (const own of [source, path]) taken.take(...own, 'name')
  taken.take(...path, 'id')
  const baseUrl = params('baseUrl') ?? settings.baseUrl
  if (baseUrl !== undefined) requireReachable(baseUrl)
  else if (settings.provider.kind === 'custom') unwritten('a custom provider needs baseUrl')
  const levels = [path]
  const tls = tlsOf(taken, levels, 'tls') ?? tlsOf(taken, levels)
  if (tls !== undefined && baseUrl?.startsWith('http:') === true)
    unwritten('its baseUrl says http, and its tls says otherwise')
  return {
    ...key,
    provider: requireSettings(settings.provider),
    ...(baseUrl !== undefined && { baseUrl, keepsPaths: true }),
    routes: MODEL_ROUTES,
    ai: modelPromptWords(taken, path),
    policies: {
      ...(tls !== undefined && Object.keys(tls).length > 0 && { tls }),
      ...healthOf(taken, levels),
    },
  }
}

/** Where the provider of a model is described: in the model, or in the entry of `llm.providers` that it refers to. */
function sourceOf({ taken }: ExportScene, path: Path): Path {
  const reference = textAt(taken.look(...path), 'provider', 'reference')
  if (reference === undefined) return path
  const providers = nodesAt(taken.look('llm'), 'providers')
  const [, index] = providers.find(([one]) => textAt(one, 'name') === reference) ?? []
  if (index === undefined) unwritten('it refers to a provider that is nowhere')
  return ['llm', 'providers', index]
}

/** Leaves the entries of `llm.providers` over that no model of these, at their paths, refers to. */
export function leaveUnusedProviders(scene: ExportScene, models: readonly Path[]): void {
  const used = models.map(path => pathKey(sourceOf(scene, path)))
  for (const [, index] of nodesAt(scene.taken.look('llm'), 'providers')) {
    const path: Path = ['llm', 'providers', index]
    if (!used.includes(pathKey(path))) scene.taken.leave(path, 'no model that is written refers to it')
  }
}

interface Settings {
  readonly provider: ProviderSettings
  readonly baseUrl?: string
}

function settingsOf(
  word: unknown,
  model: string | undefined,
  params: (key: string) => string | undefined,
): Settings {
  if (isNode(word) && isNode(word['custom'])) return { provider: customSettings(word['custom'], model) }
  if (typeof word !== 'string') unwritten('its provider is no word that the controller has too')
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
  return Object.hasOwn(PRESETS, word)
    ? presetSettings(word as PresetName, model)
    : unwritten(`the controller has no provider like ${word}`)
}

/** An address with a path cannot stand beside paths of formats; requests of those kinds are translated then. */
function presetSettings(word: PresetName, model: string | undefined): Settings {
  const { baseUrl, formats } = PRESETS[word]
  const plain = formats.filter(format => !('path' in format) || format.path === undefined)
  const kept = plain.length > 0 && new URL(baseUrl).pathname !== '/' ? plain : formats
  return { provider: { kind: 'custom', formats: kept, model }, baseUrl }
}
