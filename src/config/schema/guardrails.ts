import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { nullish, optional } from './fields.ts'
import { headerMatch } from './matches.ts'
import { bytes, celMap, filled, httpStatus, regex, text } from './primitives.ts'
import { simpleBackend } from './references.ts'
import { headerModifier } from './rewrite.ts'
import { section } from './section.ts'

const policies = nullish(simpleBackendPolicies)

const regexGuard = section(
  { noun: 'a regex guard', about: 'Masks or refuses what patterns find.' },
  {
    action: optional(z.enum(['mask', 'reject']), {
      description: 'What is done with a find.',
      default: 'mask',
    }),
    rules: z
      .array(
        section(
          {
            noun: 'a regex rule',
            about: 'A ready pattern, or one of your own.',
            oneOf: ['builtin', 'pattern'],
          },
          {
            builtin: optional(
              z.enum(['ssn', 'creditCard', 'phoneNumber', 'email', 'caSin']),
              'A ready pattern.',
            ),
            pattern: optional(regex, 'A regular expression (Rust dialect).'),
          },
        ),
      )
      .describe('The patterns.'),
  },
)

const webhookGuard = section(
  { noun: 'a webhook guard', about: 'Asks a service of your own.' },
  {
    target: simpleBackend,
    headers: optional(celMap, 'Headers of the call; the values are CEL.'),
    forwardHeaderMatches: optional(z.array(headerMatch), 'Headers of the client that are passed on.'),
    failureMode: optional(z.enum(['failClosed', 'failOpen']), 'What happens while it does not answer.'),
  },
)

const moderationGuard = section(
  { noun: 'an openAIModeration guard', about: 'Asks the moderation API of OpenAI.' },
  { model: nullish(text, 'Moderation model.'), policies },
)

const bedrockGuard = section(
  { noun: 'a bedrockGuardrails guard', about: 'Asks Amazon Bedrock Guardrails.' },
  {
    guardrailIdentifier: filled.describe('ID or ARN of the guardrail.'),
    guardrailVersion: filled.describe('Its version, or DRAFT.'),
    region: filled.describe('AWS region.'),
    policies,
  },
)

const modelArmorGuard = section(
  { noun: 'a googleModelArmor guard', about: 'Asks Google Model Armor.' },
  {
    templateId: filled.describe('ID of the template.'),
    projectId: filled.describe('Google Cloud project.'),
    location: nullish(text, 'Google Cloud location.'),
    policies,
  },
)

const contentSafetyGuard = section(
  { noun: 'an azureContentSafety guard', about: 'Asks Azure AI Content Safety.' },
  {
    endpoint: filled.describe('Host of the resource.'),
    policies,
    analyzeText: nullish(
      section(
        { noun: 'the analyzeText section', about: 'Scores texts by categories of harm.' },
        {
          severityThreshold: nullish(z.int32(), 'Severity from which on a text is refused.'),
          apiVersion: nullish(text, 'Version of the API.'),
          blocklistNames: nullish(z.array(text), 'Blocklists of the resource.'),
          haltOnBlocklistHit: nullish(z.boolean(), 'Stops scoring at the first hit.'),
        },
      ),
    ),
    detectJailbreak: nullish(
      section(
        { noun: 'the detectJailbreak section', about: 'Finds attempts to talk the model out of its rules.' },
        { apiVersion: nullish(text, 'Version of the API.') },
      ),
    ),
  },
)

const REFUSAL = 'The request was rejected due to inappropriate content'

const rejection = section(
  { noun: 'the rejection section', about: 'What a refused client is answered.', id: 'GuardRejection' },
  {
    body: optional(bytes, { description: 'Body of the answer.', default: REFUSAL }),
    status: optional(httpStatus, { description: 'Status of the answer.', default: 403 }),
    headers: nullish(headerModifier, 'Headers of the answer.'),
  },
)

const bothSides = {
  regex: optional(regexGuard),
  webhook: optional(webhookGuard),
  bedrockGuardrails: optional(bedrockGuard),
  googleModelArmor: optional(modelArmorGuard),
  azureContentSafety: optional(contentSafetyGuard),
  rejection: optional(rejection),
}

const RESPONSE_GUARDS = ['regex', 'webhook', 'bedrockGuardrails', 'googleModelArmor', 'azureContentSafety']

const requestGuard = section(
  {
    noun: 'a request guard',
    about: 'Checks what goes to the model.',
    id: 'RequestGuard',
    oneOf: [...RESPONSE_GUARDS, 'openAIModeration'],
  },
  {
    ...bothSides,
    openAIModeration: optional(moderationGuard),
    scope: optional(z.array(z.enum(['systemPrompt', 'messages', 'toolOutput', 'toolInput'])).min(1), {
      description: 'Which parts of the request.',
      default: ['systemPrompt', 'messages'],
    }),
  },
)

const responseGuard = section(
  {
    noun: 'a response guard',
    about: 'Checks what the model answers.',
    id: 'ResponseGuard',
    oneOf: RESPONSE_GUARDS,
  },
  bothSides,
)

const object = section(
  {
    noun: 'the guardrails',
    about: 'Checks of what goes to the model and what it answers.',
    id: 'PromptGuard',
  },
  {
    streaming: optional(
      z.enum(['Disabled', 'Enabled']),
      'Whether streamed answers are checked as they come.',
    ),
    request: optional(z.array(requestGuard), 'Checks of the request, in order.'),
    response: optional(z.array(responseGuard), 'Checks of the answer, in order.'),
  },
)

export interface PromptGuard extends z.output<typeof object> {}
export const promptGuard: z.ZodType<PromptGuard> = object
