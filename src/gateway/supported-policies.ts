import { each, type Fields, isMap, runs, section, unless } from './support.ts'

/*
 * Which policies the embedded gateway runs, and how much of each. A row per policy, under every level that may have it:
 * what is missing here is refused, with its place, before the gateway starts.
 */

export const BACKEND_TLS = section({
  root: runs,
  hostname: runs,
  insecure: unless(value =>
    value === true ? '"insecure": certificates are always verified here' : undefined,
  ),
  insecureHost: unless(value =>
    value === true ? '"insecureHost": names are always verified here' : undefined,
  ),
})

// What stands beside a bare key is dropped by agentgateway as well; a rule warns of it.
export const BACKEND_AUTH = unless(
  value => (value === 'copilot' ? 'backendAuth of kind copilot' : undefined),
  section({ key: runs, credentials: runs, passthrough: runs, location: runs }),
)

/** What gateways and listeners have, and routes as well. */
export const GATEWAY_FIELDS: Fields = {
  cors: runs,
}

export const GATEWAY_POLICIES = section(GATEWAY_FIELDS)

/** The policies of the `llm` section. */
export const LLM_POLICIES = section(GATEWAY_FIELDS)

const ROUTE_TYPES = each(
  unless(value => (value === 'realtime' ? 'the route type realtime, which needs WebSockets' : undefined)),
)

const AI_POLICY = section({ routes: ROUTE_TYPES })

export const BACKEND_POLICIES = section({
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  http: section({ requestTimeout: runs }),
  requestRedirect: runs,
  ai: AI_POLICY,
})

export const ROUTE_POLICIES = section({
  ...GATEWAY_FIELDS,
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  urlRewrite: runs,
  requestRedirect: runs,
  csrf: runs,
  delay: section({ duration: runs }),
  directResponse: unless(
    value =>
      isMap(value) && value['conditional'] !== undefined ? 'conditional direct responses' : undefined,
    section({ status: runs, body: runs }),
  ),
  ai: AI_POLICY,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  timeout: section({ requestTimeout: runs, backendRequestTimeout: runs }),
})
