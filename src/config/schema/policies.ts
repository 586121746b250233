import { z } from 'zod'
import { backendAuth, backendTunnel, simpleBackendPoliciesShape } from './backend-policies-simple.ts'
import { orConditional } from './conditional.ts'
import { aiPolicy } from './policies-ai.ts'
import { extAuthz, extAuthzOrConditional, extProcOrConditional, mcpGuardrails } from './policies-external.ts'
import { apiKey, authorization, basicAuth, jwtAuth, mcpAuthentication, oidc } from './policies-security.ts'
import {
  buffer,
  cors,
  csrf,
  delay,
  directResponse,
  localRateLimit,
  remoteRateLimitOrConditional,
  requestMirror,
  retry,
  timeout,
} from './policies-traffic.ts'
import { cel, duration } from './primitives.ts'
import { simpleBackend } from './references.ts'
import { headerModifier, requestRedirect, urlRewrite } from './rewrite.ts'
import { section } from './section.ts'
import { backendTls } from './tls.ts'
import { transformationsShape } from './transformations.ts'

const a2a = section({ noun: 'the a2a section', about: 'Treats the backend as an agent that speaks A2A.' }, {})

const transformationsOrConditional = orConditional(
  {
    noun: 'the transformations section',
    about: 'CEL changes to requests and answers.',
    id: 'TransformationsPolicy',
  },
  transformationsShape,
)

/** What a gateway, a listener or the llm section may hold. */
export const gatewayPoliciesShape = {
  oidc: oidc.nullish(),
  jwtAuth: jwtAuth.nullish(),
  authorization: authorization.nullish(),
  extAuthz: extAuthzOrConditional.nullish(),
  extProc: extProcOrConditional.nullish(),
  cors: cors.nullish(),
  transformations: transformationsOrConditional.nullish(),
  basicAuth: basicAuth.nullish(),
  apiKey: apiKey.nullish(),
}

const gatewayObject = section(
  {
    noun: 'the policies of a listener',
    about: 'What applies to all requests of a listener, before a route is chosen.',
    id: 'GatewayPolicies',
  },
  gatewayPoliciesShape,
)

export interface GatewayPolicies extends z.output<typeof gatewayObject> {}
export const gatewayPolicies: z.ZodType<GatewayPolicies> = gatewayObject

const routeObject = section(
  { noun: 'the policies of a route', about: 'What applies to the requests of a route.', id: 'RoutePolicies' },
  {
    requestHeaderModifier: headerModifier.nullish().describe('Headers of the request.'),
    responseHeaderModifier: headerModifier.nullish().describe('Headers of the answer.'),
    requestRedirect: requestRedirect.nullish(),
    urlRewrite: urlRewrite.nullish(),
    requestMirror: requestMirror.nullish(),
    directResponse: directResponse.nullish(),
    cors: cors.nullish(),
    mcpAuthorization: authorization.nullish().describe('Which MCP tools, prompts and resources may be used.'),
    mcpGuardrails: mcpGuardrails.nullish(),
    authorization: authorization.nullish(),
    mcpAuthentication: mcpAuthentication.nullish(),
    a2a: a2a.nullish(),
    ai: aiPolicy.nullish(),
    backendTLS: backendTls.nullish(),
    backendTunnel: backendTunnel.nullish(),
    backendAuth: backendAuth.nullish(),
    localRateLimit: localRateLimit.nullish(),
    remoteRateLimit: remoteRateLimitOrConditional.nullish(),
    jwtAuth: jwtAuth.nullish(),
    oidc: oidc.nullish(),
    basicAuth: basicAuth.nullish(),
    apiKey: apiKey.nullish(),
    extAuthz: extAuthzOrConditional.nullish(),
    extProc: extProcOrConditional.nullish(),
    transformations: transformationsOrConditional.nullish(),
    csrf: csrf.nullish(),
    buffer: buffer.nullish(),
    timeout: timeout.nullish(),
    retry: retry.nullish(),
    delay: delay.nullish(),
  },
)

export interface RoutePolicies extends z.output<typeof routeObject> {}
export const routePolicies: z.ZodType<RoutePolicies> = routeObject

/** The keys of the policies of a route, in their order. */
export const ROUTE_POLICY_KEYS: readonly string[] = Object.keys(routeObject.shape)

export const health = section(
  {
    noun: 'the health section',
    about: 'When a backend counts as unhealthy, and whether it is then left out.',
    id: 'Health',
  },
  {
    unhealthyExpression: cel.nullish().describe('CEL on an answer; by default a 5xx or a failed connection.'),
    eviction: section(
      {
        noun: 'the eviction section',
        about: 'Leaves an unhealthy backend out for a while; without it none is left out.',
      },
      {
        duration: duration.nullish().describe('How long, times the number of evictions in a row.'),
        restoreHealth: z.number().nullish().describe('Health it comes back with, from 0 to 1.'),
        consecutiveFailures: z.int32().nullish().describe('Failures in a row that evict.'),
        healthThreshold: z.number().nullish().describe('Health below which it is evicted, from 0 to 1.'),
      },
    ).nullish(),
  },
)

const backendObject = section(
  {
    noun: 'the policies of a backend',
    about: 'What applies to calls of one backend.',
    id: 'BackendPolicies',
  },
  {
    ...simpleBackendPoliciesShape,
    responseHeaderModifier: headerModifier.nullish().describe('Headers of the answer.'),
    requestRedirect: requestRedirect.nullish(),
    health: health.nullish(),
    extAuthz: extAuthz.nullish(),
    authorization: authorization.nullish(),
    mcpAuthorization: authorization.nullish().describe('Which MCP tools, prompts and resources may be used.'),
    mcpGuardrails: mcpGuardrails.nullish(),
    a2a: a2a.nullish(),
    inferenceRouting: section(
      {
        noun: 'the inferenceRouting section',
        about: 'Lets an endpoint picker choose the endpoint of a service.',
      },
      {
        endpointPicker: simpleBackend,
        destinationMode: z
          .enum(['validated', 'passthrough'])
          .optional()
          .describe('Whether its choice is checked.'),
      },
    ).nullish(),
    sessionAffinity: section(
      { noun: 'the sessionAffinity section', about: 'Sends requests that are alike to the same endpoint.' },
      { source: cel.describe('CEL that yields what makes them alike.') },
    ).nullish(),
    ai: aiPolicy.nullish(),
  },
)

export interface BackendPolicies extends z.output<typeof backendObject> {}
export const backendPolicies: z.ZodType<BackendPolicies> = backendObject
export type Health = z.output<typeof health>
