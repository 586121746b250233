import type { Config } from '../../config/schema.ts'
import { isObject } from '../../json.ts'
import { hasIdentity } from '../../providers/index.ts'
import { cloudsWithoutKey } from './clouds-without-key.ts'
import {
  AUTHORIZATION,
  BACKEND_AUTH,
  BACKEND_POLICIES,
  BACKEND_TLS,
  COMPUTED,
  EXPRESSION,
  GATEWAY_FIELDS,
  GATEWAY_POLICIES,
  LLM_POLICIES,
  PROMPT_GUARD,
  REGEX,
  ROUTE_POLICIES,
} from './policies.ts'
import { rivalListeners } from './rival-listeners.ts'
import { FRONTEND_POLICIES, STATIC_CONFIG } from './settings.ts'
import {
  each,
  type Fields,
  only,
  type Report,
  runs,
  type Support,
  section,
  type Unsupported,
  unless,
} from './support.ts'

const MODEL_ONLY = section({ model: runs })
const CUSTOM = section({ model: runs, providerOverride: runs, formats: runs })

const IDENTIFIED: Support = (_value, _path, _report, onIdentity) => onIdentity()

const AI_PROVIDER = section({
  name: runs,
  provider: section({
    openAI: MODEL_ONLY,
    anthropic: MODEL_ONLY,
    gemini: MODEL_ONLY,
    azure: IDENTIFIED,
    vertex: IDENTIFIED,
    bedrock: IDENTIFIED,
    custom: CUSTOM,
  }),
  hostOverride: runs,
  pathOverride: runs,
  pathPrefix: runs,
  tokenize: only(false, '"tokenize":'),
  policies: BACKEND_POLICIES,
})

const AI: Support = (value, ...rest) => {
  const groups = section({ groups: each(section({ providers: each(AI_PROVIDER) })) })
  const form = isObject(value) && value['groups'] !== undefined ? groups : AI_PROVIDER
  form(value, ...rest)
}

const ROUTE_BACKEND: Support = (value, path, report, onIdentity) => {
  // The one key that is set by being null.
  if (isObject(value) && value['invalid'] === null)
    report([...path, 'invalid'], 'a backend that is "invalid"')
  section({ weight: runs, host: runs, backend: runs, ai: AI, policies: BACKEND_POLICIES })(
    value,
    path,
    report,
    onIdentity,
  )
}

const VALUE_MATCHES = each(section({ name: runs, value: section({ exact: runs, regex: REGEX }) }))

const ROUTE_MATCH = section({
  path: section({ exact: runs, pathPrefix: runs, regex: REGEX }),
  method: runs,
  headers: VALUE_MATCHES,
  query: VALUE_MATCHES,
})

const ROUTE = section({
  gateways: runs,
  name: runs,
  namespace: runs,
  ruleName: runs,
  hostnames: runs,
  matches: each(ROUTE_MATCH),
  policies: ROUTE_POLICIES,
  backends: each(ROUTE_BACKEND),
})

const PROTOCOL = unless(value =>
  value === 'HTTP' || value === 'HTTPS' ? undefined : `listeners of protocol ${String(value)}`,
)

const SERVER_TLS = section({
  mode: only('static', 'certificates of mode'),
  cert: runs,
  key: runs,
  root: runs,
  minTLSVersion: runs,
  minTlsVersion: runs,
  maxTLSVersion: runs,
  maxTlsVersion: runs,
  cipherSuites: runs,
  keyExchangeGroups: runs,
})

const BIND = section({
  port: runs,
  mode: only('standard', 'binds of mode'),
  tunnelProtocol: only('direct', 'the tunnel protocol'),
  listeners: each(
    section({
      name: runs,
      namespace: runs,
      hostname: runs,
      protocol: PROTOCOL,
      tls: SERVER_TLS,
      routes: each(ROUTE),
      policies: GATEWAY_POLICIES,
    }),
  ),
})

const GATEWAY = section({
  ...GATEWAY_FIELDS,
  port: runs,
  protocol: PROTOCOL,
  tls: SERVER_TLS,
  listeners: each(
    section({ ...GATEWAY_FIELDS, name: runs, hostname: runs, protocol: PROTOCOL, tls: SERVER_TLS }),
  ),
})

const LLM_PROVIDERS: ReadonlySet<unknown> = new Set(['copilot'])

const DESCRIBED_PROVIDER = section({ reference: runs, custom: CUSTOM })

const LLM_PROVIDER = unless(
  value => (LLM_PROVIDERS.has(value) ? `the provider ${String(value)}` : undefined),
  (value, ...rest) => (hasIdentity(value) ? IDENTIFIED : DESCRIBED_PROVIDER)(value, ...rest),
)

const LLM_PARAMS = section({
  model: runs,
  apiKey: runs,
  baseUrl: runs,
  azureResourceName: runs,
  azureResourceType: runs,
  azureApiVersion: runs,
  azureProjectName: runs,
  awsRegion: runs,
  vertexProject: runs,
  vertexRegion: runs,
  hostOverride: runs,
  pathOverride: runs,
  pathPrefix: runs,
  tokenize: only(false, '"tokenize":'),
})

const LLM_CALL: Fields = {
  health: runs,
  requestHeaders: runs,
  responseHeaders: runs,
  tls: BACKEND_TLS,
  backendTLS: BACKEND_TLS,
  auth: BACKEND_AUTH,
  defaults: runs,
  overrides: runs,
  transformation: COMPUTED,
  promptCaching: runs,
}

const VIRTUAL_MODEL = section({
  name: runs,
  routing: section({
    weighted: runs,
    failover: runs,
    conditional: section({ targets: each(section({ model: runs, when: EXPRESSION })) }),
  }),
})

const LLM = section({
  gateways: runs,
  port: runs,
  tls: SERVER_TLS,
  policies: LLM_POLICIES,
  providers: each(
    section({ name: runs, provider: LLM_PROVIDER, params: LLM_PARAMS, defaults: section(LLM_CALL) }),
  ),
  models: each(
    section({
      ...LLM_CALL,
      id: runs,
      name: runs,
      provider: LLM_PROVIDER,
      visibility: runs,
      params: LLM_PARAMS,
      passthrough: runs,
      matches: each(section({ headers: VALUE_MATCHES })),
      authorization: AUTHORIZATION,
      finalTransformation: COMPUTED,
      guardrails: PROMPT_GUARD,
    }),
  ),
  virtualModels: each(VIRTUAL_MODEL),
})

/** Gateways, their listeners, routes and backends of the file; services and listener sets come from a mesh. */
const TARGET = section({
  gateway: section({
    gatewayName: runs,
    gatewayNamespace: runs,
    listenerName: runs,
  }),
  route: section({ name: runs, namespace: runs, ruleName: runs }),
  backend: unless(
    value => (value === 'invalid' ? 'policies for the backend "invalid"' : undefined),
    section({ backend: runs }),
  ),
})

const CONFIG = section({
  config: STATIC_CONFIG,
  gateways: each(GATEWAY),
  routes: each(ROUTE),
  llm: LLM,
  backends: each(section({ name: runs, host: runs, ai: AI, policies: BACKEND_POLICIES })),
  policies: each(section({ name: runs, target: TARGET, phase: runs, policy: ROUTE_POLICIES })),
  frontendPolicies: FRONTEND_POLICIES,
  binds: each(BIND),
})

/** Everything in a config that the format knows, and that the embedded gateway would not do. */
export function findUnsupported(config: Config): Unsupported[] {
  const found: Unsupported[] = []
  let mayLackKey = false
  const report: Report = (path, what, instead) => void found.push({ path, what, instead })
  CONFIG(config, [], report, () => {
    mayLackKey = true
  })
  // A look at all levels of all upstreams takes as long as all the rest, and most configs need none.
  const clouds = mayLackKey ? cloudsWithoutKey(config) : []
  return [...found, ...rivalListeners(config), ...clouds]
}
