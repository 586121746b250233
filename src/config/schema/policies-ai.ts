import { z } from 'zod'
import { ROUTE_TYPES } from '../../route-types.ts'
import { nullish, optional } from './fields.ts'
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
    cacheSystem: optional(z.boolean(), { description: 'Marks the system prompt.', default: true }),
    cacheMessages: optional(z.boolean(), { description: 'Marks the messages.', default: true }),
    cacheTools: optional(z.boolean(), { description: 'Marks the tools.', default: false }),
    minTokens: nullish(count(), { description: 'Shorter prompts are not marked.', default: 1024 }),
    cacheMessageOffset: optional(count(), { description: 'How far before the last message.', default: 0 }),
  },
)

const message = section(
  { noun: 'a prompt message', about: 'A message that is added.' },
  { role: text.describe('system, user or assistant.'), content: text.describe('Its text.') },
)

/** How a path is understood; also what the keys of `routes` map to. */
export const routeType = z.enum(ROUTE_TYPES)

const object = section(
  {
    noun: 'the ai policy',
    about: 'What happens to requests for a model and to its answers.',
    id: 'AiPolicy',
  },
  {
    promptGuard: nullish(promptGuard),
    defaults: nullish(jsonMap, 'Fields that are set where the request has none.'),
    overrides: nullish(jsonMap, 'Fields that are set whatever the request has.'),
    transformations: nullish(celMap, 'Field → CEL that yields it; one that fails removes the field.'),
    finalTransformations: nullish(celMap, 'The same, on what the provider is sent.'),
    prompts: nullish(
      section(
        { noun: 'the prompts section', about: 'Messages put before and after those of the client.' },
        {
          append: optional(z.array(message), 'After those of the client.'),
          prepend: optional(z.array(message), 'Before those of the client.'),
        },
      ),
    ),
    modelAliases: optional(textMap, 'Name the client uses → name the provider is asked for.'),
    promptCaching: nullish(promptCaching),
    routes: optional(
      z.record(z.string(), routeType),
      'End of the path → how it is understood; * for the rest. Without it all is completions.',
    ),
  },
)

export interface AiPolicy extends z.output<typeof object> {}
export const aiPolicy: z.ZodType<AiPolicy> = object
