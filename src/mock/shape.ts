import type { ProviderShape } from './options.ts'
import type { Presented } from './provider.ts'

/** Claude on Vertex AI: the model is in the path, and so is whether it streams. */
export const VERTEX_CLAUDE = /\/publishers\/anthropic\/models\/([^/:]+):(?:rawPredict|streamRawPredict)$/

/** Path ends that belong to one API alone. */
const PATHS: readonly (readonly [RegExp, ProviderShape])[] = [
  [VERTEX_CLAUDE, 'anthropic'],
  [/\/model\/[^/]+\/(?:converse|converse-stream|count-tokens|invoke)$/, 'bedrock'],
  [/\/models\/[^/]+:[A-Za-z]+$/, 'gemini'],
  [/\/v1beta\/(?:models|tunedModels)(?:\/|$)/, 'gemini'],
  [/\/v1\/messages(?:\/count_tokens)?$/, 'anthropic'],
  [/\/openai\/deployments\//, 'azure'],
  [/\/api\/projects\/[^/]+\/openai\//, 'azure'],
]

const HOSTS: readonly (readonly [RegExp, ProviderShape])[] = [
  [/^api\.anthropic\.com$/, 'anthropic'],
  [/^bedrock(?:-runtime)?\.[a-z0-9-]+\.amazonaws\.com$/, 'bedrock'],
  [/^generativelanguage\.googleapis\.com$|-?aiplatform\.googleapis\.com$/, 'gemini'],
  [/\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$/, 'azure'],
]

const OPENAI_PATH = /\/(?:chat\/completions|responses|embeddings)$|\/v1beta\/openai\//

/** Hosts that have their API below one path and nowhere else; others of the same API have it where they like. */
const AT_V1 = /^api\.(?:openai|anthropic)\.com$/
const IN_V1 =
  /^\/v1\/(?:chat\/completions|responses|embeddings|messages(?:\/count_tokens)?|models(?:\/[^/]+)?)$/

/** A path that the provider's own host does not have, though another host may. */
export function isNowhere(host: string | undefined, pathname: string): boolean {
  return AT_V1.test(hostName(host)) && !IN_V1.test(pathname)
}

function hostName(host = ''): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

/**
 * Whose API a request speaks: by its path where that settles it, else by Host and by the headers that only one of
 * them has. What nothing tells apart is OpenAI's.
 */
export function shapeOf({ pathname, query, headers }: Presented): ProviderShape {
  for (const [path, shape] of PATHS) if (path.test(pathname)) return shape
  const host = hostName(headers['host'])
  const byHost = HOSTS.find(([pattern]) => pattern.test(host))?.[1]
  const azure = byHost === 'azure' || headers['api-key'] !== undefined || query.has('api-version')
  if (OPENAI_PATH.test(pathname)) return azure ? 'azure' : 'openai'
  if (byHost) return byHost
  if (headers['anthropic-version'] !== undefined) return 'anthropic'
  if (headers['x-goog-api-key'] !== undefined || pathname.startsWith('/v1beta/')) return 'gemini'
  return azure ? 'azure' : 'openai'
}
