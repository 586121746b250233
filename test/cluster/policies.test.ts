import { describe, expect, it } from 'vitest'
import { exported, GATEWAY, withPolicies } from './exported.ts'

const PASSES = 'requests that it stops would pass there'

describe('policies of a route as an AgentgatewayPolicy', () => {
  const table: [what: string, policies: string, traffic: object][] = [
    [
      'a limit of requests',
      'localRateLimit: [{ maxTokens: 10, tokensPerFill: 4, fillInterval: 60s }]',
      { rateLimit: { local: [{ requests: 4, unit: 'Minutes', burst: 6 }] } },
    ],
    [
      'a limit of tokens without a burst',
      'localRateLimit: [{ maxTokens: 10, tokensPerFill: 10, fillInterval: 1h, type: tokens }]',
      { rateLimit: { local: [{ tokens: 10, unit: 'Hours' }] } },
    ],
    [
      'limits with conditions',
      `localRateLimit: { conditional: [{ condition: 'request.method == "POST"', maxTokens: 1, tokensPerFill: 1, fillInterval: 1s }, { maxTokens: 2, tokensPerFill: 2, fillInterval: 1s }] }`,
      {
        rateLimit: {
          conditional: [
            {
              condition: 'request.method == "POST"',
              policy: { local: [{ requests: 1, unit: 'Seconds' }] },
            },
            { policy: { local: [{ requests: 2, unit: 'Seconds' }] } },
          ],
        },
      },
    ],
    [
      'tries',
      'retry: { attempts: 3, backoff: 0.5s, codes: [503, 429, 503], condition: "response.code == 418" }',
      { retry: { attempts: 3, backoff: '500ms', codes: [503, 429], condition: 'response.code == 418' } },
    ],
    [
      'one try, which is what no number means',
      'retry: { codes: [500] }',
      { retry: { attempts: 1, codes: [500] } },
    ],
    [
      'cors, where a star stands for all',
      'cors: { allowOrigins: ["https://*.example.com", "http://a:8080"], allowMethods: [GET, "*"], allowHeaders: [x-a], exposeHeaders: [x-b], allowCredentials: true, maxAge: 1m }',
      {
        cors: {
          allowOrigins: ['https://*.example.com', 'http://a:8080'],
          allowMethods: ['*'],
          allowHeaders: ['x-a'],
          exposeHeaders: ['x-b'],
          allowCredentials: true,
          maxAge: 60,
        },
      },
    ],
    ['csrf', 'csrf: { additionalOrigins: [https://a] }', { csrf: { additionalOrigins: ['https://a'] } }],
    ['a delay', 'delay: { duration: 2s }', { delay: { duration: '2s' } }],
    [
      'an answer',
      `directResponse: { status: 410, body: gone, headers: { x-a: '"b"' } }`,
      { directResponse: { status: 410, body: 'gone', headers: [{ name: 'x-a', value: '"b"' }] } },
    ],
    [
      'an answer with a condition',
      `directResponse: { conditional: [{ condition: 'request.path == "/x"', status: 503 }] }`,
      { directResponse: { conditional: [{ condition: 'request.path == "/x"', policy: { status: 503 } }] } },
    ],
    [
      'transformations',
      `transformations: { request: { set: { x-user: jwt.sub, ":path": '"/x"' }, remove: [x-b], metadata: { m: '"1"' } }, response: { add: { x-c: '"d"' } } }`,
      {
        transformation: {
          request: {
            set: [
              { name: 'x-user', value: 'jwt.sub' },
              { name: ':path', value: '"/x"' },
            ],
            remove: ['x-b'],
            metadata: { m: '"1"' },
          },
          response: { add: [{ name: 'x-c', value: '"d"' }] },
        },
      },
    ],
    [
      'tokens of an issuer',
      `jwtAuth: { mode: strict, issuer: https://i.example.com, audiences: [a], jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}', location: { header: { name: x-t, prefix: "" } } }`,
      {
        jwtAuthentication: {
          mode: 'Strict',
          providers: [
            {
              issuer: 'https://i.example.com',
              audiences: ['a'],
              jwks: { inline: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}' },
            },
          ],
          location: { header: { name: 'x-t' } },
        },
      },
    ],
  ]
  it.each(table)('has %s', (_, policies, traffic) => {
    const { left, traffic: made, of } = exported(withPolicies(policies))
    expect(left).toEqual([])
    expect(made).toEqual([traffic])
    expect(of('AgentgatewayPolicy')[0]).toMatchObject({
      metadata: { name: 'a' },
      spec: { targetRefs: [{ kind: 'HTTPRoute', name: 'a' }] },
    })
  })

  it('has several in one policy, and a policy for each kind of rule', () => {
    const { left, traffic, of } = exported(
      withPolicies(
        `delay: { duration: 1s }, authorization: { rules: ['request.method == "GET"', { deny: 'request.path == "/x"' }, { allow: "true" }, { require: "true" }] }`,
      ),
    )
    expect(left).toEqual([])
    expect(traffic).toEqual([
      {
        authorization: {
          action: 'Allow',
          policy: { matchExpressions: ['request.method == "GET"', 'true'] },
        },
        delay: { duration: '1s' },
      },
      { authorization: { action: 'Deny', policy: { matchExpressions: ['request.path == "/x"'] } } },
      { authorization: { action: 'Require', policy: { matchExpressions: ['true'] } } },
    ])
    expect(of('AgentgatewayPolicy').map(one => one.metadata.name)).toEqual(['a', 'a-2', 'a-3'])
  })

  it('fetches the keys of an issuer from a backend of their own', () => {
    const text = withPolicies(
      'jwtAuth: { issuer: i, jwks: { url: "https://i.example.com/.well-known/jwks.json" } }',
    )
    const { left, traffic, of } = exported(text)
    expect(left).toEqual([])
    expect(traffic).toMatchObject([
      {
        jwtAuthentication: {
          mode: 'Optional',
          providers: [
            { jwks: { remote: { jwksPath: '.well-known/jwks.json', backendRef: { name: 'a-keys' } } } },
          ],
        },
      },
    ])
    expect(of('AgentgatewayBackend').find(one => one.metadata.name === 'a-keys')?.['spec']).toEqual({
      static: { host: 'i.example.com', port: 443 },
      policies: { tls: {} },
    })
  })

  it('reads the keys of an issuer from a file', () => {
    const text = withPolicies('jwtAuth: { issuer: i, jwks: { file: ./keys.json } }')
    const keys = '{"keys":[{"kty":"EC"}]}'
    expect(exported(text, { './keys.json': keys }).traffic).toMatchObject([
      { jwtAuthentication: { providers: [{ jwks: { inline: keys } }] } },
    ])
    expect(exported(text).left).toEqual([
      `routes[0].policies.jwtAuth: the file of its keys cannot be read; ${PASSES}`,
    ])
  })

  const refused: [what: string, policies: string, why: string][] = [
    [
      'several limits, of which the controller obeys one',
      'localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 1s }, { maxTokens: 9, tokensPerFill: 9, fillInterval: 1h }]',
      `localRateLimit: of several limits the controller obeys the first alone; ${PASSES}`,
    ],
    [
      'an interval without a word',
      'localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 10s }]',
      `localRateLimit: the controller fills each second, minute or hour, and never else; ${PASSES}`,
    ],
    [
      'a limit of nothing',
      'localRateLimit: [{ fillInterval: 1s }]',
      `localRateLimit: the controller has no word for a bucket of this size; ${PASSES}`,
    ],
    [
      'a status that is no failure',
      'retry: { codes: [200] }',
      'retry: the controller tries statuses from 400 to 599 again, and no others',
    ],
    [
      'keys that make tokens, too',
      `jwtAuth: { issuer: i, jwks: '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}' }`,
      `jwtAuth: a key in it is secret, and a manifest would show it; ${PASSES}`,
    ],
    [
      'keys on this machine',
      'jwtAuth: { issuer: i, jwks: { url: "http://localhost:7080/keys" } }',
      `jwtAuth: it is on this machine, where a cluster does not reach it; ${PASSES}`,
    ],
    [
      'claims that must be there',
      `jwtAuth: { issuer: i, jwks: '{"keys":[{"kty":"EC"}]}', jwtValidationOptions: { requiredClaims: [exp, sub] } }`,
      `jwtAuth: the controller has no word for requiredClaims; ${PASSES}`,
    ],
    [
      'an origin of another kind',
      'cors: { allowOrigins: ["app://x"] }',
      `cors: its allowOrigins has what the Gateway API does not take; ${PASSES}`,
    ],
    [
      'an origin of no characters',
      'csrf: { additionalOrigins: [""] }',
      `csrf: the controller takes no more than 16 origins, of 1 to 256 characters; ${PASSES}`,
    ],
    [
      'more audiences than fit',
      `jwtAuth: { issuer: i, audiences: [${Array.from({ length: 65 }, (_, index) => `a${index}`).join()}], jwks: '{"keys":[{"kty":"EC"}]}' }`,
      `jwtAuth: the controller takes no more than 64 audiences; ${PASSES}`,
    ],
    [
      'a condition for nothing',
      `transformations: { conditional: [{ condition: "false", request: {} }, { request: { remove: [x-a] } }] }`,
      'transformations: an entry of it does nothing, which the controller does not take',
    ],
    [
      'all headers anew',
      `transformations: { request: { replace: "{}" } }`,
      'transformations: the controller has no word for replace',
    ],
  ]
  it.each(refused)('leaves out %s', (_, policies, why) => {
    const { left, traffic } = exported(withPolicies(policies))
    expect(left).toEqual([`routes[0].policies.${why}`])
    expect(traffic).toEqual([])
  })
})

describe('policies of a listener', () => {
  it('come before a route is chosen', () => {
    const { left, of } = exported(`gateways:
  default: { port: 3000, cors: { allowOrigins: ["*"] }, authorization: { rules: ["true"] } }
  other: { port: 4000, listeners: [{ name: x, hostname: a.example.com, jwtAuth: { issuer: i, jwks: '{"keys":[{"kty":"EC"}]}' } }] }
binds: [{ port: 5000, listeners: [{ policies: { transformations: { request: { remove: [x-a] } } }, routes: [] }] }]
`)
    expect(left).toEqual([])
    expect(of('AgentgatewayPolicy').map(one => [one.metadata.name, one['spec']])).toMatchObject([
      [
        'agw-http-3000',
        {
          targetRefs: [{ kind: 'Gateway', name: 'agw', sectionName: 'http-3000' }],
          traffic: { phase: 'PreRouting', authorization: {}, cors: { allowOrigins: ['*'] } },
        },
      ],
      ['agw-http-4000', { traffic: { phase: 'PreRouting', jwtAuthentication: {} } }],
      ['agw-http-5000', { traffic: { phase: 'PreRouting', transformation: {} } }],
    ])
  })
})

describe('the policy that reads models', () => {
  const SEVERAL =
    'llm: { models: [{ name: a, provider: openAI }, { name: b, provider: anthropic }] }\nroutes: [{ name: r, matches: [{ path: { exact: /r } }], backends: [{ host: "h.example.com:80" }] }]\n'

  it('is the one of its kind that a listener has, and what it does beside the models is said', () => {
    const { left, of, notes } = exported(
      `gateways: { default: { port: 3000, transformations: { request: { remove: [x-a] } }, cors: { allowOrigins: ["*"] } } }\n${SEVERAL}`,
    )
    expect(left).toEqual([
      'gateways.default.transformations: the policy that reads models takes its place there',
    ])
    expect(of('AgentgatewayPolicy').map(one => one.metadata.name)).toEqual(['agw-model', 'agw-http-3000'])
    expect(notes).toContain(
      'requests of the routes beside the models have the header x-agw-model there, with the model of their body',
    )
  })
})

describe('what an expression looks at', () => {
  const rule = (text: string): ReturnType<typeof exported> =>
    exported(withPolicies(`authorization: { rules: ['${text}'] }`))

  it.each([
    'proxy.route.name == "a"',
    'backend.name == "a"',
    'env.gateway == "a"',
    'proxy["route"].name == "a"',
  ])('is the same there: %s', text => {
    expect(rule(text).left).toEqual([
      `routes[0].policies.authorization: an expression in it looks at names of listeners, routes or backends, which are other ones there; ${PASSES}`,
    ])
  })

  it.each(['"backend.name" in request.headers', 'jwt.env.name == "a"', 'backend.type == "ai"'])(
    'is no name: %s',
    text => {
      const { left, notes } = rule(text)
      expect([left, notes]).toEqual([[], []])
    },
  )

  it('is said to be another one, of an address', () => {
    const { left, notes } = rule('cidr("10.0.0.0/8").containsIP(source.address)')
    expect([left, notes]).toEqual([[], [expect.stringContaining('externalTrafficPolicy: Local')]])
  })
})

describe('policies of models', () => {
  const models = (names: string, policies: string): string =>
    `${GATEWAY}llm: { models: [${names}], policies: { ${policies} } }\n`
  const ANY = '{ name: "*", provider: openAI }'
  const LIMIT = 'localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 1s, type: tokens }]'

  it('are those of their route, and a limit is said to be counted by each replica', () => {
    const { left, of, notes } = exported(models(ANY, `${LIMIT}, cors: { allowOrigins: ["*"] }`))
    expect(left).toEqual([])
    expect(of('AgentgatewayPolicy')).toMatchObject([
      {
        metadata: { name: 'llm' },
        spec: {
          targetRefs: [{ kind: 'HTTPRoute', name: 'llm' }],
          traffic: { rateLimit: { local: [{ tokens: 1, unit: 'Seconds' }] }, cors: {} },
        },
      },
    ])
    expect(notes).toContain('each replica of the Gateway counts limits for itself')
  })

  it('answer a browser, which asks without a model, by a rule of its own', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, index) => `{ name: m${index}, provider: openAI }`).join()
    const { left, rules } = exported(models(many(15), 'cors: { allowOrigins: ["*"] }'))
    expect(left).toEqual([])
    expect(rules.at(-1)).toEqual({
      matches: [{ path: { type: 'PathPrefix', value: '/' }, method: 'OPTIONS' }],
    })
    const full = exported(models(many(16), `${LIMIT}, cors: { allowOrigins: ["*"] }`))
    expect(full.left).toEqual([
      `llm.policies.cors: an HTTPRoute has no room for a rule that answers browsers; ${PASSES}`,
    ])
    expect(full.traffic.some(one => one !== undefined && 'cors' in one)).toBe(false)
    expect(full.rules).toHaveLength(16)
  })
})
