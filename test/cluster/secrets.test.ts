import { describe, expect, it } from 'vitest'
import { keyLike } from '../helpers/keys.ts'
import { exported, GATEWAY, withPolicies } from './exported.ts'

const KEY = keyLike('openai', 'cluster')
const HASH = `sha256:${'ab'.repeat(32)}`
const SHOWN = 'a variable in it may hold a secret, and a manifest would show it'
const HELD = 'a variable in it holds a key, and a manifest would show it'

const clients = (metadata: string): string => `${GATEWAY}llm:
  models: [{ name: "*", provider: openAI, params: { apiKey: "$K" } }]
  policies: { apiKey: { mode: strict, keys: [{ keyHash: "${HASH}", metadata: ${metadata} }, { keyHash: "${HASH.replaceAll('b', 'c')}", metadata: { name: b } }] } }
`

describe('what may be a secret is in no manifest', () => {
  const table: [what: string, text: string, left: string][] = [
    [
      'what a variable says of a client',
      clients('{ name: a, upstream: "$TEAM" }'),
      `llm.policies.apiKey.keys[0]: ${SHOWN}`,
    ],
    [
      'a key that is written there',
      clients(`{ name: a, upstream: ${KEY} }`),
      'llm.policies.apiKey.keys[0]: it has in it what looks like a key',
    ],
    [
      'a header that holds a credential',
      withPolicies('requestHeaderModifier: { set: { Authorization: "Basic dXNlcjpwYXNz" } }'),
      'routes[0].policies.requestHeaderModifier: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a credential in an expression',
      withPolicies(`transformations: { request: { set: { authorization: '"Basic dXNlcjpwYXNz"' } } }`),
      'routes[0].policies.transformations: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a cookie that an answer sets',
      withPolicies(`directResponse: { status: 200, headers: { set-cookie: '"session=1"' } }`),
      'routes[0].policies.directResponse: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a cookie',
      withPolicies('requestHeaderModifier: { add: { cookie: "session=1" } }'),
      'routes[0].policies.requestHeaderModifier: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a credential in a match',
      withPolicies('', 'matches: [{ headers: [{ name: x-api-key, value: { exact: session=1 } }] }],'),
      'routes[0]: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a credential in the query of a match',
      withPolicies('', 'matches: [{ query: [{ name: token, value: { regex: "session=1|session=2" } }] }],'),
      'routes[0]: a header in it may hold a credential, and a manifest would show it',
    ],
    [
      'a credential that an expression compares',
      withPolicies(`authorization: { rules: ['request.headers["x-api-key"] == "session=1"'] }`),
      'routes[0].policies.authorization: a header in it may hold a credential, and a manifest would show it; requests that it stops would pass there',
    ],
    ...[
      'request.headers["authorization"].startsWith("Bearer session=1")',
      'request.headers["x-api-key"] in ["session=1"]',
      'request.headers.authorization == "Basic session=1"',
      'request.headers["x-api-key"].matches("^session=1$")',
      'request.headers["x-api-key"] == r"session=1"',
      '(request.headers["x-api-key"]) == "session=1"',
      'default(request.headers["x-api-key"], "") == "session=1"',
      '(has(request.headers.authorization) ? request.headers.authorization : "") == "session=1"',
      '(request.path == "/" || request.headers["x-api-key"] == "session=1")',
      'request.path == "/" && apiKey.key == "session=1"',
    ].map((rule): [string, string, string] => [
      `one in ${rule}`,
      withPolicies(`authorization: { rules: ['${rule}'] }`),
      'routes[0].policies.authorization: a header in it may hold a credential, and a manifest would show it; requests that it stops would pass there',
    ]),
    [
      'the same, the other way round',
      withPolicies(`authorization: { rules: ['"session=1" == request.headers["authorization"]'] }`),
      'routes[0].policies.authorization: a header in it may hold a credential, and a manifest would show it; requests that it stops would pass there',
    ],
    [
      'what the metadata of a client calls a token',
      clients('{ name: a, upstreamToken: session=1 }'),
      'llm.policies.apiKey.keys[0]: its metadata may hold a credential, and a manifest would show it',
    ],
    [
      'a header from a variable',
      withPolicies('requestHeaderModifier: { set: { x-team: "$TEAM" } }'),
      `routes[0].policies.requestHeaderModifier: ${SHOWN}`,
    ],
    [
      'an expression with a variable',
      withPolicies(`authorization: { rules: ['request.headers["x-gate"] == "$GATE"'] }`),
      `routes[0].policies.authorization: ${SHOWN}; requests that it stops would pass there`,
    ],
    [
      'a key in an answer',
      withPolicies(`directResponse: { status: 200, body: "${KEY}" }`),
      'routes[0].policies.directResponse: it has in it what looks like a key',
    ],
    [
      'a variable in a match',
      withPolicies('', 'matches: [{ headers: [{ name: x-gate, value: { exact: "$GATE" } }] }],'),
      `routes[0]: ${SHOWN}`,
    ],
    [
      'the variable of a key in another place',
      `${GATEWAY}routes: [{ backends: [{ ai: { name: a, provider: { openAI: { model: "$K" } } } }], policies: { backendAuth: { key: "$K" } } }]\n`,
      `routes[0]: ${HELD}`,
    ],
    [
      'a variable that is called a token',
      `${GATEWAY}routes: [{ backends: [{ host: "$APP_TOKEN.example.com:80" }] }]\n`,
      `routes[0]: ${HELD}`,
    ],
  ]
  it.each(table)('leaves out %s', (_, text, left) => {
    const made = exported(text)
    expect(made.left).toEqual([left])
    expect(JSON.stringify(made.objects)).not.toMatch(/value-of|dXNlcjpwYXNz|session=1/)
    expect(JSON.stringify(made.objects)).not.toContain(KEY)
  })

  it('writes a credential that an expression reads from the request', () => {
    const set = `{ authorization: '"Bearer " + request.headers["x-token"]', x-a: '"b"' }`
    expect(exported(withPolicies(`transformations: { request: { set: ${set} } }`)).left).toEqual([])
  })

  it('has a pattern for any credential, and an expression that looks whether there is one', () => {
    const { left } = exported(
      withPolicies(
        `authorization: { rules: [${[
          'request.headers["x-api-key"] != ""',
          'request.headers["x-team"] == "blue"',
          'has(request.headers.authorization) && request.path.startsWith("/v1/secrets")',
          '!(has(request.headers.authorization) && (request.path == "/v1/secrets")) || (request.path == "/")',
          'apiKey.metadata.team in ["blue", "green"]',
          'request.headers.authorization.matches("^Bearer .+$")',
        ]
          .map(rule => `'${rule}'`)
          .join(', ')}] }`,
        'matches: [{ headers: [{ name: authorization, value: { regex: "Bearer .+" } }] }],',
      ),
    )
    expect(left).toEqual([])
  })

  it('writes a variable where a host or a model belongs, and never one that is not set', () => {
    const route = (model: string): string =>
      `${GATEWAY}routes: [{ backends: [{ ai: { name: a, provider: { openAI: { model: "${model}" } } } }] }]\n`
    expect(JSON.stringify(exported(route('$MODEL')).objects)).toContain('value-of-MODEL')
    const { left, objects } = exported(route('$UNSET'))
    expect(left).toEqual(['routes[0]: a variable in it is not set'])
    expect(JSON.stringify(objects)).not.toContain('UNSET')
  })

  it('does not take the key of a guard for that of the model, nor that of one route for another', () => {
    const guard = '{ openAIModeration: { policies: { backendAuth: { key: "$GUARD" } } } }'
    const model = exported(
      `${GATEWAY}llm: { models: [{ name: "*", provider: openAI, guardrails: { request: [${guard}] } }] }\n`,
    )
    expect(model.secrets).toEqual([])
    const named = exported(`${GATEWAY}backends: [{ name: n, ai: { name: n, provider: { openAI: {} } } }]
routes:
- { name: a, backends: [{ backend: /n }], policies: { backendAuth: { key: "$A" } } }
- { name: b, matches: [{ path: { exact: /b } }], backends: [{ backend: /n }] }
`)
    expect(named.left).toEqual([])
    expect(named.of('AgentgatewayBackend').map(one => [one.metadata.name, one['spec']])).toEqual([
      ['n', expect.objectContaining({ policies: { auth: { secretRef: { name: 'n-secret' } } } })],
      ['n-2', { ai: { provider: { openai: {} } } }],
    ])
    expect(named.rules.map(rule => rule['backendRefs'])).toMatchObject([[{ name: 'n' }], [{ name: 'n-2' }]])
  })

  it('does not put two keys into one Secret', () => {
    const { left, secrets } = exported(`${GATEWAY}routes:
- { name: a, backends: [{ ai: { name: Team, provider: { openAI: {} }, policies: { backendAuth: { key: "$A" } } } }] }
- { name: b, backends: [{ ai: { name: team, provider: { openAI: {} }, policies: { backendAuth: { key: "$B" } } } }] }
`)
    expect(secrets).toEqual([
      { slot: 'Team', secret: expect.stringMatching(/^team-[\da-f]{6}-secret$/) },
      { slot: 'team', secret: 'team-secret' },
    ])
    expect(left).toEqual([])
  })
})

describe('names', () => {
  it('are those of one object each', () => {
    const { left, of } = exported(`${GATEWAY}routes:
- { name: A, matches: [{ path: { exact: /a } }], backends: [{ host: "one.example.com:80" }] }
- { name: a, matches: [{ path: { exact: /b } }], backends: [{ host: "two.example.com:80" }] }
- { name: a-2, matches: [{ method: GET }], backends: [{ ai: { name: a-1, provider: { openAI: {} } } }] }
`)
    expect(left).toEqual([])
    expect(of('HTTPRoute').map(one => one.metadata.name)).toEqual(['a', 'a-2', 'a-2-2'])
    expect(of('AgentgatewayBackend').map(one => one.metadata.name)).toEqual(['a-1', 'a-2-1', 'a-1-2'])
  })

  it('of clients are keys that a ConfigMap takes', () => {
    const names = ['"..a"', '"ä ö"', `"${'x'.repeat(300)}"`]
    const keys = names.map(
      (name, index) => `{ keyHash: "sha256:${String(index).repeat(64)}", metadata: { name: ${name} } }`,
    )
    const { of } = exported(
      `${GATEWAY}llm: { models: [{ name: "*", provider: openAI }], policies: { apiKey: { keys: [${keys.join()}] } } }\n`,
    )
    const ids = Object.keys(of('ConfigMap')[0]?.['data'] as object)
    expect(ids).toHaveLength(3)
    expect(ids.every(id => /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(id))).toBe(true)
  })

  it('of clients are not there for keys that could be guessed by their hash', () => {
    const { left, of } = exported(
      `${GATEWAY}llm: { models: [{ name: "*", provider: openAI }], policies: { apiKey: { keys: [{ key: fifteen-letters }, { key: sixteen-letters!, metadata: { name: b } }] } } }\n`,
    )
    expect(left).toEqual([
      expect.stringMatching(/^llm\.policies\.apiKey\.keys\[0\]: .*could be guessed by its hash/),
    ])
    expect(Object.keys(of('ConfigMap')[0]?.['data'] as object)).toEqual(['b'])
  })

  it('are not those of routes of which a later one has the name', () => {
    const route = (body: string) => `{ name: a, ${body} backends: [{ host: "h.example.com:80" }] }`
    const { left, of } = exported(
      `gateways: { default: { port: 3000 }, other: { port: 3001 } }
routes: [${route('')}, ${route('gateways: [other],')}, ${route('gateways: default, matches: [{ path: { exact: /a } }],')}]\n`,
    )
    expect(left).toEqual(['routes[0]: a later route has its name, and takes its place'])
    expect(of('HTTPRoute')).toHaveLength(2)
  })
})
