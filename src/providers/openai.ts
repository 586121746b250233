import { type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** Path below the base for the shapes of OpenAI's API; what others speak of it is the same. */
export function openAIPath(format: Format): string {
  switch (format) {
    case 'responses':
      return '/responses'
    case 'embeddings':
      return '/embeddings'
    case 'rerank':
      return '/rerank'
    case 'realtime':
      return '/realtime'
    default:
      return '/chat/completions'
  }
}

const ACCEPTED: ReadonlySet<Format> = new Set(['completions', 'responses', 'embeddings', 'rerank'])

/** https://platform.openai.com/docs/api-reference */
export const openAI: Provider = {
  kind: 'openAI',
  telemetryName: 'openai',
  host: 'api.openai.com',
  basePath: '/v1',
  renamesTokenLimit: true,
  accepts: format => ACCEPTED.has(format),
  path: (facts: PathFacts, prefix: string | undefined) =>
    (prefix === undefined ? '/v1' : trimSlashes(prefix)) + openAIPath(facts.type),
}
