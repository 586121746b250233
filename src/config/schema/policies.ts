import { z } from 'zod'
import { backendAuth, backendTunnel, simpleBackendPoliciesShape } from './backend-policies-simple.ts'
import { orConditional } from './conditional.ts'
import { nullish, optional } from './fields.ts'
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
import { cel, duration, text } from './primitives.ts'
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
  oidc: nullish(oidc),
  jwtAuth: nullish(jwtAuth),
  authorization: nullish(authorization),
  extAuthz: nullish(extAuthzOrConditional),
  extProc: nullish(extProcOrConditional),
  cors: nullish(cors),
  transformations: nullish(transformationsOrConditional),
  basicAuth: nullish(basicAuth),
  apiKey: nullish(apiKey),
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
    requestHeaderModifier: nullish(headerModifier, 'Headers of the request.'),
    responseHeaderModifier: nullish(headerModifier, 'Headers of the answer.'),
    requestRedirect: nullish(requestRedirect),
    urlRewrite: nullish(urlRewrite),
    requestMirror: nullish(requestMirror),
    directResponse: nullish(directResponse),
    cors: nullish(cors),
    mcpAuthorization: nullish(authorization, 'Which MCP tools, prompts and resources may be used.'),
    mcpGuardrails: nullish(mcpGuardrails),
    authorization: nullish(authorization),
    mcpAuthentication: nullish(mcpAuthentication),
    a2a: nullish(a2a),
    ai: nullish(aiPolicy),
    backendTLS: nullish(backendTls),
    backendTunnel: nullish(backendTunnel),
    backendAuth: nullish(backendAuth),
    localRateLimit: nullish(localRateLimit),
    remoteRateLimit: nullish(remoteRateLimitOrConditional),
    jwtAuth: nullish(jwtAuth),
    oidc: nullish(oidc),
    basicAuth: nullish(basicAuth),
    apiKey: nullish(apiKey),
    extAuthz: nullish(extAuthzOrConditional),
    extProc: nullish(extProcOrConditional),
    transformations: nullish(transformationsOrConditional),
    csrf: nullish(csrf),
    buffer: nullish(buffer),
    timeout: nullish(timeout),
    retry: nullish(retry),
    delay: nullish(delay),
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
    // An empty one is none, unlike all other expressions.
    unhealthyExpression: nullish(text, 'CEL on an answer; by default a 5xx or a failed connection.'),
    eviction: nullish(
      section(
        {
          noun: 'the eviction section',
          about:
            'Leaves an unhealthy backend out for a while; without it only for the time that a Retry-After or the backoff of retries tells.',
        },
        {
          duration: nullish(duration, 'How long, times the number of evictions in a row.'),
          restoreHealth: nullish(z.number(), 'Health it comes back with, from 0 to 1.'),
          consecutiveFailures: nullish(z.int32(), 'Failures in a row that evict.'),
          healthThreshold: nullish(z.number(), 'Health below which it is evicted, from 0 to 1.'),
        },
      ),
    ),
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
    responseHeaderModifier: nullish(headerModifier, 'Headers of the answer.'),
    requestRedirect: nullish(requestRedirect),
    health: nullish(health),
    extAuthz: nullish(extAuthz),
    authorization: nullish(authorization),
    mcpAuthorization: nullish(authorization, 'Which MCP tools, prompts and resources may be used.'),
    mcpGuardrails: nullish(mcpGuardrails),
    a2a: nullish(a2a),
    inferenceRouting: nullish(
      section(
        {
          noun: 'the inferenceRouting section',
          about: 'Lets an endpoint picker choose the endpoint of a service.',
        },
        {
          endpointPicker: simpleBackend,
          destinationMode: optional(z.enum(['validated', 'passthrough']), 'Whether its choice is checked.'),
        },
      ),
    ),
    sessionAffinity: nullish(
      section(
        { noun: 'the sessionAffinity section', about: 'Sends requests that are alike to the same endpoint.' },
        { source: cel.describe('CEL that yields what makes them alike.') },
      ),
    ),
    ai: nullish(aiPolicy),
  },
)

export interface BackendPolicies extends z.output<typeof backendObject> {}
export const backendPolicies: z.ZodType<BackendPolicies> = backendObject
export type Health = z.output<typeof health>
