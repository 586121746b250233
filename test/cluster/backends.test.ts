import { describe, expect, it } from 'vitest'
import { secretName } from '../../src/kubernetes/index.ts'
import { exported, GATEWAY } from './exported.ts'

const route = (backends: string, policies = ''): string =>
  `${GATEWAY}routes: [{ name: r, backends: [${backends}], policies: { ${policies} } }]\n`

describe('backends', () => {
  it('of groups keep their order, each provider with its own key, host and health', () => {
    const { left, of, secrets } = exported(
      route(
        `{ ai: { groups: [
          { providers: [{ name: First, provider: { openAI: { model: m } }, policies: { backendAuth: { key: "$A" }, health: { unhealthyExpression: "response.code >= 500", eviction: { duration: 10s, consecutiveFailures: 2, healthThreshold: 0.5, restoreHealth: 1 } } } }] },
          { providers: [{ name: second, provider: { anthropic: {} } }, { name: own, hostOverride: "h.example.com:8443", pathPrefix: /v9, provider: { custom: { formats: [{ type: completions }] } }, policies: { backendTLS: { hostname: t.example.com } } }] }
        ] } }`,
        'backendAuth: { key: "$B" }',
      ),
    )
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend')).toMatchObject([
      {
        metadata: { name: 'r-1' },
        spec: {
          ai: {
            groups: [
              {
                providers: [
                  {
                    name: 'first',
                    openai: { model: 'm' },
                    policies: {
                      auth: { secretRef: { name: secretName('First') } },
                      health: {
                        unhealthyCondition: 'response.code >= 500',
                        eviction: {
                          duration: '10s',
                          consecutiveFailures: 2,
                          healthThreshold: 50,
                          restoreHealth: 100,
                        },
                      },
                    },
                  },
                ],
              },
              {
                providers: [
                  { name: 'second', anthropic: {}, policies: { auth: {} } },
                  {
                    name: 'own',
                    custom: { formats: [{ type: 'Completions' }] },
                    host: 'h.example.com',
                    port: 8443,
                    pathPrefix: '/v9',
                    policies: { tls: { sni: 't.example.com' } },
                  },
                ],
              },
            ],
          },
        },
      },
    ])
    expect(secrets).toHaveLength(2)
  })

  it('of a host have a key, TLS and health', () => {
    const { left, of, secrets } = exported(
      route(
        '{ host: "h.example.com:443", policies: { backendTLS: { insecureHost: true }, backendAuth: { key: { value: "$A", location: { queryParameter: { name: k } } } } } }',
      ),
    )
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend')[0]?.['spec']).toEqual({
      static: { host: 'h.example.com', port: 443 },
      policies: {
        auth: {
          secretRef: { name: secrets[0]?.secret },
          location: { queryParameter: { name: 'k' } },
        },
        tls: { insecureSkipVerify: 'Hostname' },
      },
    })
    expect(secrets).toHaveLength(1)
  })

  it('that stand apart are written once, with what their route says in front of what they say', () => {
    const { left, of, rules } = exported(`${GATEWAY}backends:
- { name: Shared, host: "h.example.com:80", policies: { backendTLS: {} } }
routes:
- { name: a, backends: [{ backend: /Shared, weight: 2 }, { host: "other.example.com:80" }] }
- { name: b, matches: [{ method: GET }], backends: [{ backend: Shared }] }
`)
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend').map(one => one.metadata.name)).toEqual(['shared', 'a-2'])
    expect(rules.map(rule => rule['backendRefs'])).toMatchObject([
      [{ name: 'shared', weight: 2 }, { name: 'a-2' }],
      [{ name: 'shared' }],
    ])
  })

  it('have the TLS and the kinds of requests of the strongest place that says any', () => {
    const { left, of } = exported(
      route(
        '{ ai: { name: a, hostOverride: "h.example.com:443", provider: { openAI: {} } }, policies: { ai: { routes: { /v1/messages: messages } } } }',
        'backendTLS: {}, ai: { routes: { "*": passthrough, /v1/messages: completions } }',
      ),
    )
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend')[0]?.['spec']).toMatchObject({
      policies: { tls: {}, ai: { routes: { '/v1/messages': 'Messages' } } },
    })
  })

  it.each([
    ['the paths of requests as they are', '', {}],
    ['the paths of the provider', 'pathPrefix: /, ', { pathPrefix: '/' }],
    ['one path', 'pathOverride: /x, ', { path: '/x' }],
  ])('with a host of their own are called with %s', (_, fields, place) => {
    const { left, of } = exported(
      route(`{ ai: { name: a, hostOverride: "h.example.com:80", ${fields} provider: { openAI: {} } } }`),
    )
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend')[0]?.['spec']).toEqual({
      ai: { provider: { openai: {}, host: 'h.example.com', port: 80, ...place } },
    })
  })

  const refused: [what: string, text: string, left: string[]][] = [
    [
      'a kind of requests that would be passed on around guards',
      route(
        '{ ai: { name: a, provider: { gemini: {} } } }',
        'ai: { routes: { ":generateContent": generateContent, "*": passthrough } }',
      ),
      [
        'routes[0].policies.ai.routes[":generateContent"]: the controller has no word for it: the guards of its backend would not look at it',
      ],
    ],
    [
      'an eviction without a duration',
      route('{ host: "h.example.com:80", policies: { health: { eviction: {} } } }'),
      [
        'routes[0]: its eviction has no duration: the controller takes 3s then, and does not look at Retry-After',
      ],
    ],
    [
      'a certificate for a backend',
      route('{ host: "h.example.com:443", policies: { backendTLS: { root: ca.pem } } }'),
      ['routes[0]: of its TLS this version writes hostname, insecure and insecureHost alone'],
    ],
    [
      'a socket',
      route('{ host: "unix:/run/x" }'),
      ['routes[0]: it is on this machine, where a cluster does not reach it'],
    ],
    [
      'a backend that no route leads to',
      `${GATEWAY}backends: [{ name: n, host: "h.example.com:80" }]\n`,
      ['backends[0]: no route that is written leads to it'],
    ],
    [
      'a path in front of others that begins with no slash',
      route(
        '{ ai: { name: a, hostOverride: "h.example.com:80", pathPrefix: v1, provider: { openAI: {} } } }',
      ),
      ['routes[0]: its pathPrefix has no word there'],
    ],
  ]
  it.each(refused)('are left out where there is %s', (_, text, left) => {
    expect(exported(text).left).toEqual(left)
  })
})

describe('models', () => {
  const model = (fields: string): string => `${GATEWAY}llm: { models: [{ name: "*", ${fields} }] }\n`

  it('have headers of their own, TLS and health', () => {
    const { left, rules, of } = exported(
      model(
        'provider: openAI, requestHeaders: { set: { x-a: b } }, responseHeaders: { remove: [x-c] }, tls: { insecure: true }, health: { unhealthyExpression: "true" }, params: { baseUrl: "https://h.example.com/v1" }',
      ),
    )
    expect(left).toEqual([])
    expect(rules[0]?.['filters']).toEqual([
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'x-a', value: 'b' }] },
      },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['x-c'] } },
    ])
    expect(of('AgentgatewayBackend')[0]?.['spec']).toMatchObject({
      policies: { tls: { insecureSkipVerify: 'All' }, health: { unhealthyCondition: 'true' } },
    })
  })

  it('have the provider that they refer to, with its key, and their own model', () => {
    const { left, of, secrets } = exported(`${GATEWAY}llm:
  providers:
  - { name: shared, provider: openAI, params: { apiKey: "$A", baseUrl: "https://h.example.com/v1" } }
  - { name: other, provider: anthropic, defaults: { auth: { key: "$B" }, health: {} } }
  - { name: unused, provider: gemini }
  models:
  - { name: a, provider: { reference: shared }, params: { model: m } }
  - { name: b, provider: { reference: shared } }
  - { name: c, provider: { reference: other } }
`)
    expect(left).toEqual([
      'llm.providers[1].defaults.health',
      'llm.providers[2]: no model that is written refers to it',
    ])
    expect(secrets).toEqual([
      { slot: 'shared', secret: 'shared-secret' },
      { slot: 'other', secret: 'other-secret' },
    ])
    const auth = { secretRef: { name: 'shared-secret' } }
    expect(of('AgentgatewayBackend').map(one => [one.metadata.name, one['spec']])).toMatchObject([
      ['shared', { ai: { provider: { openai: { model: 'm' }, pathPrefix: '/v1' } }, policies: { auth } }],
      ['shared-2', { ai: { provider: { openai: {} } }, policies: { auth } }],
      ['other', { ai: { provider: { anthropic: {} } } }],
    ])
  })

  it('may be servers of their own', () => {
    const { left, of } = exported(
      model(
        'provider: { custom: { formats: [{ type: completions }, { type: messages }] } }, params: { baseUrl: "http://h.example.com:8000/v1" }',
      ),
    )
    expect(left).toEqual([])
    expect(of('AgentgatewayBackend')[0]?.['spec']).toMatchObject({
      ai: {
        provider: {
          custom: { formats: [{ type: 'Completions' }, { type: 'Messages' }] },
          host: 'h.example.com',
          port: 8000,
          pathPrefix: '/v1',
        },
      },
    })
  })

  it('say what works differently', () => {
    const { notes } = exported(model('provider: deepseek'))
    expect(notes).toEqual([
      expect.stringContaining('/v1/models'),
      expect.stringContaining('names no model'),
      'deepseek: requests of the kind messages are translated there, where here they go to a path of their own',
    ])
    expect(exported(model('provider: gemini')).notes).toEqual(
      expect.arrayContaining([expect.stringContaining(':generateContent')]),
    )
  })

  it.each([
    [
      'that speak what the controller has no word for',
      'provider: { custom: { formats: [{ type: generateContent }] } }, params: { baseUrl: "http://h.example.com" }',
      'the controller does not take its formats',
    ],
    [
      'that only virtual models reach',
      'provider: openAI, visibility: internal',
      'it is for virtual models alone, and there everybody could use it',
    ],
    [
      'that are for some requests alone',
      'provider: openAI, matches: [{ headers: [{ name: x, value: { exact: y } }] }]',
      'its matches have no word there: it would take requests that are not for it',
    ],
  ])('%s are left out', (_, fields, why) => {
    expect(exported(model(fields)).left).toEqual([`llm.models[0]: ${why}`])
  })
})
