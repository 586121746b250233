import { unrunFunctions } from '../cel/unrun.ts'
import { isRunnableRegex } from '../regex/pattern.ts'
import { each, type Fields, runs, type Support, section, unless } from './support.ts'

/*
 * Which policies the embedded gateway runs, and how much of each. A row per policy, under every level that may have it:
 * what is missing here is refused, with its place, before the gateway starts.
 */

export const BACKEND_TLS = section({
  root: runs,
  cert: runs,
  key: runs,
  hostname: runs,
  insecure: runs,
  insecureHost: runs,
  keyExchangeGroups: runs,
})

// What stands beside a bare key is dropped by agentgateway as well; a rule warns of it.
export const BACKEND_AUTH = unless(
  value => (value === 'copilot' ? 'backendAuth of kind copilot' : undefined),
  section({ key: runs, credentials: runs, passthrough: runs, location: runs }),
)

/** A pattern in the part of Rust's dialect that RE2 knows. */
export const REGEX = unless(value =>
  typeof value === 'string' && !isRunnableRegex(value)
    ? 'operations on sets in brackets, boundaries but \\b, rare Unicode classes, and counts above 1000 in regular expressions'
    : undefined,
)

/** An expression, with functions that run here. */
export const EXPRESSION: Support = (value, path, report) => {
  if (typeof value !== 'string') return
  for (const name of unrunFunctions(value)) report(path, `the function ${name} in expressions`)
}

const LOCATION = section({ header: runs, queryParameter: runs, cookie: runs, expression: EXPRESSION })

const RULE: Support = (value, path, ...rest) => {
  const kinds = section({ allow: EXPRESSION, deny: EXPRESSION, require: EXPRESSION })
  const look = typeof value === 'string' ? EXPRESSION : kinds
  look(value, path, ...rest)
}

/** Who may do it. */
export const AUTHORIZATION = section({ rules: each(RULE) })

const CHANGES = section({
  add: each(EXPRESSION),
  set: each(EXPRESSION),
  remove: runs,
  replace: EXPRESSION,
  body: EXPRESSION,
  metadata: each(EXPRESSION),
})

const TRANSFORMATION: Fields = { request: CHANGES, response: CHANGES }

const TRANSFORMATIONS = section({
  ...TRANSFORMATION,
  conditional: each(section({ ...TRANSFORMATION, condition: EXPRESSION })),
})

/** A list has no expressions. */
const RATE_LIMITS = section({
  conditional: each(
    section({
      maxTokens: runs,
      tokensPerFill: runs,
      fillInterval: runs,
      type: runs,
      condition: EXPRESSION,
    }),
  ),
})

/** What gateways and listeners have, and routes as well. */
export const GATEWAY_FIELDS: Fields = {
  cors: runs,
  jwtAuth: section({
    mode: runs,
    location: LOCATION,
    issuer: runs,
    audiences: runs,
    jwks: runs,
    jwtValidationOptions: runs,
    providers: runs,
  }),
  basicAuth: section({ htpasswd: runs, realm: runs, mode: runs, authorizationLocation: LOCATION }),
  apiKey: section({ keys: runs, mode: runs, location: LOCATION }),
  authorization: AUTHORIZATION,
  transformations: TRANSFORMATIONS,
}

export const GATEWAY_POLICIES = section(GATEWAY_FIELDS)

const GUARD: Fields = {
  rejection: runs,
  regex: section({ action: runs, rules: each(section({ pattern: REGEX, builtin: runs })) }),
}

/** Checks of prompts and answers: patterns, here. */
export const PROMPT_GUARD = section({
  streaming: runs,
  request: each(section({ ...GUARD, scope: runs })),
  response: each(section(GUARD)),
})

/** Fields that expressions yield. */
export const COMPUTED = each(EXPRESSION)

/** The policies of the `llm` section. */
export const LLM_POLICIES = section({ ...GATEWAY_FIELDS, localRateLimit: runs, guardrails: PROMPT_GUARD })

const AI_POLICY = section({
  routes: runs,
  defaults: runs,
  overrides: runs,
  transformations: COMPUTED,
  finalTransformations: COMPUTED,
  prompts: runs,
  modelAliases: runs,
  promptGuard: PROMPT_GUARD,
  promptCaching: runs,
})

export const BACKEND_POLICIES = section({
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  http: section({ requestTimeout: runs }),
  health: runs,
  authorization: AUTHORIZATION,
  transformations: TRANSFORMATIONS,
  requestRedirect: runs,
  ai: AI_POLICY,
})

const DIRECT_RESPONSE: Fields = {
  status: runs,
  body: runs,
  bodyExpression: EXPRESSION,
  headers: each(EXPRESSION),
}

export const ROUTE_POLICIES = section({
  ...GATEWAY_FIELDS,
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  urlRewrite: runs,
  requestRedirect: runs,
  localRateLimit: RATE_LIMITS,
  csrf: runs,
  buffer: runs,
  requestMirror: section({ percentage: runs, backend: section({ host: runs, backend: runs }) }),
  // A fixed duration has no function in it.
  delay: section({ duration: EXPRESSION }),
  directResponse: section({
    ...DIRECT_RESPONSE,
    conditional: each(section({ ...DIRECT_RESPONSE, condition: EXPRESSION })),
  }),
  ai: AI_POLICY,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  timeout: section({ requestTimeout: runs, backendRequestTimeout: runs }),
  retry: runs,
})
