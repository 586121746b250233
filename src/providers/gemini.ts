import { bearerToken, removeHeader, setHeader } from './headers.ts'
import { modelSegment } from './path-segment.ts'
import { below, field, limited, type Probe, REFUSED, unclear, usualVerdict, WORKS, word } from './probe.ts'
import { type FinishFacts, type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** Google's API keys start so; OAuth access tokens do not, and stay in `Authorization`. */
const KEY_PREFIX = 'AIza'

const ACCEPTED: ReadonlySet<Format> = new Set([
  'completions',
  'embeddings',
  'generateContent',
  'geminiCountTokens',
])

/** `models/x`, `tunedModels/x` and `x` as one resource name that cannot open a path segment of its own. */
function resourceName(model: string): string {
  const slash = model.indexOf('/')
  const collection = slash < 0 ? '' : model.slice(0, slash)
  const known = collection === 'models' || collection === 'tunedModels'
  const id = known ? model.slice(slash + 1) : model
  return `${known ? collection : 'models'}/${modelSegment(id)}`
}

/** Path of Gemini's own API, which carries the model. */
export function nativeGeminiPath(facts: PathFacts): string {
  const name = `/v1beta/${resourceName(facts.model)}`
  if (facts.type === 'geminiCountTokens') return `${name}:countTokens`
  return facts.streaming ? `${name}:streamGenerateContent` : `${name}:generateContent`
}

/** The native endpoints take API keys in `x-goog-api-key`; the OpenAI-compatible ones take them as bearer. */
function finish(headers: string[], facts: FinishFacts): void {
  if (facts.type !== 'generateContent' && facts.type !== 'geminiCountTokens') return
  const token = bearerToken(headers)
  if (token === undefined || facts.explicitLocation || !token.startsWith(KEY_PREFIX)) return
  removeHeader(headers, 'authorization')
  setHeader(headers, 'x-goog-api-key', token)
}

/** Why a key that is known is not let through, as Google's `ErrorInfo` names it. */
const RESTRICTED = /^API_KEY_(?:HTTP_REFERRER|IP_ADDRESS|ANDROID_APP|IOS_APP|SERVICE)_BLOCKED$/

/** https://ai.google.dev/api/models#method:-models.list, https://cloud.google.com/apis/design/errors */
const probe: Probe = {
  request: (key, prefix) => ({ path: `${below(prefix, '')}/v1beta/models`, key: ['x-goog-api-key', key] }),
  judge: answer => {
    const { status, body } = answer
    const reasons = reasonsOf(body)
    if (status === 200 && Array.isArray(field(body, 'models'))) return WORKS
    if (status === 400 && reasons.includes('API_KEY_INVALID')) return REFUSED
    if (status === 403 && reasons.some(reason => RESTRICTED.test(reason)))
      return limited('it is restricted to other callers or services')
    if (status === 401 && reasons.includes('ACCESS_TOKEN_TYPE_UNSUPPORTED'))
      return unclear('it does not take keys of this kind at this address')
    return usualVerdict(answer)
  },
}

function reasonsOf(body: unknown): string[] {
  const details = field(body, 'error', 'details')
  return Array.isArray(details) ? details.map(one => word(one, 'reason')) : []
}

function path(facts: PathFacts, prefix: string | undefined): string {
  const below = prefix === undefined ? '' : trimSlashes(prefix)
  if (facts.type === 'generateContent' || facts.type === 'geminiCountTokens')
    return below + nativeGeminiPath(facts)
  if (facts.type === 'embeddings') return `${below}/v1beta/openai/embeddings`
  return `${below}/v1beta/openai/chat/completions`
}

/**
 * https://ai.google.dev/gemini-api/docs/openai for completions and embeddings (agentgateway translates
 * completions to the native shape; here they go to Google's own compatible endpoint), native paths otherwise.
 */
export const gemini: Provider = {
  kind: 'gemini',
  telemetryName: 'gcp.gemini',
  host: 'generativelanguage.googleapis.com',
  basePath: undefined,
  renamesTokenLimit: false,
  probe,
  accepts: format => ACCEPTED.has(format),
  path,
  finish,
}
