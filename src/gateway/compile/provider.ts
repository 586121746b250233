import type { Path } from '../../config/diagnostic.ts'
import type { AiProviderKind, LlmParams } from '../../config/schema.ts'
import {
  anthropic,
  azure,
  bedrock,
  type CustomFormat,
  custom,
  gemini,
  openAI,
  PRESET_PROBES,
  PRESETS,
  type PresetName,
  type Provider,
  vertex,
} from '../../providers/index.ts'
import { invalid } from './invalid.ts'

/** A provider and the model that the config asks it for. */
export interface ChosenProvider {
  readonly provider: Provider
  readonly model: string | undefined
}

type Custom = NonNullable<AiProviderKind['custom']>

function chooseCustom(settings: Custom, fallbackName: string | undefined): ChosenProvider {
  const formats = settings.formats.map(({ type, path }): CustomFormat => ({ type, path: path ?? undefined }))
  const telemetryName = settings.providerOverride ?? fallbackName
  return { provider: custom({ formats, telemetryName }), model: settings.model ?? undefined }
}

/** The `provider` of an `ai` backend. */
export function chooseProvider(kind: AiProviderKind, path: Path): ChosenProvider {
  if (kind.openAI !== undefined) return { provider: openAI, model: kind.openAI.model ?? undefined }
  if (kind.anthropic !== undefined) return { provider: anthropic, model: kind.anthropic.model ?? undefined }
  if (kind.gemini !== undefined) return { provider: gemini, model: kind.gemini.model ?? undefined }
  if (kind.azure !== undefined) {
    const { resourceName, resourceType, apiVersion, projectName, model } = kind.azure
    return azureProvider(resourceName, resourceType, apiVersion, projectName, model)
  }
  if (kind.vertex !== undefined) {
    const { projectId, region, model } = kind.vertex
    return vertexProvider(projectId, region, model)
  }
  if (kind.bedrock !== undefined) {
    const { region, guardrailIdentifier, guardrailVersion, model } = kind.bedrock
    const guardrail = {
      guardrailIdentifier: guardrailIdentifier ?? undefined,
      guardrailVersion: guardrailVersion ?? undefined,
    }
    return {
      provider: bedrock({ region, model: model ?? undefined, ...guardrail }),
      model: model ?? undefined,
    }
  }
  if (kind.custom !== undefined) return chooseCustom(kind.custom, undefined)
  throw unsupported(path)
}

function azureProvider(
  resourceName: string,
  resourceType: 'openAI' | 'foundry' | 'aiServices',
  apiVersion: string | null | undefined,
  projectName: string | null | undefined,
  model: string | null | undefined,
): ChosenProvider {
  const provider = azure({
    resourceName,
    resourceType: resourceType === 'openAI' ? 'openAI' : 'foundry',
    apiVersion: apiVersion ?? undefined,
    projectName: projectName ?? undefined,
    model: model ?? undefined,
  })
  return { provider, model: model ?? undefined }
}

function vertexProvider(
  projectId: string,
  region: string | null | undefined,
  model: string | null | undefined,
): ChosenProvider {
  const settings = { projectId, region: region ?? undefined, model: model ?? undefined }
  return { provider: vertex(settings), model: settings.model }
}

/** What an `llm` model says of its provider, a reference followed. */
export interface LlmChoice {
  readonly kind: string | { readonly custom?: Custom | undefined }
  readonly params: LlmParams
  /** Name of the entry of `llm.providers` that the model refers to. */
  readonly referenced: string | undefined
}

/** The provider of an `llm` model. */
export function chooseLlmProvider({ kind, params, referenced }: LlmChoice, path: Path): ChosenProvider {
  const model = params.model ?? undefined
  if (typeof kind === 'object') {
    if (kind.custom === undefined) throw unsupported(path)
    const chosen = chooseCustom(kind.custom, referenced)
    return { ...chosen, model: model ?? chosen.model }
  }
  if (isPreset(kind))
    return {
      provider: custom({ formats: PRESETS[kind].formats, telemetryName: kind, probe: PRESET_PROBES[kind] }),
      model,
    }
  switch (kind) {
    case 'openai':
    case 'openAI':
      return { provider: openAI, model }
    case 'anthropic':
      return { provider: anthropic, model }
    case 'gemini':
      return { provider: gemini, model }
    case 'azure': {
      const { azureResourceName, azureResourceType, azureApiVersion, azureProjectName } = params
      if (!azureResourceName || !azureResourceType) {
        throw invalid(
          path,
          'azure needs its resource',
          'add azureResourceName and azureResourceType to params',
        )
      }
      return azureProvider(azureResourceName, azureResourceType, azureApiVersion, azureProjectName, model)
    }
    case 'vertex': {
      const { vertexProject, vertexRegion } = params
      if (!vertexProject) throw invalid(path, 'vertex needs its project', 'add vertexProject to params')
      return vertexProvider(vertexProject, vertexRegion, model)
    }
    case 'bedrock': {
      const { awsRegion: region } = params
      if (!region) throw invalid(path, 'bedrock needs its region', 'add awsRegion to params')
      return { provider: bedrock({ region, model }), model }
    }
    default:
      throw unsupported(path)
  }
}

/** Whether the name stands for a known service with an address of its own. */
export function isPreset(kind: string): kind is PresetName {
  return Object.hasOwn(PRESETS, kind)
}

function unsupported(path: Path): Error {
  return invalid(
    path,
    'the embedded gateway does not run this provider',
    'run the config with the agentgateway binary',
  )
}
