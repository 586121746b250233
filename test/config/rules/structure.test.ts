import { describe, expect, test } from 'vitest'
import { diagnosticsIn, findingsIn } from './findings-in.ts'

type Cases = readonly (readonly [what: string, config: string, findings: readonly string[]])[]
const ROUTES = 'routes: [{backends: [{host: "localhost:9000"}]}]'
const TLS = 'tls: {cert: /c.pem, key: /k.pem}'
const MODEL = '{name: gpt-5, provider: openAI, params: {apiKey: example}}'

describe('ports', () => {
  const cases: Cases = [
    [
      'two binds',
      `binds:\n- {port: 1, listeners: [{${ROUTES}}]}\n- {port: 1, listeners: [{${ROUTES}}]}\n`,
      ['PORT_TAKEN 3'],
    ],
    [
      'a bind and a gateway',
      `binds:\n- {port: 1, listeners: [{${ROUTES}}]}\ngateways:\n  a: {port: 1}\n`,
      ['PORT_TAKEN 4'],
    ],
    ['two gateways', 'gateways:\n  a: {port: 1}\n  b: {port: 1}\n', ['PORT_TAKEN 3']],
    [
      'llm on the port it has by itself',
      'gateways:\n  a: {port: 4000}\nllm:\n  models: []\n',
      ['PORT_TAKEN 3'],
    ],
    ['llm at the default gateway', 'gateways:\n  default: {port: 4000}\nllm:\n  models: []\n', []],
    [
      'mcp and llm',
      'llm:\n  port: 3000\n  models: []\nmcp:\n  targets: []\n',
      ['DEPRECATED 2', 'PORT_TAKEN 4'],
    ],
    [
      'internal binds without a port',
      `binds:\n- {mode: internal, listeners: [{${ROUTES}}]}\n- {mode: internal, listeners: [{${ROUTES}}]}\n`,
      ['PORT_TAKEN 3'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('listeners of one port', () => {
  const gateway = (...entries: readonly string[]): string =>
    `gateways:\n  a:\n    port: 1\n    listeners:\n${entries.map(entry => `    - {${entry}}\n`).join('')}`
  const bind = (...entries: readonly string[]): string =>
    `binds:\n- port: 1\n  listeners:\n${entries.map(entry => `  - {${entry}}\n`).join('')}`
  const tcp = 'tcpRoutes: [{backends: [{host: "localhost:9000"}]}]'
  const cases: Cases = [
    [
      'HTTP and TCP at a gateway',
      gateway('name: a, hostname: a.example.com', 'name: b, protocol: TCP'),
      ['MIXED_LISTENERS 6'],
    ],
    [
      'TLS and plain at a gateway',
      gateway(`hostname: a.example.com, ${TLS}`, 'hostname: b.example.com'),
      ['MIXED_LISTENERS 6'],
    ],
    [
      'HTTPS and TLS at a gateway',
      gateway(`hostname: a.example.com, ${TLS}`, 'hostname: b.example.com, protocol: TLS'),
      [],
    ],
    [
      'HTTP beside HTTPS at a bind',
      bind(ROUTES, `protocol: HTTPS, ${TLS}, ${ROUTES}`),
      ['MIXED_LISTENERS 4'],
    ],
    ['HTTP beside TCP at a bind', bind(`protocol: TCP, ${tcp}`, ROUTES), ['MIXED_LISTENERS 5']],
    [
      'for the same host',
      bind(`hostname: a.example.com, ${ROUTES}`, `hostname: a.example.com, ${ROUTES}`),
      ['LISTENER_AMBIGUOUS 5'],
    ],
    ['for other hosts', bind(`hostname: a.example.com, ${ROUTES}`, ROUTES), []],
    [
      'of the same name',
      bind(`name: x, hostname: a.example.com, ${ROUTES}`, `name: x, ${ROUTES}`),
      ['NAME_REPLACED 5'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('references to gateways', () => {
  const at = (gateways: string, reference: string): string =>
    `gateways: ${gateways}\nroutes:\n- gateways: ${reference}\n  backends: [{host: "localhost:9000"}]\n`
  const cases: Cases = [
    ['a gateway', at('{a: {port: 1}}', 'a'), []],
    [
      'a listener',
      at('{a: {port: 1, listeners: [{name: l}, {hostname: x.example.com}]}}', '[a/l, a/listener1]'),
      [],
    ],
    [
      'a listener that is not there',
      at('{a: {port: 1, listeners: [{name: l}]}}', 'a/m'),
      ['UNKNOWN_GATEWAY 3'],
    ],
    ['a gateway for TCP', at('{a: {port: 1, protocol: TCP}}', 'a'), ['UNKNOWN_GATEWAY 3']],
    ['the second of a list', at('{a: {port: 1}}', '[a, b]'), ['UNKNOWN_GATEWAY 3']],
    [
      'none, and no default',
      'gateways: {a: {port: 1}}\nroutes:\n- backends: [{host: "localhost:9000"}]\n',
      ['NO_GATEWAY 3'],
    ],
    [
      'none, and the default is for TCP',
      'gateways: {default: {port: 1, protocol: TCP}}\nui: {}\n',
      ['NO_GATEWAY 2'],
    ],
    ['llm takes a port of its own', 'llm:\n  models: []\n', []],
    ['llm names one', 'llm:\n  gateways: a\n  models: []\n', ['UNKNOWN_GATEWAY 2']],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('a near name is offered', () => {
    const [finding] = diagnosticsIn(at('{public: {port: 1}}', 'pubic'))
    expect(finding?.hint).toBe('did you mean "public"?')
  })
})

describe('references to backends', () => {
  const head = 'gateways: {default: {port: 1}}\nbackends: [{name: api, host: "localhost:9000"}]\n'
  const to = (reference: string): string => `${head}routes:\n- backends: [{${reference}}]\n`
  const cases: Cases = [
    ['by its name with a slash', to('backend: /api'), []],
    ['without the slash', to('backend: api'), ['BACKEND_WITHOUT_SLASH 4']],
    ['that is not there', to('backend: /apis'), ['UNKNOWN_BACKEND 4']],
    [
      'that agentgateway makes',
      to('backend: /default/default/bind/3000/listener0/default/route0/backend0'),
      [],
    ],
    [
      'in a policy',
      `${to('backend: /api')}  policies: {extAuthz: {backend: /auth}}\n`,
      ['UNKNOWN_BACKEND 5'],
    ],
    ['a service', to('service: {name: default/web.example.com, port: 80}'), ['UNKNOWN_BACKEND 4']],
    [
      'a service that is there',
      `${to('service: {name: default/web.example.com, port: 80}')}services: [{name: web, namespace: default, hostname: web.example.com}]\n`,
      [],
    ],
    ['a route group', to('routeGroup: g'), ['UNKNOWN_BACKEND 4']],
    ['from a control plane', `${to('backend: /apis')}config: {xdsAddress: "http://istiod:15010"}\n`, []],
    [
      'given twice',
      `gateways: {default: {port: 1}}\nbackends:\n- {name: a, host: "localhost:1"}\n- {name: a, host: "localhost:2"}\n`,
      ['NAME_REPLACED 4'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('targets of policies', () => {
  const CHECK = `policy: {apiKey: {mode: strict, keys: [{keyHash: "sha256:${'0'.repeat(64)}"}]}}`
  const gateway = (name: string, listener = '', namespace = 'default'): string =>
    `gateway: {gatewayName: ${name}, gatewayNamespace: ${namespace}${listener && `, listenerName: ${listener}`}}`
  const policy = (to: string): string =>
    `policies:\n- name: {name: p, namespace: default}\n  target: {${to}}\n  policy: {timeout: {requestTimeout: 1s}}\n`
  const multi = (to: string): string =>
    `gateways: {multi: {port: 1, listeners: [{name: w, hostname: a.b}, {}]}}\n${policy(to)}`
  const bound = (to: string): string =>
    `binds: [{port: 1, listeners: [{name: a, hostname: a.b, routes: []}, {routes: []}]}]\n${policy(to)}`
  const target = (to: string): string => `gateways: {web: {port: 1}}
routes:
- {name: api, gateways: web, backends: [{backend: /b}]}
- {gateways: web, hostnames: [a.example.com], backends: [{backend: /b}]}
backends: [{name: b, host: "localhost:9000"}]
policies:
- name: {name: p, namespace: default}
  target: {${to}}
  policy: {timeout: {requestTimeout: 1s}}
`
  const cases: Cases = [
    ['a route', target('route: {name: api, namespace: default}'), []],
    ['a route without a name', target('route: {name: route1, namespace: default}'), []],
    [
      'a route of another namespace',
      target('route: {name: api, namespace: web}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    ['the route of the llm section', target('route: {name: "llm:request", namespace: internal}'), []],
    ['a backend', target('backend: {backend: {name: b, namespace: ""}}'), []],
    [
      'a backend in a namespace',
      target('backend: {backend: {name: b, namespace: default}}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    ['a gateway', target('gateway: {gatewayName: default, gatewayNamespace: default}'), []],
    [
      'an entry of gateways',
      target('gateway: {gatewayName: web, gatewayNamespace: default}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    ['a gateway that is not there', target(gateway('nogw')), ['POLICY_WITHOUT_TARGET 8']],
    ['a gateway in another namespace', target(gateway('default', '', 'x')), ['POLICY_WITHOUT_TARGET 8']],
    ['an entry of gateways as a listener', target(gateway('default', 'web')), []],
    ['a listener that is not there', target(gateway('default', 'nope')), ['POLICY_WITHOUT_TARGET 8']],
    ['a listener of an entry of gateways', multi(gateway('default', 'multi/w')), []],
    ['a listener without a name', multi(gateway('default', 'multi/listener1')), []],
    ['an entry that has listeners', multi(gateway('default', 'multi')), ['POLICY_WITHOUT_TARGET 4']],
    ['a named listener of a bind', bound(gateway('default', 'a')), []],
    ['a listener of a bind by its number', bound(gateway('default', 'listener1')), []],
    [
      'a listener of a bind that is not there',
      bound(gateway('default', 'listener0')),
      ['POLICY_WITHOUT_TARGET 4'],
    ],
    [
      'with a control plane',
      `${target(gateway('default', 'nope'))}config: {xdsAddress: "http://istiod:15010"}\n`,
      [],
    ],
    [
      'for a check of clients',
      target(gateway('default', 'nope')).replace(/policy: .*/, CHECK),
      ['CHECK_WITHOUT_TARGET 8'],
    ],
    [
      'for a check of clients at a route',
      target('route: {name: apis, namespace: default}').replace(/policy: .*/, CHECK),
      ['CHECK_WITHOUT_TARGET 8'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('the hint names what can be written', () => {
    const stray = diagnosticsIn(multi(gateway('default', 'multi')))
    expect(stray.map(({ hint }) => hint)).toEqual(['name a listener of it: "multi/w", "multi/listener1"'])
    const wrong = diagnosticsIn(multi(gateway('multi')))
    expect(wrong.map(({ hint }) => hint)).toEqual([
      'write gatewayName: default and listenerName: "multi/w", "multi/listener1"',
    ])
  })
})

describe('limits of tokens', () => {
  const limit = 'localRateLimit: [{maxTokens: 1, tokensPerFill: 1, fillInterval: 1s, type: tokens}]'
  const cases: Cases = [
    [
      'on a route to a model',
      `gateways: {default: {port: 1}}\nroutes:\n- backends: [{ai: {name: a, provider: {openAI: {}}}}]\n  policies: {backendAuth: {key: example}, ${limit}}\n`,
      [],
    ],
    [
      'on a route to a model and a host',
      `gateways: {default: {port: 1}}\nroutes:\n- backends: [{ai: {name: a, provider: {openAI: {}}}}, {host: "localhost:1"}]\n  policies: {backendAuth: {key: example}, ${limit}}\n`,
      [],
    ],
    [
      'on a route to MCP servers',
      `mcp:\n  targets: []\n  policies: {${limit}}\n`,
      ['RATE_LIMIT_UNCOUNTED 3'],
    ],
    ['on models', `llm:\n  models: [${MODEL}]\n  policies: {${limit}}\n`, []],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('what agentgateway refuses on loading', () => {
  const cases: Cases = [
    ['tracing without a collector', 'config:\n  tracing: {headers: {}}\n', ['DEPRECATED 2', 'MISSING_KEY 2']],
    [
      'an MCP target that refers to a backend',
      'backends: [{name: b, host: "localhost:1"}]\nmcp:\n  targets:\n  - {name: a, mcp: {backend: /b}, policies: {}}\n',
      ['MISSING_KEY 4', 'KEY_CONFLICT 4'],
    ],
    [
      'a picker for a host',
      'gateways: {default: {port: 1}}\nroutes:\n- backends: [{host: "localhost:1", policies: {inferenceRouting: {endpointPicker: {host: "localhost:2"}}}}]\n',
      ['KEY_CONFLICT 3'],
    ],
    [
      'a listener and a port',
      'policies:\n- name: {name: a, namespace: b}\n  target: {gateway: {gatewayName: default, gatewayNamespace: default, listenerName: a, port: 1}}\n  policy: {cors: {}}\ngateways: {a: {port: 1}}\n',
      ['KEY_CONFLICT 3'],
    ],
    [
      'headers that are none',
      `gateways: {default: {port: 1, cors: {allowHeaders: ["a b"], allowMethods: ["GET, POST"]}}}\n`,
      ['BAD_HEADER 1', 'BAD_HEADER 1'],
    ],
    ['anything beside a star', `gateways: {default: {port: 1, cors: {allowHeaders: ["*", "a b"]}}}\n`, []],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('a file that is broken elsewhere', () => {
  const broken = (second: string): string => `gateways: {default: {port: 1}}
routes:
- {polices: {}, backends: [{host: "localhost:1"}], policies: {retry: {codes: []}}}
- {backends: [{host: "localhost:1"}], policies: {${second}}}
`
  test('is looked at all the same, but for what stands in the broken section', () => {
    expect(findingsIn(broken('retry: {codes: []}'))).toEqual(['UNKNOWN_KEY 3', 'RETRY_CODES 4'])
  })

  test('is not asked how its parts fit together', () => {
    expect(
      findingsIn(
        broken('cors: {}').replace(
          '"localhost:1"}], policies: {cors',
          '"localhost:1"}, {backend: /none}], policies: {cors',
        ),
      ),
    ).toEqual(['UNKNOWN_KEY 3'])
  })

  test('is asked so beside a value that nothing else depends on', () => {
    const config =
      'gateways: {default: {port: 1}}\nroutes:\n- policies: {timeout: {requestTimeout: 30}, retry: {codes: [502], backoff: 1 s}}\n  backends: [{backend: /none}]\n'
    expect(findingsIn(config)).toEqual(['WRONG_TYPE 3', 'BAD_DURATION 3', 'UNKNOWN_BACKEND 4'])
  })

  test('what a variable that is not set would change is left open', () => {
    const config =
      'gateways: {default: {port: 1}}\nroutes:\n- matches: [{path: {pathPrefix: $PREFIX}}]\n  backends: [{host: "localhost:1"}]\n'
    expect(findingsIn(config)).toEqual(['VARIABLE_UNSET 3'])
    expect(findingsIn(config, { PREFIX: 'api' })).toEqual(['MATCH_NEVER 3'])
  })
})

test('one model is enough to be without findings', () => {
  expect(findingsIn(`llm:\n  models: [${MODEL}]\n`)).toEqual([])
})
