import { z } from 'zod'
import { promptGuard } from './guardrails.ts'
import { celMap, count, jsonMap, text, textMap } from './primitives.ts'
import { section } from './section.ts'

export const promptCaching = section(
  {
    noun: 'the promptCaching section',
    about: 'Marks parts of the prompt for the cache of the provider.',
    id: 'PromptCaching',
  },
  {
    cacheSystem: z.boolean().optional().meta({ description: 'Marks the system prompt.', default: true }),
    cacheMessages: z.boolean().optional().meta({ description: 'Marks the messages.', default: true }),
    cacheTools: z.boolean().optional().meta({ description: 'Marks the tools.', default: false }),
    minTokens: count().nullish().meta({ description: 'Shorter prompts are not marked.', default: 1024 }),
    cacheMessageOffset: count()
      .optional()
      .meta({ description: 'How far before the last message.', default: 0 }),
  },
)

const message = section(
  { noun: 'a prompt message', about: 'A message that is added.' },
  { role: text.describe('system, user or assistant.'), content: text.describe('Its text.') },
)

/** How a path is understood; also what the keys of `routes` map to. */
export const routeType = z.enum([
  'completions',
  'messages',
  'models',
  'passthrough',
  'detect',
  'responses',
  'embeddings',
  'realtime',
  'anthropicTokenCount',
  'generateContent',
  'geminiCountTokens',
  'rerank',
])

const object = section(
  {
    noun: 'the ai policy',
    about: 'What happens to requests for a model and to its answers.',
    id: 'AiPolicy',
  },
  {
    promptGuard: promptGuard.nullish(),
    defaults: jsonMap.nullish().describe('Fields that are set where the request has none.'),
    overrides: jsonMap.nullish().describe('Fields that are set whatever the request has.'),
    transformations: celMap
      .nullish()
      .describe('Field → CEL that yields it; one that fails removes the field.'),
    finalTransformations: celMap.nullish().describe('The same, on what the provider is sent.'),
    prompts: section(
      { noun: 'the prompts section', about: 'Messages put before and after those of the client.' },
      { append: z.array(message).optional(), prepend: z.array(message).optional() },
    ).nullish(),
    modelAliases: textMap.optional().describe('Name the client uses → name the provider is asked for.'),
    promptCaching: promptCaching.nullish(),
    routes: z
      .record(z.string(), routeType)
      .optional()
      .describe('End of the path → how it is understood; * for the rest. Without it all is completions.'),
  },
)

export interface AiPolicy extends z.output<typeof object> {}
export const aiPolicy: z.ZodType<AiPolicy> = object
export type RouteType = z.output<typeof routeType>
