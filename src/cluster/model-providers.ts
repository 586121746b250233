import type { Path } from '../config/index.ts'
import { isSet } from '../config/rules/tree.ts'
import type { ManifestProvider, ProviderSettings } from '../kubernetes/index.ts'
import { PRESETS, type PresetName } from '../providers/index.ts'
import { backendKey } from './auth.ts'
import { modelPromptWords } from './prompts.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { healthOf, requireReachable, tlsOf } from './upstreams.ts'

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

/** An entry of `llm.models`, at its path. Throws {@link Unwritten}. */
export function modelProvider(scene: ExportScene, path: Path): ManifestProvider {
  const { taken } = scene
  const word = taken.take(...path, 'provider')
  if (typeof word !== 'string') unwritten('its provider is no word that the controller has too')
  const params = (key: string): string | undefined => {
    const value = taken.take(...path, 'params', key)
    return typeof value === 'string' ? value : undefined
  }
  if (taken.look(...path, 'params', 'tokenize') === false) taken.take(...path, 'params', 'tokenize')
  const settings = settingsOf(word, params('model'), params)
  if (settings === undefined) unwritten(`the controller has no provider like ${word}`)
  // What is set here is stronger than what stands beside it.
  const own: Path = [...path, 'params', 'apiKey']
  const key = backendKey(scene, isSet(taken.look(...own)) ? [] : [[...path, 'auth']], path, undefined)
  taken.take(...path, 'name')
  taken.take(...path, 'id')
  const baseUrl = params('baseUrl') ?? settings.baseUrl
  if (baseUrl !== undefined) requireReachable(baseUrl)
  const levels = [path]
  const tls = tlsOf(taken, levels, 'tls') ?? tlsOf(taken, levels)
  if (tls !== undefined && baseUrl?.startsWith('http:') === true)
    unwritten('its baseUrl says http, and its tls says otherwise')
  return {
    ...key,
    provider: settings.provider,
    ...(baseUrl !== undefined && { baseUrl, keepsPaths: true }),
    routes: MODEL_ROUTES,
    ai: modelPromptWords(taken, path),
    policies: {
      ...(tls !== undefined && Object.keys(tls).length > 0 && { tls }),
      ...healthOf(taken, levels),
    },
  }
}

interface Settings {
  readonly provider: ProviderSettings
  readonly baseUrl?: string
}

function settingsOf(
  word: string,
  model: string | undefined,
  params: (key: string) => string | undefined,
): Settings | undefined {
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
  return Object.hasOwn(PRESETS, word) ? presetSettings(word as PresetName, model) : undefined
}

/** An address with a path cannot stand beside paths of formats; requests of those kinds are translated then. */
function presetSettings(word: PresetName, model: string | undefined): Settings {
  const { baseUrl, formats } = PRESETS[word]
  const plain = formats.filter(format => !('path' in format) || format.path === undefined)
  const kept = plain.length > 0 && new URL(baseUrl).pathname !== '/' ? plain : formats
  return { provider: { kind: 'custom', formats: kept, model }, baseUrl }
}
