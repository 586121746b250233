import { z } from 'zod'
import { isObject } from '../../json.ts'
import { own } from '../own.ts'
import { nullish, optional } from './fields.ts'
import { filled, hostPart, hostPort, parseUrl, shaped, text } from './primitives.ts'
import { azureResourceType, customProvider } from './providers.ts'
import { secretValue } from './secret-fields.ts'
import { forms, isSet, type Report, rule, section } from './section.ts'

const BUILT_IN = ['openai', 'openAI', 'anthropic', 'gemini', 'vertex', 'bedrock', 'azure', 'copilot'] as const

/** Providers that bring their own base URL and formats. */
export const PROVIDER_PRESETS = [
  'cohere',
  'ollama',
  'baseten',
  'cerebras',
  'deepinfra',
  'deepseek',
  'groq',
  'huggingface',
  'mistral',
  'openrouter',
  'togetherai',
  'xai',
  'fireworks',
] as const

/** The one of them that is on this machine, and has no TLS. */
export const LOCAL_PRESET = 'ollama'

/** A provider by name, by reference, or described by its formats. */
export const llmProviderKind = forms('Which provider is called.', {
  'a name': z.enum([...BUILT_IN, ...PROVIDER_PRESETS]),
  'a map with reference or custom': section(
    { noun: 'a provider', about: 'A provider by reference, or described.', oneOf: ['reference', 'custom'] },
    {
      reference: optional(filled, 'Name of an entry of llm.providers.'),
      custom: optional(customProvider),
    },
  ),
})

/** Usable: absolute, http(s) or with a port, and nothing after the path. */
function isBaseUrl(value: string): boolean {
  const url = parseUrl(value)
  if (url === undefined || url.hostname === '') return false
  const bare = url.username === '' && url.password === '' && !/[?#]/.test(value)
  return bare && (/^https?:$/.test(url.protocol) || url.port !== '')
}

export const llmParams = section(
  { noun: 'the params section', about: 'How the provider is reached and what it needs.', id: 'LlmParams' },
  {
    model: nullish(text, 'Model that is asked for; by default the one the client named.'),
    apiKey: nullish(secretValue, 'Key of the provider: "$VARIABLE", or {file: path}.'),
    baseUrl: nullish(
      shaped(
        'BAD_URL',
        'this is not a base URL',
        'write scheme, host and path only, as in https://llm.example.com/v1',
        isBaseUrl,
      ),
      'Where the API stands, as https://host[:port]/prefix.',
    ),
    awsRegion: nullish(hostPart, 'AWS region; bedrock needs it.'),
    vertexRegion: nullish(hostPart, {
      description: 'Region of Vertex AI; us and eu are several in one.',
      default: 'global',
    }),
    vertexProject: nullish(text, 'Google Cloud project; vertex needs it.'),
    azureResourceName: nullish(hostPart, 'Azure resource; azure needs it.'),
    azureResourceType: nullish(azureResourceType),
    azureApiVersion: nullish(text, 'v1, preview or a date.'),
    azureProjectName: nullish(text, 'Foundry project.'),
    hostOverride: nullish(hostPort, { description: 'Older form of baseUrl: host:port.', deprecated: true }),
    pathOverride: nullish(text, { description: 'Older form of baseUrl: the whole path.', deprecated: true }),
    pathPrefix: nullish(text, { description: 'Older form of baseUrl: the path in front.', deprecated: true }),
    tokenize: optional(z.boolean(), { description: 'Counts prompt tokens before the call.', default: false }),
  },
)

export type LlmParams = z.output<typeof llmParams>
export type LlmProviderKind = z.output<typeof llmProviderKind>

/** Words of which an address is made. */
const IN_ADDRESS: Readonly<Record<string, readonly (keyof LlmParams)[]>> = {
  vertex: ['vertexProject', 'vertexRegion'],
  bedrock: ['awsRegion'],
  azure: ['azureResourceName'],
}

const NEEDED: Readonly<Record<string, readonly (keyof LlmParams)[]>> = {
  vertex: ['vertexProject'],
  bedrock: ['awsRegion'],
  azure: ['azureResourceName', 'azureResourceType'],
}

interface WithProvider {
  provider?: unknown
  params?: unknown
}

/** The parameters a provider cannot do without; and that a reference leaves them to the provider it names. */
export const paramsFitProvider = rule<WithProvider>(({ provider, params }, report) => {
  const given = isObject(params) ? params : {}
  if (typeof provider === 'string') {
    for (const key of own(NEEDED, provider) ?? []) {
      if (!isSet(given[key])) report(missingParam(`provider ${provider}`, key, isObject(params)))
    }
    for (const key of own(IN_ADDRESS, provider) ?? []) {
      if (given[key] === '') report(emptyParam(provider, key))
    }
  }
  if (!isObject(provider)) return
  if (isSet(provider['custom']) && !isSet(given['baseUrl']) && !isSet(given['hostOverride'])) {
    report(missingParam('a custom provider', 'baseUrl', isObject(params)))
  }
  if (isSet(provider['reference'])) judgeReference(given, report)
})

function judgeReference(params: Readonly<Record<string, unknown>>, report: Report): void {
  for (const [key, value] of Object.entries(params)) {
    if (key === 'model' || !isSet(value) || value === false) continue
    report({
      code: 'KEY_CONFLICT',
      message: `"${key}" cannot stand beside provider: {reference: …}, which allows params.model only`,
      hint: `move "${key}" to the params of the provider it refers to`,
      path: ['params', key],
      at: 'key',
    })
  }
}

function emptyParam(provider: string, key: string) {
  return {
    code: 'BAD_LENGTH',
    message: `"${key}" is empty, and the address of ${provider} is made of it`,
    hint: key === 'vertexRegion' ? 'write the region, or remove the key' : 'write the name',
    path: ['params', key],
  } as const
}

function missingParam(who: string, key: string, below: boolean) {
  return {
    code: 'MISSING_KEY',
    key,
    message: `"params.${key}" is missing: ${who} needs it`,
    hint: `add "${key}" to params`,
    path: below ? ['params'] : [],
  } as const
}
