import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { orConditional } from './conditional.ts'
import { nullish, optional } from './fields.ts'
import { cel, celMap, count, headerOrPseudo, text, textMap, uint16, uint32 } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackendShape } from './references.ts'
import { forms, section } from './section.ts'

const protocol = section(
  { noun: 'the extAuthz protocol', about: 'How the service is asked.', oneOf: ['grpc', 'http'] },
  {
    grpc: optional(
      section(
        { noun: 'the grpc protocol', about: 'Envoy external authorization over gRPC.' },
        {
          context: nullish(textMap, 'Fixed texts sent along.'),
          metadata: nullish(celMap, 'CEL values sent along.'),
        },
      ),
    ),
    http: optional(
      section(
        { noun: 'the http protocol', about: 'A plain HTTP request whose status decides.' },
        {
          path: nullish(cel, 'CEL that yields the path.'),
          redirect: nullish(cel, 'CEL that yields where refused clients are sent.'),
          body: nullish(cel, 'CEL that yields the body.'),
          includeResponseHeaders: optional(z.array(text), 'Headers of its answer that go to the backend.'),
          addRequestHeaders: optional(celMap, 'Headers added to its request; the values are CEL.'),
          metadata: optional(celMap, 'Values that later expressions can read.'),
        },
      ),
    ),
  },
)

const extAuthzAbout = {
  noun: 'the extAuthz section',
  about: 'Asks a service whether a request may go on.',
  id: 'ExtAuthz',
  oneOf: SIMPLE_BACKEND_KEYS,
}

const extAuthzShape = {
  ...simpleBackendShape,
  policies: nullish(simpleBackendPolicies),
  protocol: optional(protocol, { default: { grpc: {} } }),
  failureMode: optional(
    forms('What happens to requests while the service does not answer.', {
      'allow or deny': z.enum(['allow', 'deny']),
      'a status': section(
        { noun: 'the failureMode of extAuthz', about: 'Refuses with this status.' },
        { denyWithStatus: uint16.describe('Status of the refusal.') },
      ),
    }),
    { default: 'deny' },
  ),
  includeRequestHeaders: optional(z.array(headerOrPseudo), 'Headers the service is shown.'),
  includeRequestBody: nullish(
    section(
      { noun: 'the includeRequestBody section', about: 'Shows the body to the service.' },
      {
        maxRequestBytes: optional(uint32, { description: 'How much of it.', default: 0 }),
        allowPartialMessage: optional(z.boolean(), { description: 'Cuts longer bodies.', default: false }),
        packAsBytes: optional(z.boolean(), { description: 'Sends it as bytes.', default: false }),
      },
    ),
  ),
  cache: nullish(
    section(
      { noun: 'the extAuthz cache', about: 'Keeps decisions.' },
      {
        key: z.array(cel).describe('CEL values that make two requests alike.'),
        ttl: cel.describe('CEL that yields how long a decision is kept.'),
        maxEntries: optional(count(), { description: 'Most decisions that are kept.', default: 10_000 }),
      },
    ),
  ),
}

export const extAuthz = section(extAuthzAbout, extAuthzShape)
export const extAuthzOrConditional = orConditional({ ...extAuthzAbout, id: 'ExtAuthzPolicy' }, extAuthzShape)

const bodyMode = z.enum(['none', 'buffered', 'bufferedPartial', 'fullDuplexStreamed'])
const sendMode = z.enum(['send', 'skip'])

export const extProcOrConditional = orConditional(
  {
    noun: 'the extProc section',
    about: 'Lets a service change requests and answers (Envoy external processing).',
    id: 'ExtProcPolicy',
    oneOf: SIMPLE_BACKEND_KEYS,
  },
  {
    ...simpleBackendShape,
    policies: nullish(simpleBackendPolicies),
    failureMode: optional(z.enum(['failClosed', 'failOpen']), {
      description: 'What happens to requests while the service does not answer.',
      default: 'failClosed',
    }),
    metadataContext: nullish(z.record(z.string(), celMap), 'Namespaces of CEL values sent along.'),
    requestAttributes: nullish(celMap, 'CEL values sent with the request.'),
    responseAttributes: nullish(celMap, 'CEL values sent with the answer.'),
    processingOptions: optional(
      section(
        { noun: 'the processingOptions section', about: 'Which parts of a message the service is shown.' },
        {
          requestBodyMode: optional(bodyMode, {
            description: 'How the body is shown.',
            default: 'fullDuplexStreamed',
          }),
          responseBodyMode: optional(bodyMode, {
            description: 'How the body is shown.',
            default: 'fullDuplexStreamed',
          }),
          requestHeaderMode: optional(sendMode, {
            description: 'Whether this part is shown.',
            default: 'send',
          }),
          responseHeaderMode: optional(sendMode, {
            description: 'Whether this part is shown.',
            default: 'send',
          }),
          requestTrailerMode: optional(sendMode, {
            description: 'Whether this part is shown.',
            default: 'send',
          }),
          responseTrailerMode: optional(sendMode, {
            description: 'Whether this part is shown.',
            default: 'send',
          }),
          allowModeOverride: optional(z.boolean(), {
            description: 'Lets the service choose.',
            default: false,
          }),
        },
      ),
    ),
  },
)

const mcpProcessor = section(
  { noun: 'an MCP guardrail', about: 'A service that checks MCP messages.', oneOf: SIMPLE_BACKEND_KEYS },
  {
    kind: z.literal('remote').describe('The only kind: a service.'),
    methods: optional(
      z.record(z.string(), z.enum(['off', 'request', 'response', 'full'])),
      'MCP method → which side is checked.',
    ),
    ...simpleBackendShape,
    policies: nullish(simpleBackendPolicies),
    failureMode: optional(z.enum(['failClosed', 'failOpen']), {
      description: 'What happens while it does not answer.',
      default: 'failClosed',
    }),
    metadata: optional(celMap, 'CEL values sent along.'),
    requestHeaders: optional(
      section(
        { noun: 'a header filter', about: 'Which headers the service is shown.' },
        {
          allowed: optional(z.array(headerOrPseudo), 'Only these; all when absent.'),
          disallowed: optional(z.array(headerOrPseudo), 'None of these.'),
        },
      ),
    ),
  },
)

export const mcpGuardrails = section(
  { noun: 'the mcpGuardrails section', about: 'Services that check MCP messages.', id: 'McpGuardrails' },
  { processors: z.array(mcpProcessor).describe('They are asked in order.') },
)

export type ExtAuthz = z.output<typeof extAuthz>
