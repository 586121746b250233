import { bearerToken, removeHeader, setHeader } from './headers.ts'
import { bearer, below, field, limited, type Probe, unclear, usualVerdict, WORKS, word } from './probe.ts'
import { type FinishFacts, type Format, type PathFacts, type Provider, trimSlashes } from './provider.ts'

/** https://docs.anthropic.com/en/api/versioning */
export const ANTHROPIC_VERSION = '2023-06-01'

/** Subscription tokens are only taken as `Authorization: Bearer`. */
const OAUTH_PREFIX = 'sk-ant-oat'

const ACCEPTED: ReadonlySet<Format> = new Set(['messages', 'anthropicTokenCount'])

/** Path below the base for the shapes of Anthropic's API. */
export function anthropicPath(format: Format): string {
  return format === 'anthropicTokenCount' ? '/messages/count_tokens' : '/messages'
}

/**
 * Anthropic wants keys in `x-api-key`. agentgateway moves whatever bearer token is about to leave there, the
 * client's own included, unless it is a subscription token or the config chose the place; then `x-api-key` goes.
 */
function finish(headers: string[], facts: FinishFacts): void {
  const token = bearerToken(headers)
  if (token !== undefined) {
    if (token.startsWith(OAUTH_PREFIX) || facts.explicitLocation) {
      removeHeader(headers, 'x-api-key')
    } else {
      removeHeader(headers, 'authorization')
      setHeader(headers, 'x-api-key', token)
    }
  }
  setHeader(headers, 'anthropic-version', ANTHROPIC_VERSION)
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]?.toLowerCase().startsWith('sec-fetch-')) headers.splice(i, 2)
  }
}

const ADMIN_KEY = /^sk-ant-admin\d/

/** https://docs.anthropic.com/en/api/errors */
const probe: Probe = {
  request: (key, prefix) => ({
    path: below(prefix, '/v1') + (ADMIN_KEY.test(key) ? '/organizations/me' : '/models'),
    key: key.startsWith(OAUTH_PREFIX) ? bearer(key) : ['x-api-key', key],
    headers: [['anthropic-version', ANTHROPIC_VERSION]],
  }),
  judge: (answer, key) => {
    const { status, body } = answer
    const type = word(body, 'error', 'type')
    if (status === 200 && isExpected(body, key)) return WORKS
    if (status === 401 && type !== 'authentication_error')
      return unclear('something refuses the call, but not in the words of the provider')
    if (status === 403 && type === 'permission_error') return limited('its workspace does not allow the call')
    if (status === 429 && type === 'rate_limit_error') return limited('it is at its rate limit')
    return usualVerdict(answer)
  },
}

function isExpected(body: unknown, key: string): boolean {
  if (ADMIN_KEY.test(key)) return word(body, 'type') === 'organization'
  const data = field(body, 'data')
  return Array.isArray(data) && data.every(model => word(model, 'type') !== '')
}

/** https://docs.anthropic.com/en/api/messages */
export const anthropic: Provider = {
  kind: 'anthropic',
  telemetryName: 'anthropic',
  host: 'api.anthropic.com',
  basePath: '/v1',
  renamesTokenLimit: false,
  probe,
  accepts: format => ACCEPTED.has(format),
  path: (facts: PathFacts, prefix: string | undefined) =>
    (prefix === undefined ? '/v1' : trimSlashes(prefix)) + anthropicPath(facts.type),
  finish,
  // Anthropic refuses what looks like a browser's cross-origin call; the gateway is not a browser.
  refusedHeaders: ['origin', 'access-control-request-method', 'access-control-request-headers'],
}
