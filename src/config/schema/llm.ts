import { z } from 'zod'
import { backendAuth, backendTunnel } from './backend-policies-simple.ts'
import { nullish, optional } from './fields.ts'
import { gatewayReferences } from './gateway-references.ts'
import { promptGuard } from './guardrails.ts'
import { writeHint } from './issue-message.ts'
import { llmParams, llmProviderKind, paramsFitProvider } from './llm-params.ts'
import { headerMatch } from './matches.ts'
import { gatewayPoliciesShape, health } from './policies.ts'
import { promptCaching } from './policies-ai.ts'
import { authorization } from './policies-security.ts'
import { rateLimits, remoteRateLimit } from './policies-traffic.ts'
import { celMap, filled, jsonMap, port, shaped } from './primitives.ts'
import { headerModifier } from './rewrite.ts'
import { atMostOne, isSet, rule, section } from './section.ts'
import { backendTls, serverTls } from './tls.ts'
import { virtualModel } from './virtual-models.ts'

/** What models have, and what a provider can have for all its models. */
const callShape = {
  defaults: nullish(jsonMap, 'Fields that are set where the request has none.'),
  overrides: nullish(jsonMap, 'Fields that are set whatever the request has.'),
  transformation: nullish(celMap, 'Field → CEL that yields it.'),
  requestHeaders: nullish(headerModifier, 'Headers of the call.'),
  responseHeaders: nullish(headerModifier, 'Headers of the answer.'),
  tls: nullish(backendTls),
  backendTLS: nullish(backendTls, 'Another name of tls.'),
  auth: nullish(backendAuth, 'How the gateway authenticates; params.apiKey is stronger.'),
  health: nullish(health),
  backendTunnel: nullish(backendTunnel),
  promptCaching: nullish(promptCaching),
}

const providerObject = section(
  { noun: 'a provider', about: 'A provider that several models refer to.', id: 'LlmProvider' },
  {
    name: filled.describe('Name that models refer to.'),
    provider: llmProviderKind,
    params: optional(llmParams),
    defaults: nullish(
      section(
        {
          noun: 'the defaults of a provider',
          about: 'What its models have where they do not say otherwise.',
        },
        callShape,
        atMostOne('the defaults of a provider', ['tls', 'backendTLS']),
      ),
    ),
  },
  paramsFitProvider,
  rule<{ provider?: unknown }>(({ provider }, report) => {
    if (!isSet((provider as { reference?: unknown } | undefined)?.reference)) return
    report({
      code: 'KEY_CONFLICT',
      message: 'an entry of llm.providers cannot refer to another one',
      hint: 'name the provider itself',
      path: ['provider', 'reference'],
      at: 'key',
    })
  }),
)

export interface LlmProvider extends z.output<typeof providerObject> {}

/** What is said of a name that is none. */
export const MODEL_PATTERN = {
  message: 'a model name takes at most one star, at its start or its end',
  hint: 'write a name, *, prefix* or *suffix',
}

/** Exact, or with one star at the start or the end. */
export function isModelPattern(name: string): boolean {
  const stars = name.split('*').length - 1
  return stars === 0 || (stars === 1 && (name.startsWith('*') || name.endsWith('*')))
}

const modelObject = section(
  { noun: 'a model', about: 'A name clients use, and the provider that answers.', id: 'LlmModel' },
  {
    id: nullish(filled, 'Stable ID, one of its kind.'),
    name: shaped('BAD_MODEL_NAME', MODEL_PATTERN.message, MODEL_PATTERN.hint, isModelPattern).describe(
      'Name clients use: exact, *, prefix* or *suffix.',
    ),
    provider: llmProviderKind,
    visibility: optional(z.enum(['public', 'internal']), {
      description: 'internal: only virtual models reach it.',
      default: 'public',
    }),
    params: optional(llmParams),
    passthrough: nullish(
      z.enum(['detect', 'opaque']),
      'Passes requests on as they are: detect reads them where it can, opaque never does.',
    ),
    authorization: nullish(authorization),
    ...callShape,
    finalTransformation: nullish(celMap, 'Field → CEL, on what the provider is sent.'),
    guardrails: nullish(promptGuard),
    matches: optional(
      z.array(
        section(
          { noun: 'a model match', about: 'Headers a request must have, all of them.' },
          { headers: optional(z.array(headerMatch), 'The headers; all of them must be there.') },
        ),
      ),
      'The model is only used for requests that have any of these.',
    ),
  },
  atMostOne('a model', ['tls', 'backendTLS']),
  paramsFitProvider,
)

export interface LlmModel extends z.output<typeof modelObject> {}

const policies = section(
  { noun: 'the policies of llm', about: 'What applies to all models.', id: 'LlmPolicies' },
  {
    ...gatewayPoliciesShape,
    guardrails: nullish(promptGuard),
    localRateLimit: optional(rateLimits, 'Limits counted in the gateway itself.'),
    remoteRateLimit: nullish(remoteRateLimit),
  },
)

export interface LlmPolicies extends z.output<typeof policies> {}

const portOrGateways = rule<Record<string, unknown>>((llm, report) => {
  const gateways = llm['gateways']
  if (!isSet(gateways) || (Array.isArray(gateways) && gateways.length === 0)) return
  for (const key of ['port', 'tls'].filter(key => isSet(llm[key]))) {
    report({
      code: 'KEY_CONFLICT',
      message: `"${key}" cannot stand beside "gateways": the gateway has its own`,
      hint: `remove "${key}"`,
      path: [key],
      at: 'key',
    })
  }
})

/** Models are no map: what to write instead where their names are keys. */
function modelsByName({ code, input }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'invalid_type' || typeof input !== 'object' || input === null) return undefined
  if (Object.keys(input).some(key => Object.hasOwn(modelObject.shape, key))) return undefined
  return writeHint('write a list, the name of each in it, as in - {name: gpt-4o-mini, provider: openAI}')
}

const llmObject = section(
  { noun: 'the llm section', about: 'Models by name, at a gateway or a port of their own.', id: 'LlmConfig' },
  {
    gateways: optional(gatewayReferences),
    port: nullish(port, { description: 'Port of its own, where no gateway is named.', default: 4000 }),
    tls: nullish(serverTls),
    policies: nullish(policies),
    providers: optional(z.array(providerObject), 'Providers that models refer to.'),
    models: z
      .array(modelObject, { error: modelsByName })
      .describe('The models; the one whose name has most letters beside the star wins.'),
    virtualModels: optional(z.array(virtualModel), 'Names that stand for several models.'),
  },
  portOrGateways,
)

export interface LlmConfig extends z.output<typeof llmObject> {}
export const llmConfig: z.ZodType<LlmConfig> = llmObject
