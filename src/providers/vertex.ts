import { isObject, type JsonObject } from '../json.ts'
import { modelSegment, pathSegment } from './path-segment.ts'
import { type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** A project of Google Cloud with the models of Vertex AI: Google's own, Claude, and those of other publishers. */
export interface VertexSettings {
  readonly projectId: string
  /** A region, `us` or `eu`, or `global`, which it is by default. */
  readonly region?: string | undefined
  readonly model?: string | undefined
}

/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude */
const ANTHROPIC_VERSION = 'vertex-2023-10-16'

/** They are called like the models that talk, and have no endpoint of those. */
const EMBEDDING = /^(?:gemini-embedding|text-|textembedding|multimodalembedding)/
const DATED = /-(\d{8})$/

/**
 * What may stand before a model: only as a whole and at the start, for the names that a key may use were looked at as they
 * came, and no part in their middle may choose another model.
 */
const OF_GOOGLE =
  /^(?:(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\/|models\/|google\/)/
const OF_ANTHROPIC =
  /^(?:(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/anthropic\/models\/|anthropic\/)/
/** A model of any publisher as a resource of Google Cloud. */
const RESOURCE = /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\/[^/]+$/

/** A model of Google without its publisher. */
function plainName(model: string): string {
  return model.replace(OF_GOOGLE, '')
}

/** The name of a Gemini model without its publisher; undefined for any other model. */
function geminiModel(model: string): string | undefined {
  const name = plainName(model)
  return /^gemini[-@][^/]*$/.test(name) && !EMBEDDING.test(name) ? name : undefined
}

/** The name of a Claude model as Vertex AI writes it, with `@` before its date; undefined for any other model. */
function claudeModel(model: string): string | undefined {
  const name = model.replace(OF_ANTHROPIC, '')
  if (name.includes('/') || (name === model && !name.startsWith('claude-'))) return undefined
  return name.replace(DATED, '@$1')
}

/** The compatible endpoint looks for the publisher itself, so it must not get a name that has one where none belongs. */
function hasStrayPublisher(model: string): boolean {
  return /(?:^|\/)publishers\//.test(model) && !RESOURCE.test(model)
}

/** https://docs.cloud.google.com/vertex-ai/docs/general/locations: `us` and `eu` are several regions in one. */
function hostOf(region: string): string {
  if (region === 'global') return 'aiplatform.googleapis.com'
  if (region === 'us' || region === 'eu') return `aiplatform.${region}.rep.googleapis.com`
  return `${region}-aiplatform.googleapis.com`
}

function path(facts: PathFacts): string {
  const { type, model, streaming } = facts
  if (type === 'anthropicTokenCount') return '/publishers/anthropic/models/count-tokens:rawPredict'
  if (type === 'embeddings') return `/publishers/google/models/${modelSegment(plainName(model))}:predict`
  const claude = claudeModel(model)
  if (type === 'messages' && claude !== undefined)
    return `/publishers/anthropic/models/${modelSegment(claude)}:${streaming ? 'streamRawPredict' : 'rawPredict'}`
  if (type !== 'generateContent' && type !== 'geminiCountTokens') return '/endpoints/openapi/chat/completions'
  const gemini = `/publishers/google/models/${modelSegment(geminiModel(model) ?? model)}`
  if (type === 'geminiCountTokens') return `${gemini}:countTokens`
  return `${gemini}:${streaming ? 'streamGenerateContent' : 'generateContent'}`
}

function accepts(format: Format, model: string): boolean {
  switch (format) {
    case 'completions':
      return claudeModel(model) === undefined && !hasStrayPublisher(model)
    case 'messages':
    case 'anthropicTokenCount':
      return claudeModel(model) !== undefined
    case 'generateContent':
    case 'geminiCountTokens':
      return geminiModel(model) !== undefined
    default:
      return false
  }
}

/** Claude's model stands in the path and its version in the body; the compatible endpoint wants the publisher named. */
function prepare(body: JsonObject, { type, model }: PathFacts): boolean {
  const gemini = geminiModel(model)
  if (type === 'completions' && gemini !== undefined) {
    body['model'] = `google/${gemini}`
    return true
  }
  if (type !== 'messages' && type !== 'anthropicTokenCount') return false
  body['anthropic_version'] = ANTHROPIC_VERSION
  if (type === 'messages') delete body['model']
  else body['model'] = claudeModel(model) ?? model
  // Of what Anthropic takes, these two are refused here.
  delete body['output_format']
  for (const value of Object.values(body)) dropScopes(value)
  return true
}

/** Takes `scope` out of every `cache_control`. */
function dropScopes(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) dropScopes(item)
  if (!isObject(value)) return
  if (isObject(value['cache_control'])) delete value['cache_control']['scope']
  for (const inner of Object.values(value)) dropScopes(inner)
}

/**
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/overview for completions (agentgateway
 * translates those for Gemini to the native shape; here they go to Google's own compatible endpoint), native paths
 * for Gemini's and Anthropic's shapes.
 */
export function vertex({ projectId, region = 'global', model: chosen }: VertexSettings): Provider {
  const base = `/v1/projects/${pathSegment(projectId)}/locations/${pathSegment(region)}`
  const named = (facts: PathFacts): PathFacts => (chosen === undefined ? facts : { ...facts, model: chosen })
  return {
    kind: 'vertex',
    telemetryName: 'gcp.vertex_ai',
    host: hostOf(region),
    basePath: undefined,
    renamesTokenLimit: false,
    accepts: (format, model) => accepts(format, chosen ?? model),
    path: (facts, prefix) => (prefix === undefined ? '' : trimSlashes(prefix)) + base + path(named(facts)),
    prepare: (body, facts) => prepare(body, named(facts)),
  }
}
