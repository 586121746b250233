import { describe, expect, it } from 'vitest'
import { formatPath } from '../../../src/config/diagnostic.ts'
import { type Config, configSchema } from '../../../src/config/schema.ts'
import { compileRuntime } from '../../../src/gateway/compile/compile.ts'
import { findUnsupported } from '../../../src/gateway/supported/config.ts'
import { hasCompat, publicConfigs, WITHOUT_COMPAT } from '../../helpers/compat.ts'
import { toHost } from '../kit/configs.ts'

const route = (route: object) => ({ binds: [{ port: 1, listeners: [{ routes: [route] }] }] })
const policy = (policies: object) => JSON.parse(toHost('a.test:80', policies))
const ai = (provider: object) => route({ backends: [{ ai: { name: 'x', ...provider } }] })
const ROUTE = 'binds[0].listeners[0].routes[0]'

type Row = readonly [title: string, config: object, path: string, what: RegExp]

/** Keys that are not run at all, whatever stands there: each is reported by its name. */
function named(names: readonly string[], place: string, config: (name: string) => object): Row[] {
  return names.map(name => [place + name, config(name), place + name, new RegExp(`"${name}"`)])
}

const BAD = 'request.uri.precompiled_matches()'

/** What is not run, and where it is found. */
const UNSUPPORTED: readonly Row[] = [
  [
    'sets in brackets of a regular expression',
    route({ matches: [{ path: { regex: '/[a-z&&[^x]]' } }] }),
    `${ROUTE}.matches[0].path.regex`,
    /sets in brackets/,
  ],
  [
    'the same in a header of a model',
    { llm: { models: [{ name: '*', matches: [{ headers: [{ name: 'a', value: { regex: '\\<a' } }] }] }] } },
    'llm.models[0].matches[0].headers[0].value.regex',
    /boundaries/,
  ],
  [
    'two listeners of a port for all hosts, in two binds',
    {
      binds: [
        { port: 1, listeners: [{}] },
        { port: 1, listeners: [{ hostname: '*' }] },
      ],
    },
    'binds[1].listeners[0]',
    /a second listener for the host \* on one port/,
  ],
  [
    'two listeners of a gateway for one host',
    { gateways: { g: { port: 1, listeners: [{ hostname: 'A.test' }, { hostname: 'a.test' }] } } },
    'gateways.g.listeners[1]',
    /a second listener for the host a\.test on one port/,
  ],
  ['mcp', { mcp: { targets: [] } }, 'mcp', /"mcp"/],
  ['ui', { ui: {} }, 'ui', /"ui"/],
  [
    'a targeted policy for a listener set',
    { policies: [{ target: { listenerSet: { name: 'a' } } }] },
    'policies[0].target.listenerSet',
    /"listenerSet"/,
  ],
  ['tcpRoutes', { tcpRoutes: [{}] }, 'tcpRoutes', /"tcpRoutes"/],
  ...named(['services', 'workloads'], '', name => ({ [name]: [{}] })),
  ...named(
    ['remoteRateLimit', 'extAuthz', 'extProc', 'a2a', 'mcpAuthorization'],
    `${ROUTE}.policies.`,
    name => policy({ [name]: {} }),
  ),
  ...named(
    [
      'sessionAffinity',
      'backendTunnel',
      'inferenceRouting',
      'tcp',
      'extAuthz',
      'mcpAuthorization',
      'mcpGuardrails',
      'a2a',
    ],
    `${ROUTE}.backends[0].policies.`,
    name => route({ backends: [{ host: 'a:1', policies: { [name]: {} } }] }),
  ),
  ...named(['aws', 'dynamic', 'internal', 'routeGroup'], `${ROUTE}.backends[0].`, name =>
    route({ backends: [{ [name]: {} }] }),
  ),
  ...named(
    ['networkAuthorization', 'networkExtAuthz', 'proxyProtocol', 'connect', 'tcp'],
    'frontendPolicies.',
    name => ({ frontendPolicies: { [name]: {} } }),
  ),
  ...named(
    ['http2WindowSize', 'http2KeepaliveInterval', 'maxConnectionDuration'],
    'frontendPolicies.http.',
    name => ({ frontendPolicies: { http: { [name]: 1 } } }),
  ),
  ...named(['storage', 'session', 'customFunctions', 'standardAttributes', 'hbone'], 'config.', name => ({
    config: { [name]: {} },
  })),
  ...named(['spiffe'], 'gateways.a.tls.', name => ({ gateways: { a: { port: 1, tls: { [name]: {} } } } })),
  ...named(['alpn', 'subjectAltNames', 'spiffe'], `${ROUTE}.policies.backendTLS.`, name =>
    policy({ backendTLS: { [name]: ['x'] } }),
  ),
  ...named(['database'], 'frontendPolicies.accessLog.', name => ({
    frontendPolicies: { accessLog: { [name]: {} } },
  })),
  [
    'names of headers in another case',
    { frontendPolicies: { http: { http1HeaderCase: 'upper' } } },
    'frontendPolicies.http.http1HeaderCase',
    /header case/,
  ],
  ['route groups', { routeGroups: [{}] }, 'routeGroups', /"routeGroups"/],
  ['admin pages on a socket', { config: { adminAddr: 'unix:/run/a' } }, 'config.adminAddr', /Unix socket/],
  [
    'levels of parts of the program',
    { config: { logging: { level: ['info', 'hyper=debug'] } } },
    'config.logging.level',
    /this level/,
  ],
  ['a database', { config: { database: { url: 'x' } } }, 'config.database', /"database"/],
  ['DNS settings', { config: { dns: { edns0: true } } }, 'config.dns', /"dns"/],
  ['keepalives', { config: { backend: { keepalives: {} } } }, 'config.backend.keepalives', /"keepalives"/],
  [
    'an access log for a collector',
    { frontendPolicies: { accessLog: { otlp: { host: 'a.test:4317', policies: { backendTLS: {} } } } } },
    'frontendPolicies.accessLog.otlp.policies',
    /"policies"/,
  ],
  [
    'traces to a socket',
    { frontendPolicies: { tracing: { host: 'unix:/run/otel.sock' } } },
    'frontendPolicies.tracing.host',
    /Unix socket/,
  ],
  [
    'traces to wherever the environment says',
    { config: { tracing: { randomSampling: true } } },
    'config.tracing',
    /only a variable names/,
  ],
  [
    'traces with policies towards the collector',
    { frontendPolicies: { tracing: { host: 'a.test:4318', protocol: 'http', policies: {} } } },
    'frontendPolicies.tracing.policies',
    /"policies"/,
  ],
  [
    'a TCP listener',
    { binds: [{ port: 1, listeners: [{ protocol: 'TCP', tcpRoutes: [{}] }] }] },
    'binds[0].listeners[0].protocol',
    /TCP/,
  ],
  [
    'certificates made on demand',
    { binds: [{ port: 1, listeners: [{ protocol: 'HTTPS', tls: { mode: 'dynamicCa' }, routes: [] }] }] },
    'binds[0].listeners[0].tls.mode',
    /dynamicCa/,
  ],
  ['an internal bind', { binds: [{ mode: 'internal', listeners: [] }] }, 'binds[0].mode', /internal/],
  [
    'a tunnel',
    { binds: [{ port: 1, tunnelProtocol: 'proxy', listeners: [] }] },
    'binds[0].tunnelProtocol',
    /proxy/,
  ],
  [
    'logins of a listener',
    { binds: [{ port: 1, listeners: [{ routes: [], policies: { oidc: {} } }] }] },
    'binds[0].listeners[0].policies.oidc',
    /"oidc"/,
  ],
  ['logins of a gateway', { gateways: { a: { port: 1, oidc: {} } } }, 'gateways.a.oidc', /"oidc"/],
  [
    'handshake limits',
    { frontendPolicies: { tls: { handshakeTimeout: '1s' } } },
    'frontendPolicies.tls.handshakeTimeout',
    /"handshakeTimeout"/,
  ],
  [
    'a function in the condition of a rate limit',
    policy({
      localRateLimit: {
        conditional: [{ fillInterval: '1s', condition: 'request.uri.precompiled_matches()' }],
      },
    }),
    `${ROUTE}.policies.localRateLimit.conditional[0].condition`,
    /function precompiled_matches/,
  ],
  [
    'mirroring to a service',
    policy({ requestMirror: { percentage: 1, backend: { service: {} } } }),
    `${ROUTE}.policies.requestMirror.backend.service`,
    /"service"/,
  ],
  [
    'a function of expressions that is not run here',
    policy({ authorization: { rules: ['true', { deny: 'request.uri.precompiled_matches() == {}' }] } }),
    `${ROUTE}.policies.authorization.rules[1].deny`,
    /function precompiled_matches/,
  ],
  [
    'such a function where a key is looked for',
    policy({ apiKey: { keys: [], location: { expression: 'request.uri.precompiled_matches()' } } }),
    `${ROUTE}.policies.apiKey.location.expression`,
    /function precompiled_matches/,
  ],
  [
    'a guard of answers that asks a service',
    policy({ ai: { promptGuard: { response: [{ bedrockGuardrails: {} }] } } }),
    `${ROUTE}.policies.ai.promptGuard.response[0].bedrockGuardrails`,
    /"bedrockGuardrails"/,
  ],
  [
    'a guard that asks a service',
    policy({ ai: { promptGuard: { request: [{ webhook: {} }] } } }),
    `${ROUTE}.policies.ai.promptGuard.request[0].webhook`,
    /"webhook"/,
  ],
  ['cloud credentials', policy({ backendAuth: { gcp: {} } }), `${ROUTE}.policies.backendAuth.gcp`, /"gcp"/],
  ['copilot', policy({ backendAuth: 'copilot' }), `${ROUTE}.policies.backendAuth`, /copilot/],
  [
    'a function in the condition of a direct response',
    policy({
      directResponse: { conditional: [{ condition: 'request.uri.precompiled_matches()', status: 200 }] },
    }),
    `${ROUTE}.policies.directResponse.conditional[0].condition`,
    /function precompiled_matches/,
  ],
  [
    'a function in a computed body',
    policy({ directResponse: { status: 200, bodyExpression: 'request.uri.precompiled_matches()' } }),
    `${ROUTE}.policies.directResponse.bodyExpression`,
    /function precompiled_matches/,
  ],
  [
    'a function in a label of metrics',
    { config: { metrics: { fields: { add: { user: 'request.uri.precompiled_matches()' } } } } },
    'config.metrics.fields.add.user',
    /function precompiled_matches/,
  ],
  ...(
    [
      [{ accessLog: { filter: BAD } }, 'accessLog.filter'],
      [{ accessLog: { add: { a: BAD } } }, 'accessLog.add.a'],
      [{ accessLog: { otlp: { filter: BAD } } }, 'accessLog.otlp.filter'],
      [{ accessLog: { otlp: { fields: { add: { a: BAD } } } } }, 'accessLog.otlp.fields.add.a'],
      [{ tracing: { filter: BAD } }, 'tracing.filter'],
      [{ tracing: { attributes: { a: BAD } } }, 'tracing.attributes.a'],
      [{ tracing: { resources: { a: BAD } } }, 'tracing.resources.a'],
      [{ tracing: { randomSampling: BAD } }, 'tracing.randomSampling'],
      [{ tracing: { clientSampling: BAD } }, 'tracing.clientSampling'],
    ] as const
  ).map(
    ([frontendPolicies, place]): Row => [
      `a function in ${place}`,
      { frontendPolicies },
      `frontendPolicies.${place}`,
      /function precompiled_matches/,
    ],
  ),
  [
    'a function in a field of the older traces',
    { config: { tracing: { otlpEndpoint: 'http://a.test:1', fields: { add: { a: BAD } } } } },
    'config.tracing.fields.add.a',
    /function precompiled_matches/,
  ],
  ['a service', route({ backends: [{ service: {} }] }), `${ROUTE}.backends[0].service`, /"service"/],
  ['an mcp backend', route({ backends: [{ mcp: {} }] }), `${ROUTE}.backends[0].mcp`, /"mcp"/],
  ['an invalid backend', route({ backends: [{ invalid: null }] }), `${ROUTE}.backends[0].invalid`, /invalid/],
  [
    'an HTTP version',
    route({ backends: [{ host: 'a:1', policies: { http: { version: '2' } } }] }),
    `${ROUTE}.backends[0].policies.http.version`,
    /"version"/,
  ],
  [
    'bedrock without a key',
    ai({ provider: { bedrock: { region: 'x' } } }),
    `${ROUTE}.backends[0].ai.provider.bedrock`,
    /bedrock without a key, which means requests signed with credentials of AWS/,
  ],
  ['copilot', ai({ provider: { copilot: {} } }), `${ROUTE}.backends[0].ai.provider.copilot`, /"copilot"/],
  [
    'moderation',
    ai({ provider: { openAI: { moderation: {} } } }),
    `${ROUTE}.backends[0].ai.provider.openAI.moderation`,
    /"moderation"/,
  ],
  [
    'token counting',
    ai({ provider: { openAI: {} }, tokenize: true }),
    `${ROUTE}.backends[0].ai.tokenize`,
    /tokenize/,
  ],
  ['azure without a key', ai({ provider: { azure: {} } }), `${ROUTE}.backends[0].ai.provider.azure`, /Entra/],
  [
    'a function in the condition of a virtual model',
    {
      llm: {
        models: [],
        virtualModels: [
          { routing: { conditional: { targets: [{ when: 'request.uri.precompiled_matches()' }] } } },
        ],
      },
    },
    'llm.virtualModels[0].routing.conditional.targets[0].when',
    /function precompiled_matches/,
  ],
  ['logins for models', { llm: { models: [], policies: { oidc: {} } } }, 'llm.policies.oidc', /"oidc"/],
  [
    'a vertex model without a key',
    { llm: { models: [{ name: 'm', provider: 'vertex', params: { vertexProject: 'p' } }] } },
    'llm.models[0].provider',
    /vertex without a key, which means an access token of Google Cloud/,
  ],
  [
    'a vertex model whose provider has none',
    {
      llm: {
        providers: [{ name: 'g', provider: 'vertex', params: { vertexProject: 'p' } }],
        models: [{ name: 'm', provider: { reference: 'g' } }],
      },
    },
    'llm.models[0].provider',
    /Google Cloud/,
  ],
  [
    'vertex in a named backend that a route without a key calls',
    {
      ...route({ backends: [{ backend: '/v' }] }),
      backends: [{ name: 'v', ai: { name: 'x', provider: { vertex: { projectId: 'p' } } } }],
    },
    'backends[0].ai.provider.vertex',
    /Google Cloud/,
  ],
  [
    'an azure model without a key',
    { llm: { models: [{ name: 'm', provider: 'azure', params: {} }] } },
    'llm.models[0].provider',
    /Entra/,
  ],
  [
    'a guard of the answers of a model that asks a service',
    { llm: { models: [{ name: 'm', provider: 'openAI', guardrails: { response: [{ webhook: {} }] } }] } },
    'llm.models[0].guardrails.response[0].webhook',
    /"webhook"/,
  ],
  [
    'a bedrock model without a key',
    { llm: { models: [{ name: 'm', provider: 'bedrock', params: { awsRegion: 'x' } }] } },
    'llm.models[0].provider',
    /credentials of AWS/,
  ],
  [
    'a copilot model',
    { llm: { models: [{ name: 'm', provider: 'copilot' }] } },
    'llm.models[0].provider',
    /copilot/,
  ],
]

describe('what the embedded gateway does not run', () => {
  it.each(UNSUPPORTED)('%s is reported', (_title, config, path, what) => {
    const found = findUnsupported(config as Config)
    expect(found.map(one => formatPath(one.path))).toContain(path)
    expect(found.find(one => formatPath(one.path) === path)?.what).toMatch(what)
  })

  it('is told with what to do about a key that is missing', () => {
    const [found] = findUnsupported(ai({ provider: { vertex: { projectId: 'p' } } }) as unknown as Config)
    expect(found?.instead).toMatch(/^give it a key/)
  })

  it('is told with what does the same here, where something does', () => {
    const [found] = findUnsupported({ config: { logging: { level: 'info,hyper=debug' } } } as Config)
    expect(found?.instead).toBe('write debug, info, warn or off')
  })

  it('is all reported at once', () => {
    const config = { mcp: {}, ui: {}, ...policy({ mcpGuardrails: {}, a2a: {} }) } as Config
    expect(findUnsupported(config)).toHaveLength(4)
  })

  it.each([
    ['nothing', {}],
    [
      'null and empty lists',
      { mcp: null, ui: undefined, tcpRoutes: [], policies: [], llm: { models: [], virtualModels: [] } },
    ],
    ['a level and a format of the log', { config: { logging: { level: ['warn'], format: 'json' } } }],
    ['admin addresses', { config: { adminAddr: 'localhost:15000', statsAddr: '[::]:15020' } }],
    ['addresses that are off', { config: { adminAddr: 'off', statsAddr: 'off', readinessAddr: 'off' } }],
    [
      'labels of metrics',
      { config: { metrics: { remove: ['requests'], fields: { add: { user: 'apiKey.user' } } } } },
    ],
    ['one worker', { config: { workerThreads: 1 } }],
    ['several workers', { config: { workerThreads: '50%' } }],
    ['secure TLS said so', policy({ backendTLS: { insecure: false, insecureHost: false } })],
    [
      'a group of one',
      route({ backends: [{ ai: { groups: [{ providers: [{ name: 'x', provider: { openAI: {} } }] }] } }] }),
    ],
    [
      'azure whose key the route has',
      route({
        backends: [{ ai: { name: 'x', provider: { azure: {} } } }],
        policies: { backendAuth: { key: 'k' } },
      }),
    ],
    [
      'azure that passes through',
      { llm: { models: [{ name: 'm', provider: 'azure', auth: { passthrough: {} } }] } },
    ],
    [
      'azure at another address, where no token is fetched',
      ai({ hostOverride: 'a.test:80', provider: { azure: {} } }),
    ],
    [
      'vertex at another address',
      {
        llm: { models: [{ name: 'm', provider: 'vertex', params: { baseUrl: 'http://a.test' } }] },
      },
    ],
    [
      'vertex whose key the provider of the model has',
      {
        llm: {
          providers: [{ name: 'g', provider: 'vertex', params: { vertexProject: 'p', apiKey: 'k' } }],
          models: [{ name: 'm', provider: { reference: 'g' } }],
        },
      },
    ],
  ])('has nothing to say about %s', (_title, config) => {
    expect(findUnsupported(config as Config)).toEqual([])
  })
})

describe.skipIf(!hasCompat)(hasCompat ? 'the public configs' : WITHOUT_COMPAT, () => {
  it.each(publicConfigs())('$file is either run or refused with a reason', ({ data }) => {
    const parsed = configSchema.safeParse(data)
    if (!parsed.success) return
    const found = findUnsupported(parsed.data)
    for (const { path, what } of found) expect(`${formatPath(path)} ${what}`).toMatch(/\S+ .+/)
    if (found.length > 0) return
    try {
      compileRuntime(parsed.data, { readFile: () => '-----BEGIN CERTIFICATE-----' })
    } catch (error) {
      // Key files are not resolved here, and a few of the examples refer to what they do not hold.
      expect(error).toMatchObject({ code: expect.stringMatching(/^(?:BUG|CONFIG_INVALID)$/) })
      if ((error as { code: string }).code === 'BUG') expect(String(error)).toContain('was not resolved')
    }
  })
})
