import { bearer, below, field, limited, type Probe, unclear, usualVerdict, WORKS, word } from './probe.ts'
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

const ACCEPTED: ReadonlySet<Format> = new Set([
  'completions',
  'responses',
  'embeddings',
  'rerank',
  'realtime',
])

/** Keys that manage an organisation are not asked about models. */
const ADMIN_PREFIX = 'sk-admin-'

/** https://platform.openai.com/docs/guides/error-codes */
const probe: Probe = {
  request: (key, prefix) => {
    const base = below(prefix, '/v1')
    const path = key.startsWith(ADMIN_PREFIX) ? `${base}/organization/admin_api_keys` : `${base}/models`
    return { path, key: bearer(key) }
  },
  judge: answer => {
    const { status, body } = answer
    const code = word(body, 'error', 'code')
    const message = word(body, 'error', 'message')
    if (status === 200 && field(body, 'object') === 'list') return WORKS
    if (status === 401 && code !== 'invalid_api_key' && /organi[sz]ation|project/i.test(`${code} ${message}`))
      return unclear('it does not find the organisation or project that goes with the key')
    if (status === 403 && /missing scopes/i.test(message))
      return limited('the key may not list models; whether it may call them is not known')
    if (status === 403 && /country|region|territory/i.test(message))
      return unclear('it does not answer calls from this country')
    if (status === 429 && code === 'insufficient_quota') return limited('there is no money on its account')
    if (status === 429 && code !== '') return limited('it is at its rate limit')
    return usualVerdict(answer)
  },
}

/** https://platform.openai.com/docs/api-reference */
export const openAI: Provider = {
  kind: 'openAI',
  telemetryName: 'openai',
  host: 'api.openai.com',
  basePath: '/v1',
  renamesTokenLimit: true,
  probe,
  accepts: format => ACCEPTED.has(format),
  path: (facts: PathFacts, prefix: string | undefined) =>
    (prefix === undefined ? '/v1' : trimSlashes(prefix)) + openAIPath(facts.type),
}
