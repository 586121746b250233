import { describe, expect, test } from 'vitest'
import { type Cases, findingsIn } from './findings-in.ts'

describe('models', () => {
  const models = (...entries: readonly string[]): string =>
    `llm:\n  models:\n${entries.map(entry => `  - {${entry}, params: {apiKey: example}}\n`).join('')}`
  const one = (name: string, more = ''): string => `name: "${name}", provider: openAI${more}`
  const cases: Cases = [
    ['the same name twice', models(one('a'), one('a')), ['MODEL_SHADOWED 4']],
    [
      'the same name, for some headers first',
      models(one('a', ', matches: [{headers: [{name: x, value: {exact: "1"}}]}]'), one('a')),
      [],
    ],
    ['the same name, with rules first', models(one('a', ', authorization: {rules: ["true"]}'), one('a')), []],
    ['a pattern before the name in it', models(one('a*'), one('a')), ['MODEL_SHADOWED 4']],
    ['a name before its pattern', models(one('a'), one('a*')), []],
    ['a wider pattern first', models(one('*'), one('a*'), one('ab')), []],
    [
      'a star in the name of a virtual model',
      `${models(one('a'))}  virtualModels: [{name: "v*", routing: {weighted: {targets: [{model: a}]}}}]\n`,
      ['MATCH_NEVER 4'],
    ],
    [
      'chosen by a header that is never there',
      models(one('a', ', matches: [{headers: [{name: host, value: {exact: "a.example.com"}}]}]')),
      ['MATCH_NEVER 3'],
    ],
    ['all twice', models(one('*'), one('*')), ['MODEL_SHADOWED 4']],
    [
      'an internal model first',
      `${models(one('a', ', visibility: internal'), one('a'))}  virtualModels: [{name: v, routing: {weighted: {targets: [{model: a}]}}}]\n`,
      [],
    ],
    [
      'a host of its own without a path, for a provider with paths of its own',
      'llm:\n  models:\n  - {name: a, provider: bedrock, params: {apiKey: example, awsRegion: r, baseUrl: "https://a.example.com"}}\n' +
        '  - {name: b, provider: vertex, params: {apiKey: example, vertexProject: p, baseUrl: "https://a.example.com"}}\n',
      ['CLIENT_PATH_KEPT 3', 'CLIENT_PATH_KEPT 4'],
    ],
    [
      'the same with a path',
      'llm:\n  models:\n  - {name: a, provider: bedrock, params: {apiKey: example, awsRegion: r, baseUrl: "https://a.example.com/p"}}\n',
      [],
    ],
    [
      'a preset with a path in place of its address, and with both',
      'llm:\n  models:\n  - {name: a, provider: groq, params: {apiKey: example, pathOverride: /p}}\n' +
        '  - {name: b, provider: groq, params: {apiKey: example, pathOverride: /p, baseUrl: "https://a.example.com"}}\n' +
        '  - {name: c, provider: openAI, params: {apiKey: example, pathOverride: /p}}\n',
      ['CUSTOM_WITHOUT_HOST 3', 'DEPRECATED 3', 'DEPRECATED 4', 'DEPRECATED 5'],
    ],
    ['a prefix that is kept', models(one('openai/gpt-5')), ['MODEL_PREFIX_KEPT 3']],
    [
      'a prefix with a model of its own',
      'llm:\n  models:\n  - {name: openai/gpt-5, provider: openAI, params: {apiKey: example, model: gpt-5}}\n',
      [],
    ],
    ['a prefix that is overridden', models(one('openai/*', ', overrides: {model: gpt-5}')), []],
    ['a prefix that the provider knows', models('name: "openai/*", provider: openrouter'), []],
    [
      'a prefix that another host knows',
      'llm:\n  models:\n  - {name: "openai/*", provider: openAI, params: {apiKey: example, baseUrl: "https://a.example.com/v1"}}\n',
      [],
    ],
    [
      'an internal model as a target of a pattern',
      `${models(one('a*', ', visibility: internal'))}  virtualModels: [{name: v, routing: {weighted: {targets: [{model: ab}]}}}]\n`,
      [],
    ],
    [
      'a target without a model',
      `${models(one('a'))}  virtualModels: [{name: v, routing: {weighted: {targets: [{model: b}]}}}]\n`,
      ['UNKNOWN_MODEL 4'],
    ],
    [
      'a virtual model twice',
      `${models(one('a'))}  virtualModels:\n  - {name: v, routing: {weighted: {targets: [{model: a}]}}}\n  - {name: v, routing: {weighted: {targets: [{model: a}]}}}\n`,
      ['NAME_REPLACED 6'],
    ],
    [
      'no weight at all',
      `${models(one('a'))}  virtualModels: [{name: v, routing: {weighted: {targets: [{model: a, weight: 0}]}}}]\n`,
      ['NO_WEIGHT 4'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('failover', () => {
  const virtual = (health: string, second = 1): string => `llm:
  models:
  - {name: a, provider: openAI, params: {apiKey: example}${health}}
  - {name: b, provider: openAI, params: {apiKey: example}}
  virtualModels:
  - name: v
    routing: {failover: {targets: [{model: a, priority: 0}, {model: b, priority: ${second}}]}}
`
  const targeted = (health: string, backoff: string): string => `${virtual(health)}policies:
- {name: {name: p, namespace: default}, target: {gateway: {gatewayName: default, gatewayNamespace: default}}, policy: {retry: {attempts: 1, backoff: ${backoff}, codes: [503]}}}
`
  const groups = (
    policies: string,
    backoff: string,
    ofBackend = '{}',
  ): string => `gateways: {default: {port: 8080}}
routes:
- policies: {retry: {attempts: 1, codes: [503]${backoff}}}
  backends:
  - ai:
      groups: [{providers: [{name: a, provider: {openAI: {}}, policies: {backendAuth: {key: example}, ${policies}}}]},
        {providers: [{name: b, provider: {openAI: {}}, policies: {backendAuth: {key: example}}}]}]
    policies: ${ofBackend}
`
  const cases: Cases = [
    ['of virtual models, without eviction', virtual(''), ['FAILOVER_WITHOUT_EVICTION 7']],
    ['of virtual models, with eviction', virtual(', health: {eviction: {}}'), []],
    ['of virtual models that share the load', virtual('', 0), []],
    ['by a health that knows no time', virtual(', health: {}'), ['FAILOVER_WITHOUT_EVICTION 7']],
    ['by a health that Retry-After tells the time', virtual(', health: {unhealthyExpression: "true"}'), []],
    ['by an eviction of its own', virtual(', health: {eviction: {healthThreshold: 0.5}}'), []],
    [
      'by an eviction after no number of failures',
      virtual(', health: {eviction: {consecutiveFailures: 0}}'),
      ['FAILOVER_WITHOUT_EVICTION 7'],
    ],
    ['by a health that the backoff of targeted retries tells the time', targeted(', health: {}', '1s'), []],
    ['the same without a health', targeted('', '1s'), ['FAILOVER_WITHOUT_EVICTION 7']],
    ['of groups, by the backoff of the route', groups('health: {}', ', backoff: 1s'), []],
    ['the same without backoff', groups('health: {}', ''), ['FAILOVER_WITHOUT_EVICTION 6']],
    ['the same without health', groups('', ', backoff: 1s'), ['FAILOVER_WITHOUT_EVICTION 6']],
    [
      'the health of the provider hides that of its backend',
      groups('health: {}', '', '{health: {eviction: {}}}'),
      ['FAILOVER_WITHOUT_EVICTION 6'],
    ],
    ['the health of the backend', groups('', '', '{health: {eviction: {}}}'), []],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('health between 0 and 1', () => {
    expect(findingsIn(virtual(', health: {eviction: {healthThreshold: 50}}'))).toEqual(['BAD_NUMBER 3'])
  })
})

test('the path of a call as the prefix of all of them, where it is one', () => {
  const route = (rest: string): string =>
    `gateways: {default: {port: 3000}}\nroutes:\n- matches: [{path: {pathPrefix: /v1/chat/completions}}]\n  backends:\n  - ai: {name: a, provider: {openAI: {}}, ${rest}}\n`
  expect(findingsIn(route('pathPrefix: /v1/chat/completions'))).toContain('BASE_URL_OF_A_CALL 5')
  expect(findingsIn(route('pathPrefix: /v1'))).not.toContain('BASE_URL_OF_A_CALL 5')
  expect(findingsIn(route('pathOverride: /v1/chat/completions'))).not.toContain('BASE_URL_OF_A_CALL 5')
})
