import type { Path } from '../config/diagnostic.ts'
import type { Config } from '../config/schema.ts'
import { azureWithoutKey } from './supported-azure.ts'

/** A part of a config that the embedded gateway does not run. */
export interface Unsupported {
  readonly path: Path
  /** Goes on from "does not run": `"retry"`, `listeners of protocol TCP`. */
  readonly what: string
}

type Report = (path: Path, what: string) => void

/** Looks at one place of the config and reports what of it is not run. The schema has checked its shape. */
type Support = (value: unknown, path: Path, report: Report) => void

type Fields = Readonly<Record<string, Support>>

/** Run as it is, whatever stands there. */
const runs: Support = () => {}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** A map of which exactly these keys are run; any other that is set is reported. */
function section(fields: Fields): Support {
  return (value, path, report) => {
    if (!isMap(value)) return
    for (const [key, content] of Object.entries(value)) {
      if (isAbsent(content)) continue
      const support = fields[key]
      if (support === undefined) report([...path, key], `"${key}"`)
      else support(content, [...path, key], report)
    }
  }
}

/** A list, or a map with names as keys, of things that are each looked at. */
function each(support: Support): Support {
  return (value, path, report) => {
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) support(item, [...path, index], report)
    else if (isMap(value))
      for (const [key, item] of Object.entries(value)) support(item, [...path, key], report)
  }
}

/** Values of which only those are run that `verdict` has nothing to say about. */
function unless(verdict: (value: unknown) => string | undefined, otherwise: Support = runs): Support {
  return (value, path, report) => {
    const what = verdict(value)
    if (what === undefined) otherwise(value, path, report)
    else report(path, what)
  }
}

/** Only this value. */
function only(wanted: unknown, noun: string): Support {
  return unless(value => (value === wanted ? undefined : `${noun} ${String(value)}`))
}

const ADDRESS = unless(value =>
  typeof value === 'string' && value.startsWith('unix:') ? 'backends on a Unix socket' : undefined,
)

const BACKEND_TLS = section({
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
const BACKEND_AUTH = unless(
  value => (value === 'copilot' ? 'backendAuth of kind copilot' : undefined),
  section({ key: runs, credentials: runs, passthrough: runs, location: runs }),
)

const ROUTE_TYPES = each(
  unless(value => (value === 'realtime' ? 'the route type realtime, which needs WebSockets' : undefined)),
)

const AI_POLICY = section({ routes: ROUTE_TYPES })

const BACKEND_POLICIES = section({
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  http: section({ requestTimeout: runs }),
  ai: AI_POLICY,
})

const ROUTE_POLICIES = section({
  requestHeaderModifier: runs,
  responseHeaderModifier: runs,
  urlRewrite: section({
    authority: unless(value =>
      isMap(value) && value['full'] === undefined ? 'rewriting a part of the authority' : undefined,
    ),
    path: runs,
  }),
  directResponse: unless(
    value =>
      isMap(value) && value['conditional'] !== undefined ? 'conditional direct responses' : undefined,
    section({
      status: runs,
      body: unless(value => (typeof value === 'string' ? undefined : 'a body given as a list of bytes')),
    }),
  ),
  ai: AI_POLICY,
  backendTLS: BACKEND_TLS,
  backendAuth: BACKEND_AUTH,
  timeout: section({ requestTimeout: runs, backendRequestTimeout: runs }),
})

const MODEL_ONLY = section({ model: runs })
const CUSTOM = section({ model: runs, providerOverride: runs, formats: runs })

const AI_PROVIDER = section({
  name: runs,
  provider: section({
    openAI: MODEL_ONLY,
    anthropic: MODEL_ONLY,
    gemini: MODEL_ONLY,
    azure: runs,
    custom: CUSTOM,
  }),
  hostOverride: ADDRESS,
  pathOverride: runs,
  pathPrefix: runs,
  tokenize: only(false, '"tokenize":'),
  policies: BACKEND_POLICIES,
})

/** Several providers in groups mean health and eviction; a single one is the same as none of it. */
function severalProviders(ai: unknown): string | undefined {
  const groups = isMap(ai) ? ai['groups'] : undefined
  if (!Array.isArray(groups)) return undefined
  const providers = groups.flatMap(group =>
    isMap(group) && Array.isArray(group['providers']) ? group['providers'] : [],
  )
  return groups.length === 1 && providers.length === 1 ? undefined : '"groups" with more than one provider'
}

const AI: Support = (value, path, report) => {
  const groups = section({ groups: each(section({ providers: each(AI_PROVIDER) })) })
  const form = isMap(value) && value['groups'] !== undefined ? groups : AI_PROVIDER
  unless(severalProviders, form)(value, path, report)
}

const ROUTE_BACKEND: Support = (value, path, report) => {
  // The one key that is set by being null.
  if (isMap(value) && value['invalid'] === null) report([...path, 'invalid'], 'a backend that is "invalid"')
  section({ weight: runs, host: ADDRESS, backend: runs, ai: AI, policies: BACKEND_POLICIES })(
    value,
    path,
    report,
  )
}

const ROUTE = section({
  gateways: runs,
  name: runs,
  namespace: runs,
  ruleName: runs,
  hostnames: runs,
  matches: runs,
  policies: ROUTE_POLICIES,
  backends: each(ROUTE_BACKEND),
})

const PROTOCOL = unless(value => (value === 'HTTP' ? undefined : `listeners of protocol ${String(value)}`))

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
      routes: each(ROUTE),
      policies: section({}),
    }),
  ),
})

const GATEWAY = section({
  port: runs,
  protocol: PROTOCOL,
  listeners: each(section({ name: runs, hostname: runs, protocol: PROTOCOL })),
})

const LLM_PROVIDERS: ReadonlySet<unknown> = new Set(['vertex', 'bedrock', 'copilot'])

const LLM_PROVIDER = unless(
  value => (LLM_PROVIDERS.has(value) ? `the provider ${String(value)}` : undefined),
  section({ reference: runs, custom: CUSTOM }),
)

const LLM_PARAMS = section({
  model: runs,
  apiKey: runs,
  baseUrl: runs,
  azureResourceName: runs,
  azureResourceType: runs,
  azureApiVersion: runs,
  azureProjectName: runs,
  hostOverride: ADDRESS,
  pathOverride: runs,
  pathPrefix: runs,
  tokenize: only(false, '"tokenize":'),
})

const LLM_CALL: Fields = {
  requestHeaders: runs,
  responseHeaders: runs,
  tls: BACKEND_TLS,
  backendTLS: BACKEND_TLS,
  auth: BACKEND_AUTH,
}

const LLM = section({
  gateways: runs,
  port: runs,
  policies: section({}),
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
      matches: runs,
    }),
  ),
})

const OFF = unless(value =>
  value === 'off' ? undefined : 'an admin, stats or readiness server; its address may be off',
)

/**
 * The start-time settings, one by one. Run: what concerns connections and their end. Nothing to do: IPv6 (the address
 * comes from --host) and sensitive headers (no header is ever logged). Everything else would be silently without effect.
 */
const STATIC_CONFIG = section({
  adminAddr: OFF,
  statsAddr: OFF,
  readinessAddr: OFF,
  enableIpv6: runs,
  sensitiveHeaders: runs,
  workerThreads: unless(value => (String(value) === '1' ? undefined : 'more than one worker')),
  connectionTerminationDeadline: runs,
  backend: section({ connectTimeout: runs, poolIdleTimeout: runs }),
})

const CONFIG = section({
  config: STATIC_CONFIG,
  gateways: each(GATEWAY),
  routes: each(ROUTE),
  llm: LLM,
  backends: each(section({ name: runs, host: ADDRESS, ai: AI, policies: BACKEND_POLICIES })),
  frontendPolicies: section({
    http: section({
      maxBufferSize: runs,
      http1IdleTimeout: runs,
      http1HeaderCase: only('preserve', 'header case'),
    }),
  }),
  binds: each(BIND),
})

/** Everything in a config that the format knows, and that the embedded gateway would not do. */
export function findUnsupported(config: Config): Unsupported[] {
  const found: Unsupported[] = []
  CONFIG(config, [], (path, what) => found.push({ path, what }))
  return [...found, ...azureWithoutKey(config)]
}
