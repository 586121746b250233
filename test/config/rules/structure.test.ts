import { describe, expect, test } from 'vitest'
import { type Cases, findingsIn } from './findings-in.ts'

const MODEL = '{name: gpt-5, provider: openAI, params: {apiKey: example}}'

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
      `gateways: {default: {port: 9}}\nroutes:\n- backends: [{ai: {name: a, provider: {openAI: {}}}}, {host: "localhost:1"}]\n  policies: {backendAuth: {key: example}, ${limit}}\n`,
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
      'gateways: {default: {port: 9}}\nroutes:\n- backends: [{host: "localhost:1", policies: {inferenceRouting: {endpointPicker: {host: "localhost:2"}}}}]\n',
      ['KEY_CONFLICT 3'],
    ],
    [
      'a listener and a port',
      'policies:\n- name: {name: a, namespace: b}\n  target: {gateway: {gatewayName: default, gatewayNamespace: default, listenerName: a, port: 1}}\n  policy: {cors: {}}\ngateways: {a: {port: 1}}\n',
      ['KEY_CONFLICT 3'],
    ],
    [
      'headers that are none',
      `gateways: {default: {port: 1, cors: {allowHeaders: ["a b"], allowMethods: ["GET, POST"], exposeHeaders: ["x→y"]}}}\n`,
      ['BAD_HEADER 1', 'BAD_HEADER 1', 'BAD_HEADER 1'],
    ],
    [
      'one id for two models',
      'llm:\n  models:\n  - {id: a, name: x, provider: ollama}\n  - {id: a, name: y, provider: ollama}\n',
      ['DUPLICATE_NAME 4'],
    ],
    [
      'one name for two providers',
      'llm:\n  providers:\n  - {name: p, provider: ollama}\n  - {name: p, provider: groq}\n  models: []\n',
      ['DUPLICATE_NAME 4'],
    ],
    [
      'a bucket that is filled with more than it holds',
      'gateways: {default: {port: 9}}\nroutes:\n- backends: [{host: "localhost:1"}]\n  policies: {localRateLimit: [{maxTokens: 1, tokensPerFill: 5, fillInterval: 1s}]}\n',
      ['RATE_LIMIT_SIZE 4'],
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
- {polices: {}, matches: [{path: {exact: /a}}], backends: [{host: "localhost:2"}], policies: {retry: {codes: []}}}
- {backends: [{host: "localhost:2"}], policies: {${second}}}
`
  test('is looked at all the same, but for what stands in the broken section', () => {
    expect(findingsIn(broken('retry: {codes: []}'))).toEqual(['UNKNOWN_KEY 3', 'RETRY_CODES 4'])
  })

  test('is asked how its parts fit together where it can be told what was meant', () => {
    expect(
      findingsIn(
        broken('cors: {}').replace(
          '"localhost:2"}], policies: {cors',
          '"localhost:2"}, {backend: /none}], policies: {cors',
        ),
      ),
    ).toEqual(['UNKNOWN_KEY 3', 'UNKNOWN_BACKEND 4'])
  })

  test('is asked so beside a value that nothing else depends on', () => {
    const config =
      'gateways: {default: {port: 1}}\nroutes:\n- policies: {timeout: {requestTimeout: 30}, retry: {codes: [502], backoff: 1 s}}\n  backends: [{backend: /none}]\n'
    expect(findingsIn(config)).toEqual(['WRONG_TYPE 3', 'BAD_DURATION 3', 'UNKNOWN_BACKEND 4'])
  })

  test('what a variable that is not set would change is left open', () => {
    const config =
      'gateways: {default: {port: 9}}\nroutes:\n- matches: [{path: {pathPrefix: $PREFIX}}]\n  backends: [{host: "localhost:1"}]\n'
    expect(findingsIn(config)).toEqual(['VARIABLE_UNSET 3'])
    expect(findingsIn(config, { PREFIX: 'api' })).toEqual(['MATCH_NEVER 3'])
  })
})

test('one model is enough to be without findings', () => {
  expect(findingsIn(`llm:\n  models: [${MODEL}]\n`)).toEqual([])
})

describe('what can answer no request', () => {
  const to = (backend: string): string =>
    `gateways: {default: {port: 1}}\nroutes:\n- backends:\n  - ${backend}\n`
  const answer = (policy: string): string =>
    `gateways: {default: {port: 1}}\nroutes:\n- policies:\n    directResponse: ${policy}\n`
  const provider = '{name: a, provider: {openAI: {}}}'
  const cases: Cases = [
    ['no group of providers', to('ai: {groups: []}'), ['BAD_LENGTH 4']],
    ['groups without a provider', to('ai: {groups: [{providers: []}, {providers: []}]}'), ['BAD_LENGTH 4']],
    ['in a backend with a name', 'backends:\n- name: a\n  ai:\n    groups: []\n', ['BAD_LENGTH 4']],
    [
      'one empty group among others',
      to(`ai: {groups: [{providers: []}, {providers: [${provider}]}]}`),
      ['FAILOVER_WITHOUT_RETRY 4', 'CLIENT_CREDENTIAL_FORWARDED 4'],
    ],
    [
      'an answer with two bodies',
      answer('{status: 200, body: a, bodyExpression: "request.path"}'),
      ['KEY_CONFLICT 4'],
    ],
    [
      'one of several answers with two bodies',
      answer(
        '{conditional: [{condition: "true", status: 200, body: a}, {status: 200, body: a, bodyExpression: "request.path"}]}',
      ),
      ['KEY_CONFLICT 4'],
    ],
    ['an answer with one body', answer('{status: 200, bodyExpression: "request.path"}'), []],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('the collector of traces in its older place', () => {
  test.each([
    ['is missing', '{randomSampling: true}', {}, ['MISSING_KEY 1']],
    ['is empty', '{otlpEndpoint: ""}', {}, ['MISSING_KEY 1']],
    ['comes from a variable', '{otlpEndpoint: ""}', { OTLP_ENDPOINT: 'http://a:1' }, []],
  ])('%s', (_, tracing, env, findings) => {
    expect(
      findingsIn(`config: {tracing: ${tracing}}\n`, env).filter(one => !one.startsWith('DEPRECATED')),
    ).toEqual(findings)
  })
})
