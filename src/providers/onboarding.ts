import type { RouteType } from '../route-types.ts'
import { PRESETS, type PresetName } from './presets.ts'
import type { Provider } from './provider.ts'

/** Flags of `agw init` that say what a provider is called with besides its key, once for each such provider. */
export const SETTING_FLAGS = ['azure-resource', 'vertex-project', 'vertex-region', 'aws-region'] as const

/** Those, and the one that all providers of an `agw init` share. */
export type SettingFlag = (typeof SETTING_FLAGS)[number] | 'azure-resource-type'

/** One of them, with its words in configs. */
export interface Setting {
  readonly flag: SettingFlag
  /** What is asked for. */
  readonly question: string
  /** The word in `params` of `llm` models, and the one in `ai.provider`. */
  readonly words: { readonly llm: string; readonly ai: string }
  /** What it is where nobody says; absent, it must be said unless it is optional. */
  readonly otherwise?: string
  readonly isOptional?: true
}

/** What someone needs to know to put a provider into a new config. */
export interface Onboarding {
  /** What a user types. */
  readonly id: string
  readonly label: string
  /** The provider's word in `llm` models and in `ai.provider`. */
  readonly words: { readonly llm: string; readonly ai: string }
  /** The environment variable its key usually has. */
  readonly variable: string
  /** A model that exists, for examples only. */
  readonly exampleModel: string
  /** The same for embeddings, where it has them. */
  readonly exampleEmbedding?: string
  /** The model names it serves where several providers share one gateway; absent, a model must be named. */
  readonly pattern?: string
  /** Where a key is made. */
  readonly keyPage: string
  readonly endpoint?: { readonly url: string; readonly preset: boolean }
  /** Whether it goes without a key: always, or where nobody has given it one. */
  readonly keyless?: 'always' | 'perhaps'
  /** The header an API key goes into when it is not the usual place. */
  readonly keyHeader?: string
  readonly settings?: readonly Setting[]
  readonly routes: Readonly<Record<string, RouteType>>
}

const OPENAI_ROUTES: Readonly<Record<string, RouteType>> = {
  '/v1/chat/completions': 'completions',
  '/v1/responses': 'responses',
  '/v1/embeddings': 'embeddings',
  '*': 'passthrough',
}
const ANTHROPIC_ROUTES: Readonly<Record<string, RouteType>> = {
  '/v1/messages': 'messages',
  '/v1/messages/count_tokens': 'anthropicTokenCount',
  '/v1/chat/completions': 'completions',
  '*': 'passthrough',
}
const GEMINI_ROUTES: Readonly<Record<string, RouteType>> = {
  ':generateContent': 'generateContent',
  ':streamGenerateContent': 'generateContent',
  ':countTokens': 'geminiCountTokens',
  '/v1/chat/completions': 'completions',
  '/v1/embeddings': 'embeddings',
  '*': 'passthrough',
}

function preset(
  id: PresetName,
  label: string,
  variable: string,
  exampleModel: string,
  keyPage: string,
): Onboarding {
  return {
    id,
    label,
    words: { llm: id, ai: 'openAI' },
    variable,
    exampleModel,
    keyPage,
    endpoint: { url: PRESETS[id].baseUrl, preset: true },
    routes: OPENAI_ROUTES,
  }
}

/** The providers `agw init` knows, the usual ones first. */
export const ONBOARDING: readonly Onboarding[] = [
  {
    id: 'openai',
    label: 'OpenAI',
    words: { llm: 'openAI', ai: 'openAI' },
    variable: 'OPENAI_API_KEY',
    exampleModel: 'gpt-4o-mini',
    exampleEmbedding: 'text-embedding-3-small',
    pattern: 'gpt-*',
    keyPage: 'https://platform.openai.com/api-keys',
    routes: OPENAI_ROUTES,
  },
  {
    id: 'anthropic',
    label: 'Anthropic',
    words: { llm: 'anthropic', ai: 'anthropic' },
    variable: 'ANTHROPIC_API_KEY',
    exampleModel: 'claude-haiku-4-5',
    pattern: 'claude-*',
    keyPage: 'https://console.anthropic.com/settings/keys',
    routes: ANTHROPIC_ROUTES,
  },
  {
    id: 'gemini',
    label: 'Google Gemini',
    words: { llm: 'gemini', ai: 'gemini' },
    variable: 'GEMINI_API_KEY',
    exampleModel: 'gemini-2.5-flash',
    exampleEmbedding: 'gemini-embedding-001',
    pattern: 'gemini-*',
    keyPage: 'https://aistudio.google.com/apikey',
    routes: GEMINI_ROUTES,
  },
  {
    id: 'azure',
    label: 'Azure OpenAI',
    words: { llm: 'azure', ai: 'azure' },
    variable: 'AZURE_OPENAI_API_KEY',
    exampleModel: 'gpt-4o-mini',
    exampleEmbedding: 'text-embedding-3-small',
    keyPage: 'https://portal.azure.com',
    keyHeader: 'api-key',
    settings: [
      {
        flag: 'azure-resource',
        question: 'The Azure resource: its name, or the address of its endpoint',
        words: { llm: 'azureResourceName', ai: 'resourceName' },
      },
      {
        flag: 'azure-resource-type',
        question: 'The kind of Azure resource',
        words: { llm: 'azureResourceType', ai: 'resourceType' },
        otherwise: 'openAI',
      },
    ],
    routes: OPENAI_ROUTES,
  },
  {
    id: 'vertex',
    label: 'Google Vertex AI',
    words: { llm: 'vertex', ai: 'vertex' },
    variable: 'VERTEX_TOKEN',
    exampleModel: 'gemini-2.5-flash',
    exampleEmbedding: 'text-embedding-005',
    keyPage: 'https://docs.cloud.google.com/sdk/gcloud/reference/auth/print-access-token',
    settings: [
      {
        flag: 'vertex-project',
        question: 'The Google Cloud project',
        words: { llm: 'vertexProject', ai: 'projectId' },
      },
      {
        flag: 'vertex-region',
        question: 'The region of Vertex AI',
        words: { llm: 'vertexRegion', ai: 'region' },
        isOptional: true,
      },
    ],
    routes: {
      '/v1/messages': 'messages',
      '/v1/messages/count_tokens': 'anthropicTokenCount',
      ...GEMINI_ROUTES,
    },
  },
  {
    id: 'bedrock',
    label: 'Amazon Bedrock',
    words: { llm: 'bedrock', ai: 'bedrock' },
    variable: 'AWS_BEARER_TOKEN_BEDROCK',
    exampleModel: 'amazon.nova-lite-v1:0',
    exampleEmbedding: 'amazon.titan-embed-text-v2:0',
    keyPage: 'https://console.aws.amazon.com/bedrock/home#/api-keys',
    settings: [
      {
        flag: 'aws-region',
        question: 'The AWS region, as in us-east-1',
        words: { llm: 'awsRegion', ai: 'region' },
      },
    ],
    routes: { '/v1/embeddings': 'embeddings', ...ANTHROPIC_ROUTES },
  },
  preset('groq', 'Groq', 'GROQ_API_KEY', 'llama-3.3-70b-versatile', 'https://console.groq.com/keys'),
  preset(
    'mistral',
    'Mistral',
    'MISTRAL_API_KEY',
    'mistral-small-latest',
    'https://console.mistral.ai/api-keys',
  ),
  preset(
    'openrouter',
    'OpenRouter',
    'OPENROUTER_API_KEY',
    'openai/gpt-4o-mini',
    'https://openrouter.ai/keys',
  ),
  preset(
    'deepseek',
    'DeepSeek',
    'DEEPSEEK_API_KEY',
    'deepseek-chat',
    'https://platform.deepseek.com/api_keys',
  ),
  preset('xai', 'xAI', 'XAI_API_KEY', 'grok-4', 'https://console.x.ai'),
  preset(
    'togetherai',
    'Together AI',
    'TOGETHER_API_KEY',
    'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    'https://api.together.ai/settings/api-keys',
  ),
  preset(
    'fireworks',
    'Fireworks',
    'FIREWORKS_API_KEY',
    'accounts/fireworks/models/llama-v3p3-70b-instruct',
    'https://fireworks.ai/account/api-keys',
  ),
  preset('cerebras', 'Cerebras', 'CEREBRAS_API_KEY', 'llama-3.3-70b', 'https://cloud.cerebras.ai'),
  preset(
    'deepinfra',
    'DeepInfra',
    'DEEPINFRA_API_KEY',
    'meta-llama/Llama-3.3-70B-Instruct',
    'https://deepinfra.com/dash/api_keys',
  ),
  preset(
    'huggingface',
    'Hugging Face',
    'HF_TOKEN',
    'meta-llama/Llama-3.3-70B-Instruct',
    'https://huggingface.co/settings/tokens',
  ),
  preset(
    'baseten',
    'Baseten',
    'BASETEN_API_KEY',
    'deepseek-ai/DeepSeek-V3.1',
    'https://app.baseten.co/settings/api_keys',
  ),
  {
    ...preset('ollama', 'Ollama, on this machine', '', 'llama3.2', ''),
    exampleEmbedding: 'nomic-embed-text',
    keyless: 'always',
  },
  {
    id: 'openai-compatible',
    label: 'another OpenAI-compatible host',
    keyless: 'perhaps',
    words: { llm: 'openAI', ai: 'openAI' },
    variable: 'LLM_API_KEY',
    exampleModel: 'gpt-4o-mini',
    keyPage: '',
    routes: OPENAI_ROUTES,
  },
]

/** What is known of the provider that a request goes to. */
export function onboardingFor({
  kind,
  telemetryName,
}: Pick<Provider, 'kind' | 'telemetryName'>): Onboarding | undefined {
  return ONBOARDING.find(({ id, words }) => (kind === 'custom' ? id === telemetryName : words.ai === kind))
}

export function onboardingOf(id: string): Onboarding | undefined {
  return ONBOARDING.find(row => row.id === id.toLowerCase())
}
