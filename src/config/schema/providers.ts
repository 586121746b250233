import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { filled, hostPart, text } from './primitives.ts'
import { section } from './section.ts'

const model = nullish(text, 'Model that is asked for, whatever the client named.')

const moderationStep = section(
  { noun: 'a moderation step', about: 'What moderation does with one side of the talk.' },
  { mode: z.enum(['score', 'block']).describe('score: only note the result; block: refuse.') },
)

const openAI = section(
  { noun: 'the openAI provider', about: 'OpenAI, or a host that speaks its protocol.' },
  {
    model,
    moderation: nullish(
      section(
        { noun: 'the moderation section', about: 'Moderation by OpenAI of what goes in and out.' },
        {
          model: optional(text, { description: 'Moderation model.', default: 'omni-moderation-latest' }),
          policy: nullish(
            section(
              { noun: 'the moderation policy', about: 'Which sides are moderated.' },
              { input: nullish(moderationStep), output: nullish(moderationStep) },
            ),
          ),
        },
      ),
    ),
  },
)

const vertex = section(
  { noun: 'the vertex provider', about: 'Google Vertex AI.' },
  {
    model,
    projectId: filled.describe('Google Cloud project.'),
    region: nullish(hostPart.min(1), {
      description: 'Region; us and eu are several in one.',
      default: 'global',
    }),
  },
)

const bedrock = section(
  { noun: 'the bedrock provider', about: 'Amazon Bedrock.' },
  {
    model,
    region: hostPart.min(1).describe('AWS region.'),
    guardrailIdentifier: nullish(text, 'Guardrail that Bedrock applies itself.'),
    guardrailVersion: nullish(text, 'Version of that guardrail.'),
  },
)

export const azureResourceType = z
  .enum(['openAI', 'foundry', 'aiServices'])
  .describe('openAI: {name}.openai.azure.com; foundry (also aiServices): {name}.services.ai.azure.com.')

const azure = section(
  { noun: 'the azure provider', about: 'Azure OpenAI or Azure AI Foundry.' },
  {
    model,
    resourceName: hostPart.min(1).describe('Name of the Azure resource, the first part of its host.'),
    resourceType: azureResourceType,
    apiVersion: nullish(text, { description: 'v1, preview or a date.', default: 'v1' }),
    projectName: nullish(text, 'Foundry project; the name of the resource when absent.'),
  },
)

const format = section(
  { noun: 'a format', about: 'One API that a custom provider speaks.' },
  {
    type: z
      .enum([
        'completions',
        'messages',
        'responses',
        'embeddings',
        'anthropicTokenCount',
        'generateContent',
        'geminiCountTokens',
        'realtime',
        'rerank',
      ])
      .describe('The API.'),
    path: nullish(text, 'Path of this API, instead of the usual one below pathPrefix.'),
  },
)

/** A provider that is described by the APIs it speaks. */
export const customProvider = section(
  {
    noun: 'the custom provider',
    about: 'Any other provider, described by the APIs it speaks.',
    id: 'CustomProvider',
  },
  {
    model,
    providerOverride: nullish(text, 'Name of the provider in logs and metrics.'),
    formats: z.array(format).min(1).describe('The APIs it speaks.'),
  },
)

const modelOnly = (name: string, about: string) => section({ noun: `the ${name} provider`, about }, { model })

export const AI_PROVIDER_KINDS = [
  'openAI',
  'anthropic',
  'gemini',
  'vertex',
  'bedrock',
  'azure',
  'copilot',
  'custom',
] as const

/** Which provider, with what it needs to be called. */
export const aiProviderKind = section(
  { noun: 'a provider', about: 'Which provider is called.', id: 'AiProviderKind', oneOf: AI_PROVIDER_KINDS },
  {
    openAI: optional(openAI),
    anthropic: optional(modelOnly('anthropic', 'Anthropic.')),
    gemini: optional(modelOnly('gemini', 'Google Gemini.')),
    vertex: optional(vertex),
    bedrock: optional(bedrock),
    azure: optional(azure),
    copilot: optional(modelOnly('copilot', 'GitHub Copilot.')),
    custom: optional(customProvider),
  },
)

export type AiProviderKind = z.output<typeof aiProviderKind>
export type CustomProvider = z.output<typeof customProvider>
