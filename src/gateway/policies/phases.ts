import { cors } from './cors.ts'
import { csrf } from './csrf.ts'
import { delay } from './delay.ts'
import { directResponse } from './direct-response.ts'
import type { PolicyKind } from './policy.ts'
import { requestRedirect } from './redirect.ts'
import { responseHeaderModifier } from './response-headers.ts'

/*
 * Which policies run in which phase, in agentgateway's order. Some have no step: header changes, rewrites, timeouts,
 * keys and TLS are compiled into the destination, at the place noted here.
 */

/** Before a route is chosen: cors, jwtAuth, basicAuth, apiKey, authorization, transformations. */
export const GATEWAY_PHASE: readonly PolicyKind[] = [cors]

/**
 * Once the route is known: the same, with localRateLimit and buffer before the transformations, then csrf, header
 * changes, urlRewrite, requestRedirect, delay, directResponse.
 */
export const ROUTE_PHASE: readonly PolicyKind[] = [
  ...GATEWAY_PHASE,
  csrf,
  responseHeaderModifier,
  requestRedirect,
  delay,
  directResponse,
]

/** Once the backend is known: authorization, (backendAuth,) transformations, (header changes,) requestRedirect. */
export const BACKEND_PHASE: readonly PolicyKind[] = [requestRedirect]
