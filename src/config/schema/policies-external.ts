import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { orConditional } from './conditional.ts'
import { cel, celMap, count, headerOrPseudo, text, textMap, uint16, uint32 } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackendShape } from './references.ts'
import { forms, section } from './section.ts'

const protocol = section(
  { noun: 'the extAuthz protocol', about: 'How the service is asked.', oneOf: ['grpc', 'http'] },
  {
    grpc: section(
      { noun: 'the grpc protocol', about: 'Envoy external authorization over gRPC.' },
      { context: textMap.nullish().describe('Fixed texts sent along.'), metadata: celMap.nullish() },
    ).optional(),
    http: section(
      { noun: 'the http protocol', about: 'A plain HTTP request whose status decides.' },
      {
        path: cel.nullish().describe('CEL that yields the path.'),
        redirect: cel.nullish().describe('CEL that yields where refused clients are sent.'),
        body: cel.nullish().describe('CEL that yields the body.'),
        includeResponseHeaders: z
          .array(text)
          .optional()
          .describe('Headers of its answer that go to the backend.'),
        addRequestHeaders: celMap.optional().describe('Headers added to its request; the values are CEL.'),
        metadata: celMap.optional().describe('Values that later expressions can read.'),
      },
    ).optional(),
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
  policies: simpleBackendPolicies.nullish(),
  protocol: protocol.optional().meta({ default: { grpc: {} } }),
  failureMode: forms('What happens to requests while the service does not answer.', {
    'allow or deny': z.enum(['allow', 'deny']),
    'a status': section(
      { noun: 'the failureMode of extAuthz', about: 'Refuses with this status.' },
      { denyWithStatus: uint16 },
    ),
  })
    .optional()
    .meta({ default: 'deny' }),
  includeRequestHeaders: z.array(headerOrPseudo).optional().describe('Headers the service is shown.'),
  includeRequestBody: section(
    { noun: 'the includeRequestBody section', about: 'Shows the body to the service.' },
    {
      maxRequestBytes: uint32.optional().meta({ description: 'How much of it.', default: 0 }),
      allowPartialMessage: z
        .boolean()
        .optional()
        .meta({ description: 'Cuts longer bodies.', default: false }),
      packAsBytes: z.boolean().optional().meta({ description: 'Sends it as bytes.', default: false }),
    },
  ).nullish(),
  cache: section(
    { noun: 'the extAuthz cache', about: 'Keeps decisions.' },
    {
      key: z.array(cel).describe('CEL values that make two requests alike.'),
      ttl: cel.describe('CEL that yields how long a decision is kept.'),
      maxEntries: count().optional().meta({ description: 'Most decisions that are kept.', default: 10_000 }),
    },
  ).nullish(),
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
    policies: simpleBackendPolicies.nullish(),
    failureMode: z.enum(['failClosed', 'failOpen']).optional().meta({
      description: 'What happens to requests while the service does not answer.',
      default: 'failClosed',
    }),
    metadataContext: z.record(z.string(), celMap).nullish().describe('Namespaces of CEL values sent along.'),
    requestAttributes: celMap.nullish().describe('CEL values sent with the request.'),
    responseAttributes: celMap.nullish().describe('CEL values sent with the answer.'),
    processingOptions: section(
      { noun: 'the processingOptions section', about: 'Which parts of a message the service is shown.' },
      {
        requestBodyMode: bodyMode.optional().meta({ default: 'fullDuplexStreamed' }),
        responseBodyMode: bodyMode.optional().meta({ default: 'fullDuplexStreamed' }),
        requestHeaderMode: sendMode.optional().meta({ default: 'send' }),
        responseHeaderMode: sendMode.optional().meta({ default: 'send' }),
        requestTrailerMode: sendMode.optional().meta({ default: 'send' }),
        responseTrailerMode: sendMode.optional().meta({ default: 'send' }),
        allowModeOverride: z
          .boolean()
          .optional()
          .meta({ description: 'Lets the service choose.', default: false }),
      },
    ).optional(),
  },
)

const mcpProcessor = section(
  { noun: 'an MCP guardrail', about: 'A service that checks MCP messages.', oneOf: SIMPLE_BACKEND_KEYS },
  {
    kind: z.literal('remote').describe('The only kind: a service.'),
    methods: z
      .record(z.string(), z.enum(['off', 'request', 'response', 'full']))
      .optional()
      .describe('MCP method → which side is checked.'),
    ...simpleBackendShape,
    policies: simpleBackendPolicies.nullish(),
    failureMode: z.enum(['failClosed', 'failOpen']).optional().meta({ default: 'failClosed' }),
    metadata: celMap.optional().describe('CEL values sent along.'),
    requestHeaders: section(
      { noun: 'a header filter', about: 'Which headers the service is shown.' },
      { allowed: z.array(headerOrPseudo).optional(), disallowed: z.array(headerOrPseudo).optional() },
    ).optional(),
  },
)

export const mcpGuardrails = section(
  { noun: 'the mcpGuardrails section', about: 'Services that check MCP messages.', id: 'McpGuardrails' },
  { processors: z.array(mcpProcessor).describe('They are asked in order.') },
)

export type ExtAuthz = z.output<typeof extAuthz>
