import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { headerMatch } from './matches.ts'
import { bytes, celMap, httpStatus, regex, text } from './primitives.ts'
import { simpleBackend } from './references.ts'
import { headerModifier } from './rewrite.ts'
import { section } from './section.ts'

const policies = simpleBackendPolicies.nullish()

const regexGuard = section(
  { noun: 'a regex guard', about: 'Masks or refuses what patterns find.' },
  {
    action: z
      .enum(['mask', 'reject'])
      .optional()
      .meta({ description: 'What is done with a find.', default: 'mask' }),
    rules: z
      .array(
        section(
          {
            noun: 'a regex rule',
            about: 'A ready pattern, or one of your own.',
            oneOf: ['builtin', 'pattern'],
          },
          {
            builtin: z
              .enum(['ssn', 'creditCard', 'phoneNumber', 'email', 'caSin'])
              .optional()
              .describe('A ready pattern.'),
            pattern: regex.optional().describe('A regular expression (Rust dialect).'),
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
    headers: celMap.optional().describe('Headers of the call; the values are CEL.'),
    forwardHeaderMatches: z
      .array(headerMatch)
      .optional()
      .describe('Headers of the client that are passed on.'),
    failureMode: z
      .enum(['failClosed', 'failOpen'])
      .optional()
      .describe('What happens while it does not answer.'),
  },
)

const moderationGuard = section(
  { noun: 'an openAIModeration guard', about: 'Asks the moderation API of OpenAI.' },
  { model: text.nullish().describe('Moderation model.'), policies },
)

const bedrockGuard = section(
  { noun: 'a bedrockGuardrails guard', about: 'Asks Amazon Bedrock Guardrails.' },
  {
    guardrailIdentifier: text.min(1).describe('ID or ARN of the guardrail.'),
    guardrailVersion: text.min(1).describe('Its version, or DRAFT.'),
    region: text.min(1).describe('AWS region.'),
    policies,
  },
)

const modelArmorGuard = section(
  { noun: 'a googleModelArmor guard', about: 'Asks Google Model Armor.' },
  {
    templateId: text.min(1).describe('ID of the template.'),
    projectId: text.min(1).describe('Google Cloud project.'),
    location: text.nullish().describe('Google Cloud location.'),
    policies,
  },
)

const contentSafetyGuard = section(
  { noun: 'an azureContentSafety guard', about: 'Asks Azure AI Content Safety.' },
  {
    endpoint: text.min(1).describe('Host of the resource.'),
    policies,
    analyzeText: section(
      { noun: 'the analyzeText section', about: 'Scores texts by categories of harm.' },
      {
        severityThreshold: z.int32().nullish().describe('Severity from which on a text is refused.'),
        apiVersion: text.nullish(),
        blocklistNames: z.array(text).nullish().describe('Blocklists of the resource.'),
        haltOnBlocklistHit: z.boolean().nullish().describe('Stops scoring at the first hit.'),
      },
    ).nullish(),
    detectJailbreak: section(
      { noun: 'the detectJailbreak section', about: 'Finds attempts to talk the model out of its rules.' },
      { apiVersion: text.nullish() },
    ).nullish(),
  },
)

const REFUSAL = 'The request was rejected due to inappropriate content'

const rejection = section(
  { noun: 'the rejection section', about: 'What a refused client is answered.', id: 'GuardRejection' },
  {
    body: bytes.optional().meta({ default: REFUSAL }),
    status: httpStatus.optional().meta({ default: 403 }),
    headers: headerModifier.nullish(),
  },
)

const bothSides = {
  regex: regexGuard.optional(),
  webhook: webhookGuard.optional(),
  bedrockGuardrails: bedrockGuard.optional(),
  googleModelArmor: modelArmorGuard.optional(),
  azureContentSafety: contentSafetyGuard.optional(),
  rejection: rejection.optional(),
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
    openAIModeration: moderationGuard.optional(),
    scope: z
      .array(z.enum(['systemPrompt', 'messages', 'toolOutput', 'toolInput']))
      .min(1)
      .optional()
      .meta({ description: 'Which parts of the request.', default: ['systemPrompt', 'messages'] }),
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
    streaming: z
      .enum(['Disabled', 'Enabled'])
      .optional()
      .describe('Whether streamed answers are checked as they come.'),
    request: z.array(requestGuard).optional().describe('Checks of the request, in order.'),
    response: z.array(responseGuard).optional().describe('Checks of the answer, in order.'),
  },
)

export interface PromptGuard extends z.output<typeof object> {}
export const promptGuard: z.ZodType<PromptGuard> = object
