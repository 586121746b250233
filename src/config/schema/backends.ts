import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { mcpBackend } from './mcp.ts'
import { backendPolicies } from './policies.ts'
import { cel, count, filled, hostPort, text } from './primitives.ts'
import { aiProviderKind } from './providers.ts'
import { serviceReference } from './references.ts'
import { forms, section } from './section.ts'

const aiProviderObject = section(
  {
    noun: 'an AI provider',
    about: 'One provider, how it is reached and what applies to it.',
    id: 'AiProvider',
  },
  {
    name: filled.describe('Name in logs and metrics.'),
    provider: aiProviderKind,
    hostOverride: nullish(hostPort, 'host:port that is called instead; without backendTLS in plain HTTP.'),
    pathOverride: nullish(text, 'Path that is called whatever the request asks for.'),
    pathPrefix: nullish(text, 'Path the usual ones are put under.'),
    tokenize: optional(z.boolean(), { description: 'Counts prompt tokens before the call.', default: false }),
    policies: nullish(backendPolicies),
  },
)

export interface AiProvider extends z.output<typeof aiProviderObject> {}
export const aiProvider: z.ZodType<AiProvider> = aiProviderObject

const aiGroups = section(
  { noun: 'an ai backend with groups', about: 'Groups of providers by priority.' },
  {
    groups: z
      .array(
        section(
          { noun: 'a group of providers', about: 'Providers that share the load.' },
          { providers: z.array(aiProvider).describe('The providers of the group.') },
        ),
      )
      .describe('In order of priority; the next group is used when all of this one are evicted.'),
  },
)

export interface AiGroups extends z.output<typeof aiGroups> {}

/** One provider, or groups of them. */
export type AiBackend = AiProvider | AiGroups
export const aiBackend: z.ZodType<AiBackend> = forms('A language model: one provider, or groups of them.', {
  'one provider': aiProviderObject,
  'groups of providers': aiGroups,
})

const internal = text.describe('"forward", or the path of one of the own pages of the gateway.')

const awsBackend = section(
  { noun: 'an aws backend', about: 'A service of AWS.', oneOf: ['agentCore'] },
  {
    agentCore: optional(
      section(
        { noun: 'the agentCore section', about: 'An agent runtime of Bedrock AgentCore.' },
        {
          agentRuntimeArn: filled.describe('ARN of the runtime.'),
          qualifier: nullish(text, 'Version or endpoint of the runtime.'),
        },
      ),
    ),
  },
)

const dynamic = section(
  { noun: 'a dynamic backend', about: 'Calls the host that the request names.' },
  { target: nullish(cel, 'CEL that yields host:port.') },
)

const weight = optional(count(), { description: 'Share of the requests; 0 gets none.', default: 1 })

export const ROUTE_BACKEND_KEYS = [
  'host',
  'backend',
  'service',
  'ai',
  'mcp',
  'aws',
  'dynamic',
  'internal',
  'routeGroup',
  'invalid',
] as const

const routeBackendObject = section(
  {
    noun: 'a route backend',
    about: 'Where requests of a route go.',
    id: 'RouteBackend',
    oneOf: ROUTE_BACKEND_KEYS,
  },
  {
    weight,
    host: optional(hostPort, 'Address to call: host:port or unix:/path.'),
    backend: optional(filled, 'Name of an entry of `backends`.'),
    service: optional(serviceReference),
    ai: optional(aiBackend),
    mcp: optional(mcpBackend),
    aws: optional(awsBackend),
    dynamic: optional(dynamic),
    internal: optional(internal),
    routeGroup: optional(filled, 'Name of an entry of `routeGroups`.'),
    invalid: optional(z.null(), 'A backend that answers with an error.'),
    policies: nullish(backendPolicies),
  },
)

export interface RouteBackend extends z.output<typeof routeBackendObject> {}
export const routeBackend: z.ZodType<RouteBackend> = routeBackendObject

const namedBackendObject = section(
  {
    noun: 'a backend',
    about: 'A backend with a name, for routes to refer to.',
    id: 'NamedBackend',
    oneOf: ['host', 'internal', 'mcp', 'ai', 'aws'],
  },
  {
    name: filled.describe('Name that routes refer to, with a slash in front.'),
    host: optional(hostPort, 'Address to call: host:port or unix:/path.'),
    internal: optional(internal),
    mcp: optional(mcpBackend),
    ai: optional(aiBackend),
    aws: optional(awsBackend),
    policies: nullish(backendPolicies),
  },
)

export interface NamedBackend extends z.output<typeof namedBackendObject> {}
export const namedBackend: z.ZodType<NamedBackend> = namedBackendObject

export const tcpRouteBackendShape = {
  weight,
  host: optional(hostPort, 'Address to call: host:port or unix:/path.'),
  backend: optional(filled, 'Name of an entry of `backends`.'),
  service: optional(serviceReference),
  dynamic: optional(dynamic),
}
