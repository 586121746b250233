import { type Example, example, route } from './example.ts'

function limit(numbers: string): string {
  return route(`policies:\n  localRateLimit: [{${numbers}}]`)
}

/** Two groups of providers, with policies of the first group's provider and of the route. */
function groups(health: string, retry: string): string {
  return `gateways: {default: {port: 8080}}
routes:
- backends:
  - ai:
      groups:
      - providers:
        - name: first
          provider: {openAI: {}}
${health}      - providers:
        - name: second
          provider: {openAI: {model: gpt-5-mini}}
  policies:
    backendAuth: {key: "$OPENAI_API_KEY"}
${retry}`
}

const EVICTS = '          policies: {health: {eviction: {consecutiveFailures: 3, duration: 30s}}}\n'
const RETRIES = '    retry: {attempts: 2, codes: [500, 502, 503, 504]}\n'

/** Rate limits, timeouts, retries and failover. */
export const LIMITS: readonly Example[] = [
  example(
    'RATE_LIMIT_SIZE',
    limit('maxTokens: 5, tokensPerFill: 10, fillInterval: 1s'),
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 1s'),
  ),
  example(
    'RATE_LIMIT_INTERVAL',
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 0s'),
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 1s'),
  ),
  example(
    'RATE_LIMIT_BLOCKS',
    limit('fillInterval: 1s'),
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 1s'),
  ),
  example(
    'RATE_LIMIT_NEVER_FILLS',
    limit('maxTokens: 10, fillInterval: 1s'),
    limit('maxTokens: 10, tokensPerFill: 1, fillInterval: 1s'),
  ),
  example(
    'RATE_LIMIT_UNCOUNTED',
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 1s, type: tokens'),
    limit('maxTokens: 10, tokensPerFill: 10, fillInterval: 1s, type: requests'),
  ),
  example(
    'RETRY_CODES',
    route('policies:\n  retry: {attempts: 2, codes: []}'),
    route('policies:\n  retry: {attempts: 2, codes: [503]}'),
  ),
  example(
    'TIMEOUT_ORDER',
    route('policies:\n  timeout: {requestTimeout: 10s, backendRequestTimeout: 1m}'),
    route('policies:\n  timeout: {requestTimeout: 1m, backendRequestTimeout: 10s}'),
  ),
  example('FAILOVER_WITHOUT_EVICTION', groups('', RETRIES), groups(EVICTS, RETRIES)),
  example('FAILOVER_WITHOUT_RETRY', groups(EVICTS, ''), groups(EVICTS, RETRIES)),
  example('CUSTOM_WITHOUT_HOST', custom(''), custom('      hostOverride: localhost:8000\n')),
]

function custom(host: string): string {
  return `gateways: {default: {port: 8080}}
routes:
- backends:
  - ai:
      name: local
      provider: {custom: {formats: [{type: completions}]}}
${host}  policies:
    backendAuth: {key: "$LOCAL_KEY"}
`
}
