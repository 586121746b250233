/** How sure a match is: `high` is a prefix and a fixed length, `medium` a prefix and a length that may vary, `low` has no prefix and needs its context. */
export type Confidence = 'high' | 'medium' | 'low'

/** The shape of one kind of key. */
export interface KeyFormat {
  readonly id: string
  readonly provider: string
  /** Matches the whole value. */
  readonly pattern: RegExp
  /** How it may be shown: the public part of its shape. */
  readonly looksLike: string
  readonly confidence: Confidence
  /** What to know about such a key, as a clause for a warning. */
  readonly note?: string
}

/** Formats of late 2026, the first match wins: special shapes stand before general ones. */
export const KEY_FORMATS: readonly KeyFormat[] = [
  format('anthropic-api', 'anthropic', /^sk-ant-api\d{2}-[A-Za-z0-9_-]{93}AA$/, 'sk-ant-api03-…AA', 'high'),
  format(
    'anthropic-admin',
    'anthropic',
    /^sk-ant-admin\d{2}-[A-Za-z0-9_-]{93}AA$/,
    'sk-ant-admin01-…AA',
    'high',
    'an admin key manages the organisation and does not answer requests: use an API key',
  ),
  format(
    'anthropic-oauth',
    'anthropic',
    /^sk-ant-(?:oat|ort|sid)\d{2}-[A-Za-z0-9_-]{20,}$/,
    'sk-ant-oat01-…',
    'medium',
    'a token of a subscription or a session, not an API key: make an API key in the console',
  ),
  format('openrouter', 'openrouter', /^sk-or-v1-[0-9a-f]{64}$/, 'sk-or-v1-…', 'high'),
  format(
    'openai-admin',
    'openai',
    /^sk-admin-[A-Za-z0-9_-]{20,74}T3BlbkFJ[A-Za-z0-9_-]{20,74}$/,
    'sk-admin-…',
    'high',
    'an admin key manages the organisation: use a project key',
  ),
  format(
    'openai-project',
    'openai',
    /^sk-(?:proj|svcacct|service)-[A-Za-z0-9_-]{20,74}T3BlbkFJ[A-Za-z0-9_-]{20,74}$/,
    'sk-proj-… or sk-svcacct-…',
    'high',
  ),
  format('openai-legacy', 'openai', /^sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}$/, 'sk-…', 'high'),
  format('gemini-auth', 'google', /^AQ\.Ab[A-Za-z0-9_-]{40,60}$/, 'AQ.Ab…', 'high'),
  format(
    'google-standard',
    'google',
    /^AIza[0-9A-Za-z_-]{35}$/,
    'AIza…',
    'high',
    'Gemini stops taking standard keys (AIza…) in 2026: make an auth key (AQ.…)',
  ),
  format('agw-virtual', 'agentgateway', /^agw_sk_[A-Za-z0-9]{32}$/, 'agw_sk_…', 'high'),
  format('groq', 'groq', /^gsk_[A-Za-z0-9]{52}$/, 'gsk_…', 'high'),
  format('xai', 'xai', /^xai-[A-Za-z0-9_-]{70,120}$/, 'xai-…', 'high'),
  format('perplexity', 'perplexity', /^pplx-[A-Za-z0-9]{48}$/, 'pplx-…', 'high'),
  format('cerebras', 'cerebras', /^csk-[a-z0-9]{48}$/, 'csk-…', 'medium'),
  format('nvidia', 'nvidia', /^nvapi-[A-Za-z0-9_-]{60,70}$/, 'nvapi-…', 'medium'),
  format('together-v1', 'together', /^tgp_v1_[A-Za-z0-9_-]{43}$/, 'tgp_v1_…', 'medium'),
  format('huggingface', 'huggingface', /^(?:hf|api_org)_[A-Za-z0-9]{34}$/, 'hf_…', 'high'),
  format('replicate', 'replicate', /^r8_[A-Za-z0-9_-]{37}$/, 'r8_…', 'high'),
  format('minimax', 'minimax', /^sk-api-[A-Za-z0-9_-]{119}$/, 'sk-api-…', 'medium'),
  format('bedrock-long', 'bedrock', /^ABSK[A-Za-z0-9+/]{109,269}={0,2}$/, 'ABSK…', 'high'),
  format(
    'bedrock-short',
    'bedrock',
    /^bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t/,
    'bedrock-api-key-…',
    'high',
    'a short-term key, dead after twelve hours at most: not one to store',
  ),
  format(
    'aws-access-key-id',
    'aws',
    /^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$/,
    'AKIA… or ASIA…',
    'high',
    'half of a pair: AWS needs the secret access key too, and for ASIA… the session token',
  ),
  format('aws-secret', 'aws', /^[A-Za-z0-9/+]{40}$/, '40 characters', 'low'),
  format('vercel-ai-gateway', 'vercel', /^vck_[A-Za-z0-9_-]{56}$/, 'vck_…', 'medium'),
  format(
    'ollama-cloud',
    'ollama',
    /^[a-f0-9]{32}\.[A-Za-z0-9_-]{24}$/,
    '32 hex digits, a dot, 24 characters',
    'medium',
  ),
  format(
    'langfuse-secret',
    'langfuse',
    /^sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'sk-lf-…',
    'high',
  ),
  format('deepseek', 'deepseek', /^sk-[0-9a-f]{32}$/, 'sk- and 32 hex digits', 'low'),
  format('azure-openai-84', 'azure-openai', /^[A-Za-z0-9]{84}$/, '84 characters', 'low'),
  format('azure-openai-32', 'azure-openai', /^[0-9a-f]{32}$/, '32 hex digits', 'low'),
  format('mistral', 'mistral', /^[A-Za-z0-9]{32}$/, '32 characters', 'low'),
  format('cohere', 'cohere', /^[A-Za-z0-9]{40}$/, '40 characters', 'low'),
  format('vault-service', 'vault', /^(?:hvs\.[\w-]{90,120}|s\.[A-Za-z0-9]{24})$/, 'hvs.…', 'high'),
  format('vault-batch', 'vault', /^hvb\.[\w-]{138,300}$/, 'hvb.…', 'high'),
  format('op-service-account', '1password', /^ops_eyJ[A-Za-z0-9+/]{250,}={0,3}$/, 'ops_eyJ…', 'high'),
  format('doppler', 'doppler', /^dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,60}$/, 'dp.pt.…', 'medium'),
  format(
    'age-identity',
    'age',
    /^AGE-SECRET-KEY-(?:1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}|PQ-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{40,})$/,
    'AGE-SECRET-KEY-1…',
    'high',
  ),
  format('litellm-virtual', 'litellm', /^sk-[A-Za-z0-9_-]{16,64}$/, 'sk-…', 'low'),
]

/** What stands in front of the keys of one provider and of nobody else's. */
export interface KeyPrefix {
  readonly provider: string
  /** The start of a pattern. */
  readonly start: string
  readonly looksLike: string
  /** What may follow: a class of characters. Absent where a scan would find nothing that the whole shapes do not. */
  readonly body?: string
}

/** Lengths change without notice, and keys are copied in part: the prefix says whose a key is, the rest only how surely. */
export const KEY_PREFIXES: readonly KeyPrefix[] = [
  prefix('anthropic', 'sk-ant-', 'sk-ant-api03-…', '[A-Za-z0-9_-]'),
  prefix('openrouter', 'sk-or-', 'sk-or-v1-…', '[A-Za-z0-9-]'),
  prefix('langfuse', 'sk-lf-', 'sk-lf-…', '[0-9a-f-]'),
  prefix('openai', 'sk-(?:proj|svcacct|service|admin)-', 'sk-proj-… or sk-svcacct-…', '[A-Za-z0-9_-]'),
  prefix('google', 'AIza', 'AIza…', '[A-Za-z0-9_-]'),
  prefix('google', 'AQ\\.A', 'AQ.Ab…'),
  prefix('agentgateway', 'agw_sk_', 'agw_sk_…', '[A-Za-z0-9]'),
  prefix('groq', 'gsk_', 'gsk_…', '[A-Za-z0-9]'),
  prefix('xai', 'xai-', 'xai-…', '[A-Za-z0-9_-]'),
  prefix('perplexity', 'pplx-', 'pplx-…', '[A-Za-z0-9]'),
  prefix('cerebras', 'csk-', 'csk-…', '[a-z0-9]'),
  prefix('nvidia', 'nvapi-', 'nvapi-…', '[A-Za-z0-9_-]'),
  prefix('together', 'tgp_v1_', 'tgp_v1_…', '[A-Za-z0-9_-]'),
  prefix('huggingface', 'hf_', 'hf_…', '[A-Za-z0-9]'),
  prefix('huggingface', 'api_org_', 'api_org_…', '[A-Za-z0-9]'),
  prefix('replicate', 'r8_', 'r8_…', '[A-Za-z0-9_-]'),
  prefix('bedrock', 'ABSK', 'ABSK…', '[A-Za-z0-9+/]'),
  prefix('bedrock', 'bedrock-api-key-', 'bedrock-api-key-…', '[A-Za-z0-9+/]'),
  prefix('aws', 'A(?:KI|SI|BI|CC)A', 'AKIA… or ASIA…'),
  prefix('vercel', 'vck_', 'vck_…', '[A-Za-z0-9_-]'),
  prefix('vault', 'hv[sb]\\.', 'hvs.…'),
  prefix('1password', 'ops_eyJ', 'ops_eyJ…', '[A-Za-z0-9+/]'),
  prefix('doppler', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.', 'dp.pt.…'),
  prefix('age', 'AGE-SECRET-KEY-', 'AGE-SECRET-KEY-1…', '[A-Z0-9-]'),
]

/** A known prefix and another length than {@link KEY_FORMATS} has, or no mark in the middle. For scans. */
export const LOOSE_FORMATS: readonly KeyFormat[] = [
  ...KEY_PREFIXES.flatMap(({ provider, start, body, looksLike }) =>
    body === undefined
      ? []
      : [format(`${provider}-other`, provider, new RegExp(`^${start}${body}{32,300}$`), looksLike, 'medium')],
  ),
  format('openai-bare', 'openai', /^sk-[A-Za-z0-9]{40,300}$/, 'sk-…', 'medium'),
]

/** A provider of the table as people call it. */
export const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  openrouter: 'OpenRouter',
  openai: 'OpenAI',
  google: 'Google',
  agentgateway: 'agentgateway virtual',
  groq: 'Groq',
  xai: 'xAI',
  perplexity: 'Perplexity',
  cerebras: 'Cerebras',
  nvidia: 'NVIDIA',
  together: 'Together',
  huggingface: 'Hugging Face',
  replicate: 'Replicate',
  minimax: 'MiniMax',
  bedrock: 'Bedrock',
  aws: 'AWS',
  vercel: 'Vercel AI Gateway',
  ollama: 'Ollama',
  langfuse: 'Langfuse',
  deepseek: 'DeepSeek',
  'azure-openai': 'Azure OpenAI',
  mistral: 'Mistral',
  cohere: 'Cohere',
  vault: 'Vault',
  '1password': '1Password',
  doppler: 'Doppler',
  age: 'age',
  litellm: 'LiteLLM',
}

/** The provider words of config.yaml (lower case) → whose keys belong there. A word that is not here takes any key. */
export const KEYS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  openai: ['openai'],
  anthropic: ['anthropic'],
  gemini: ['google'],
  vertex: ['google'],
  bedrock: ['bedrock', 'aws'],
  azure: ['azure-openai'],
  cohere: ['cohere'],
  ollama: ['ollama'],
  baseten: [],
  cerebras: ['cerebras'],
  deepinfra: [],
  deepseek: ['deepseek'],
  groq: ['groq'],
  huggingface: ['huggingface'],
  mistral: ['mistral'],
  openrouter: ['openrouter'],
  togetherai: ['together'],
  xai: ['xai'],
  fireworks: [],
}

function format(
  id: string,
  provider: string,
  pattern: RegExp,
  looksLike: string,
  confidence: Confidence,
  note?: string,
): KeyFormat {
  return { id, provider, pattern, looksLike, confidence, ...(note !== undefined && { note }) }
}

function prefix(provider: string, start: string, looksLike: string, body?: string): KeyPrefix {
  return { provider, start, looksLike, ...(body !== undefined && { body }) }
}
