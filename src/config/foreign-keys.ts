/** What people call keys that agentgateway has under another name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  arguments: 'args',
  command: 'cmd',
  endpoint: 'baseUrl',
  environment: 'env',
  hosts: 'hostnames',
  hostname: 'hostnames',
  key: 'apiKey',
  prefix: 'pathPrefix',
  rateLimit: 'localRateLimit',
  rateLimits: 'localRateLimit',
  retries: 'retry',
  url: 'baseUrl',
}

const KUBERNETES = 'this is a resource of Kubernetes; a config starts with gateways, llm or binds'
const LITELLM = 'this is of LiteLLM: `agentgateway import --from litellm -f FILE` makes a config of it'
const IN_AGW_FILE = 'this is for agw.yaml beside the config: `agw validate` of the config checks both'

/** Keys of the whole file that come from elsewhere. */
const AT_THE_TOP: Readonly<Record<string, string>> = {
  apiVersion: KUBERNETES,
  kind: KUBERNETES,
  metadata: KUBERNETES,
  spec: KUBERNETES,
  general_settings: LITELLM,
  litellm_settings: LITELLM,
  model_list: LITELLM,
  router_settings: LITELLM,
  secrets: IN_AGW_FILE,
  sources: IN_AGW_FILE,
  maxAge: IN_AGW_FILE,
  listener: 'it was removed from agentgateway: what it said stands in frontendPolicies now',
}

/** Fields of requests that people put beside the key. */
const IN_REQUESTS = new Set([
  'temperature',
  'max_tokens',
  'maxTokens',
  'top_p',
  'topP',
  'seed',
  'stop',
  'stream',
  'frequency_penalty',
  'presence_penalty',
  'reasoning_effort',
])

/** The key among `keys` that goes by another name elsewhere. */
export function synonymOf(key: string, keys: readonly string[]): string | undefined {
  const own = Object.hasOwn(SYNONYMS, key) ? SYNONYMS[key] : undefined
  return own !== undefined && keys.includes(own) ? own : undefined
}

/** What to do about an unknown key that is no slip of the pen; `value` is what stands at it, `keys` what is taken. */
export function foreignHint(key: string, value: unknown, keys: readonly string[]): string | undefined {
  if (key === '<<') return 'agentgateway applies no merge keys: write out the keys that it would bring in'
  if (key === 'copilot' && keys.includes('passthrough'))
    return 'copilot is a word of its own: write `backendAuth: copilot`'
  if (keys.length === 1 && keys[0] === 'file') {
    return /^(?:env|var|variable|fromEnv|envVar|environment)$/i.test(key)
      ? 'a variable stands in place of the map: write "$NAME"'
      : 'write the path of the file as "file", or in place of the map the variable: "$NAME"'
  }
  if (keys.includes('reference') && keys.includes('custom'))
    return 'a provider is one word here, as in `provider: anthropic`; what it needs stands in "params"'
  if (keys.includes('hostOverride') && keys.includes('apiKey') && IN_REQUESTS.has(key))
    return 'what requests say where the client does not stands in "defaults", beside "params"'
  if (keys.includes('binds') && Object.hasOwn(AT_THE_TOP, key)) return AT_THE_TOP[key]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const inner = Object.keys(value)
  const fits = inner.length > 0 && inner.every(one => keys.includes(one))
  return fits ? `write what stands in it one level up, without "${key}"` : undefined
}
