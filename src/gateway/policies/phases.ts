import { ANSWER_ORDER } from '../watcher.ts'
import { apiKey } from './api-key.ts'
import { authorization } from './authorization.ts'
import { basicAuth } from './basic-auth.ts'
import { buffer } from './buffer.ts'
import { cors } from './cors.ts'
import { csrf } from './csrf.ts'
import { delay } from './delay.ts'
import { directResponse } from './direct-response.ts'
import { jwtAuth } from './jwt-auth.ts'
import { localRateLimit } from './local-rate-limit.ts'
import type { PolicyKind } from './policy.ts'
import { requestRedirect } from './redirect.ts'
import { requestHeaderModifier } from './request-headers.ts'
import { responseHeaderModifier } from './response-headers.ts'
import { retryPrecondition } from './retry-precondition.ts'
import { transformations } from './transformations.ts'
import { urlRewrite } from './url-rewrite.ts'

/*
 * Which policies run in which phase, in agentgateway's order. Some have no step: timeouts, keys, TLS and a backend's
 * header changes are compiled into the destination, at the place noted here.
 */

const CLIENT: readonly PolicyKind[] = [cors, jwtAuth, basicAuth, apiKey, authorization]

/** Before a route is chosen. */
export const GATEWAY_PHASE: readonly PolicyKind[] = [
  ...CLIENT,
  transformations(ANSWER_ORDER.gatewayTransformation),
]

/**
 * Once the route is known: the same, with the precondition of retry, localRateLimit and buffer before the transformations, then csrf, header
 * changes, urlRewrite, requestRedirect, delay, directResponse.
 */
export const ROUTE_PHASE: readonly PolicyKind[] = [
  ...CLIENT,
  retryPrecondition,
  localRateLimit,
  buffer,
  transformations(ANSWER_ORDER.routeTransformation),
  csrf,
  responseHeaderModifier,
  requestHeaderModifier,
  urlRewrite,
  requestRedirect,
  delay,
  directResponse,
]

/** Once the backend is known: authorization, (backendAuth,) transformations, (header changes,) requestRedirect. */
export const BACKEND_PHASE: readonly PolicyKind[] = [
  authorization,
  transformations(ANSWER_ORDER.backendTransformation),
  requestRedirect,
]
