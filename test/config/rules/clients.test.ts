import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Cases, findingsIn } from './findings-in.ts'

const KEYS = `keys: [{keyHash: "sha256:${'0'.repeat(64)}"}]`

describe('checks of clients', () => {
  const gateway = (policies: string, route = ''): string =>
    `gateways: {default: {port: 8080, ${policies}}}\nroutes:\n- {backends: [{host: "localhost:9000"}], policies: {${route}}}\n`
  const jwt = `jwtAuth: {issuer: a, audiences: [b], jwks: '{"keys":[]}'}`
  const policy = (text: string): string =>
    `policies:\n- name: {name: a, namespace: b}\n  target: {gateway: {gatewayName: default, gatewayNamespace: default}}\n  policy: {${text}}\n`
  const targeted = (text: string): string => gateway(`apiKey: {${KEYS}}`) + policy(text)
  const cases: Cases = [
    ['keys', gateway(`apiKey: {${KEYS}}`), ['AUTH_OPTIONAL 1']],
    ['tokens', gateway(jwt), ['AUTH_OPTIONAL 1']],
    ['passwords', gateway('basicAuth: {htpasswd: "a:b"}'), ['AUTH_OPTIONAL 1']],
    ['beside a targeted policy that refuses nobody', targeted('cors: {}'), ['AUTH_OPTIONAL 1']],
    ['with targeted rules', targeted('authorization: {rules: [jwt.sub == "a"]}'), []],
    [
      'targeted, with rules on the route',
      `gateways: {default: {port: 8080}}\nroutes:\n- {backends: [{host: "localhost:9000"}], policies: {authorization: {rules: ["true"]}}}\n${policy(jwt)}`,
      [],
    ],
    [
      'targeted, with no rules',
      `gateways: {default: {port: 8080}}\nllm: {models: [{name: "*", provider: ollama}]}\n${policy(jwt)}`,
      ['AUTH_OPTIONAL 6'],
    ],
    ['optional on purpose', gateway(`apiKey: {mode: optional, ${KEYS}}`), []],
    ['with rules beside them', gateway(`${jwt}, authorization: {rules: [jwt.sub == "a"]}`), []],
    ['with rules on the route', gateway(jwt, 'authorization: {rules: [jwt.sub == "a"]}'), []],
    ['on the route, with rules on the gateway', gateway('authorization: {rules: [jwt.sub == "a"]}', jwt), []],
    ['whose token is needed later', gateway('cors: {}', `${jwt}, backendAuth: {passthrough: {}}`), []],
    [
      'keys called apiKey are no checks',
      'gateways: {apiKey: {port: 8080}}\nllm: {gateways: apiKey, models: [{name: "*", provider: ollama}]}\n',
      [],
    ],
    [
      'a key from a variable is not in the file',
      gateway('apiKey: {mode: strict, keys: [{key: "$KEY"}]}'),
      [],
    ],
    [
      'a key in the query',
      gateway(`apiKey: {mode: strict, location: {queryParameter: {name: k}}, ${KEYS}}`),
      ['KEY_IN_QUERY 1'],
    ],
    [
      'a header without prefix',
      gateway(`apiKey: {mode: strict, location: {header: {name: Authorization}}, ${KEYS}}`),
      ['AUTHORIZATION_WITHOUT_PREFIX 1'],
    ],
    [
      'a key beside its own hash',
      gateway(
        'apiKey: {mode: strict, keys: [{key: "$KEY"}, {keyHash: "sha256:bb0347b468d60df86ef1f80e34c3bf4a0ef4c8a3d8a9d9d9b0c5b1f0a0c0c0c0"}]}',
      ),
      [],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config, { KEY: 'example-of-alice' })).toEqual(findings)
  })

  test('a key and its hash are the same key', () => {
    const hash = createHash('sha256').update('example-of-alice').digest('hex').toUpperCase()
    const config = gateway(`apiKey: {mode: strict, keys: [{key: "$KEY"}, {keyHash: "sha256:${hash}"}]}`)
    expect(findingsIn(config, { KEY: 'example-of-alice' })).toEqual(['DUPLICATE_VIRTUAL_KEY 1'])
    expect(findingsIn(config, { KEY: 'example-of-bob' })).toEqual([])
  })
})

describe('tokens', () => {
  const config = (...lines: readonly string[]): string =>
    `llm:\n  models: [{name: "*", provider: ollama}]\n  policies:\n${lines.map(line => `    ${line}\n`).join('')}`
  const jwt = (...lines: readonly string[]): string =>
    config('jwtAuth:', '  mode: strict', ...lines.map(line => `  ${line}`))
  const keys = (...kids: readonly string[]): string =>
    `jwks: '${JSON.stringify({ keys: kids.map(kid => ({ kid })) })}'`
  const provider = (issuer: string, set: string, audiences = '[agw]'): string =>
    `- {issuer: ${issuer}, audiences: ${audiences}, ${set}}`
  const url = (name: string): string => `jwks: {url: "https://${name}.test/jwks"}`
  const cases: Cases = [
    ['without audiences', jwt('issuer: a', keys('k')), ['TOKEN_FOR_OTHERS 4']],
    ['for no audience', jwt('issuer: a', 'audiences: []', keys('k')), ['TOKEN_FOR_OTHERS 7']],
    ['for an audience', jwt('issuer: a', 'audiences: [b]', keys('k')), []],
    [
      'whose audience a rule asks for',
      config(
        `jwtAuth: {mode: strict, issuer: a, ${keys('k')}}`,
        `authorization: {rules: ['jwt.aud == "b"']}`,
      ),
      [],
    ],
    [
      'of which one provider asks for no audience',
      jwt('providers:', provider('a', keys('k')), provider('b', keys('l'), 'null')),
      ['TOKEN_FOR_OTHERS 8'],
    ],
    [
      'of one issuer, twice',
      jwt('providers:', provider('a', keys('k')), provider('a', keys('l'))),
      ['TOKEN_ISSUER_HIDDEN 8'],
    ],
    [
      'of two issuers with one key set',
      jwt('providers:', provider('a', url('a')), provider('b', url('a'))),
      ['TOKEN_ISSUER_HIDDEN 8'],
    ],
    [
      'of two issuers with keys of the same name',
      jwt('providers:', provider('a', keys('j', 'k')), provider('b', keys('k', 'l'))),
      ['TOKEN_ISSUER_HIDDEN 8'],
    ],
    ['of two issuers', jwt('providers:', provider('a', url('a')), provider('b', url('b'))), []],
  ]

  test.each(cases)('%s', (_, text, findings) => {
    expect(findingsIn(text)).toEqual(findings)
  })
})

describe('a checked route beside an open one', () => {
  const FENCE = 'apiKey: {mode: strict, keys: []}'
  const config = (
    fence: string,
    open: string,
    {
      matches = '[{path: {pathPrefix: /}}]',
      listener = '',
      key = 'backendAuth: {key: example}',
      host = 'a.test:80',
    } = {},
  ): string =>
    `gateways: {default: {port: 8080${listener}}}
routes:
- {matches: [{path: {pathPrefix: /v1}}], policies: {backendAuth: {key: example}, ${fence}}, backends: [{host: "a.test:80", policies: {backendTLS: {}}}]}
- {matches: ${matches}, policies: {${[key, open].filter(one => one !== '').join(', ')}}, backends: [{host: "${host}", policies: {backendTLS: {}}}]}
`
  const named = (open: string): string => `gateways: {default: {port: 8080}}
routes:
- {matches: [{path: {pathPrefix: /v1}}], policies: {${FENCE}}, backends: [{backend: /a}]}
- {backends: [{backend: /a${open}}]}
backends:
- {name: a, ai: {name: a, provider: {openAI: {}}}, policies: {backendAuth: {key: example}}}
`
  const OPEN = ['CHECK_WALKED_AROUND 4']
  const cases: readonly (readonly [what: string, config: string, findings: readonly string[]])[] = [
    ['a key', config(FENCE, ''), OPEN],
    ['a password', config('basicAuth: {mode: strict, htpasswd: "a:b"}', ''), OPEN],
    ['rules', config('authorization: {rules: [\'source.address == "10.0.0.7"\']}', ''), OPEN],
    [
      'where the open one is for other paths',
      config(FENCE, '', { matches: '[{path: {pathPrefix: /x}}]' }),
      OPEN,
    ],
    [
      'where the open one is for one path',
      config(FENCE, '', { matches: '[{path: {exact: /v1/models}}]' }),
      [],
    ],
    ['where the open one makes one path of all', config(FENCE, 'urlRewrite: {path: {full: /health}}'), []],
    ['where both are checked', config(FENCE, FENCE), []],
    ['where the listener is checked', config(FENCE, '', { listener: `, ${FENCE}` }), []],
    [
      'where rules are on the other one',
      config(FENCE, 'authorization: {rules: [\'request.method == "GET"\']}'),
      [],
    ],
    ['where nobody is refused', config('apiKey: {mode: permissive, keys: []}', ''), ['AUTH_PERMISSIVE 3']],
    ['with another key', config(FENCE, '', { key: 'backendAuth: {key: other}' }), []],
    ['without a key', config(FENCE, '', { key: '' }), []],
    ['for another backend', config(FENCE, '', { host: 'b.test:80' }), []],
    ['of a named backend', named(''), ['CHECK_WALKED_AROUND 4']],
    [
      'where rules are at the call of a named backend',
      named(`, policies: {authorization: {rules: ['source.port > 1']}}`),
      [],
    ],
  ]
  test.each(cases)('%s', (_, text, findings) => {
    expect(findingsIn(text).filter(one => !one.startsWith('PLAIN_KEY') && !one.startsWith('INLINE'))).toEqual(
      findings,
    )
  })
})

describe('allowed models', () => {
  const llm = (models: string): string => `llm:
  models:
  - {name: gpt-5, provider: openAI, params: {apiKey: example}}
  - {name: "claude-*", provider: anthropic, params: {apiKey: example}}
  virtualModels:
  - {name: best, routing: {weighted: {targets: [{model: gpt-5}]}}}
  policies:
    apiKey: {mode: strict, keys: [{keyHash: "sha256:${'0'.repeat(64)}", allowedModels: ${models}}]}
`
  const cases: Cases = [
    ['by name', llm('[gpt-5, claude-opus, best]'), []],
    ['by pattern', llm('["gpt*", "*-opus", "claude-o*"]'), []],
    ['that are not there', llm('[gpt-6]'), ['ALLOWED_MODEL_UNKNOWN 8']],
    ['by a pattern that fits none', llm('["gemini*"]'), ['ALLOWED_MODEL_UNKNOWN 8']],
    ['all', llm('["*"]'), []],
    ['all and more', llm('["*", gpt-5]'), ['BAD_MODEL_NAME 8']],
    ['with two stars', llm('["*gpt*"]'), ['ALLOWED_MODEL_UNKNOWN 8', 'BAD_MODEL_NAME 8']],
    ['none', llm('[]'), ['NO_MODEL_ALLOWED 8']],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config).sort()).toEqual([...findings].sort())
  })

  test('are read at a gateway that llm attaches to, and nowhere else', () => {
    const at = (section: string): string =>
      `gateways: {default: {port: 8080, apiKey: {mode: strict, keys: [{keyHash: "sha256:${'0'.repeat(64)}", allowedModels: [gpt-5]}]}}}\n${section}`
    const model = 'llm:\n  models: [{name: gpt-5, provider: openAI, params: {apiKey: example}}]\n'
    expect(findingsIn(at(model))).toEqual([])
    expect(findingsIn(at('routes: [{backends: [{host: "localhost:1"}]}]\n'))).toEqual([
      'ALLOWED_MODELS_UNREAD 1',
    ])
  })
})
