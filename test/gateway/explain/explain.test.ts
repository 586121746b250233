import { describe, expect, it } from 'vitest'
import { explainRoute } from '../../../src/gateway/explain/explain.ts'
import { runtimeOf } from '../kit/config.ts'

const ROUTES = runtimeOf(`
binds:
- port: 3000
  listeners:
  - routes:
    - {name: exact, matches: [{path: {exact: /v1/models}}], policies: {directResponse: {status: 200, body: mine}}}
    - {name: post, matches: [{path: {pathPrefix: /v1}, method: PUT}], backends: [{host: "a.test:80"}]}
    - name: model
      matches: [{path: {pathPrefix: /v1}}]
      backends:
      - ai: {name: openai, provider: {openAI: {model: gpt-4o}}}
        weight: 3
      - ai: {name: other, provider: {anthropic: {}}}
      policies: {ai: {routes: {/messages: messages, /chat/completions: completions}}, backendAuth: {key: sk-canary-0123456789}}
- port: 3001
  listeners:
  - hostname: only.test
    routes: []
`)

const OF_HOSTS = runtimeOf(`
binds:
- port: 3000
  listeners:
  - hostname: '*.test'
    routes:
    - {name: mine, hostnames: [a.test], matches: [{path: {pathPrefix: /v1}}], backends: [{host: "a.test:80"}]}
    - {name: theirs, hostnames: ['*.b.test'], matches: [{path: {exact: /v1}}, {path: {exact: /v2}}], backends: [{host: "a.test:80"}]}
    - {name: any, matches: [{path: {pathPrefix: /v1}}], backends: [{host: "a.test:80"}]}
  - hostname: c.test
    routes:
    - {name: far, matches: [{path: {pathPrefix: /v1}}], backends: [{host: "a.test:80"}]}
`)

/** As they are told where the request is not for their listener. */
const OF_THE_FIRST_LISTENER = ['mine', 'theirs', 'any'].map((name, index) => ({
  name: `default/${name}`,
  path: `binds[0].listeners[0].routes[${index}]`,
  hosts: '*.test',
  lost: 'listener',
}))

describe('explainRoute', async () => {
  const request = {
    method: 'POST',
    path: '/v1/chat/completions?x=1',
    body: '{"model":"m","messages":[{"role":"user","content":"hi"}]}',
  }

  it('names bind, listener, route, and every route that was tried', async () => {
    const explained = await explainRoute(ROUTES, request)
    expect(explained).toMatchObject({
      bind: 'bind/3000',
      listener: 'listener0',
      route: 'default/model',
      answer: undefined,
    })
    expect(explained.tried).toEqual([
      { name: 'default/exact', path: 'binds[0].listeners[0].routes[0]', hosts: '*', lost: 'path' },
      { name: 'default/post', path: 'binds[0].listeners[0].routes[1]', hosts: '*', lost: 'method' },
      { name: 'default/model', path: 'binds[0].listeners[0].routes[2]', hosts: '*', lost: undefined },
    ])
  })

  it.each([
    {
      host: 'a.test',
      asked: 'no route of its host fits',
      tried: [
        { name: 'default/mine', path: 'binds[0].listeners[0].routes[0]', hosts: 'a.test', lost: 'path' },
        { name: 'default/any', path: 'binds[0].listeners[0].routes[2]', hosts: '*', lost: 'path' },
        { name: 'default/theirs', path: 'binds[0].listeners[0].routes[1]', hosts: '*.b.test', lost: 'host' },
        { name: 'default/far', path: 'binds[0].listeners[1].routes[0]', hosts: 'c.test', lost: 'listener' },
      ],
    },
    {
      host: 'c.test',
      asked: 'a listener has none that fits',
      tried: [
        { name: 'default/far', path: 'binds[0].listeners[1].routes[0]', hosts: '*', lost: 'path' },
        ...OF_THE_FIRST_LISTENER,
      ],
    },
    {
      host: 'elsewhere.example',
      asked: 'no listener is for the host',
      tried: [
        { name: 'default/far', path: 'binds[0].listeners[1].routes[0]', hosts: 'c.test', lost: 'listener' },
        ...OF_THE_FIRST_LISTENER,
      ],
    },
  ])('names the routes of other hosts where $asked', async ({ host, tried }) => {
    const explained = await explainRoute(OF_HOSTS, { method: 'GET', path: '/v9', host })
    expect(explained.answer?.status).toBe(404)
    expect(explained.tried).toEqual(tried)
  })

  it('tells each backend with its share, its upstream and the place of its key', async () => {
    const { destinations } = await explainRoute(ROUTES, request)
    expect(destinations).toMatchObject([
      {
        backend: 'openai',
        provider: 'openai',
        share: 0.75,
        model: 'gpt-4o',
        policies: [
          {
            phase: 'backend',
            name: 'backendAuth',
            level: 'route',
            path: 'binds[0].listeners[0].routes[2].policies.backendAuth',
          },
          {
            phase: 'backend',
            name: 'ai',
            level: 'route',
            path: 'binds[0].listeners[0].routes[2].policies.ai.routes',
          },
        ],
        key: {
          slot: 'binds[0].listeners[0].routes[2].policies.backendAuth.key',
          placement: 'header authorization',
        },
        upstream: { method: 'POST', url: 'https://api.openai.com/v1/chat/completions?x=1' },
      },
      {
        backend: 'other',
        provider: 'anthropic',
        share: 0.25,
        model: 'm',
        key: { placement: 'header x-api-key' },
        upstream: { url: 'https://api.anthropic.com/v1/messages?x=1' },
      },
    ])
  })

  it('shows no key', async () => {
    const explained = await explainRoute(ROUTES, request)
    expect(JSON.stringify(explained)).not.toContain('canary')
    expect(explained.destinations[0]?.key?.secret.fingerprint()).toMatch(/^sk-…6789 sha256:/)
  })

  it.each([
    ['a direct response', { method: 'GET', path: '/v1/models' }, { status: 200, body: 'mine' }],
    ['no route', { method: 'GET', path: '/' }, { status: 404, body: 'route not found' }],
    [
      'no listener',
      { method: 'GET', path: '/', port: 3001, host: 'x.test' },
      { status: 404, body: 'listener not found' },
    ],
    [
      'a route of no routes',
      { method: 'GET', path: '/', port: 3001, host: 'only.test' },
      { status: 404, body: 'route not found' },
    ],
    ['an unknown port', { method: 'GET', path: '/', port: 1 }, { status: 404, body: 'listener not found' }],
  ])('tells what the gateway answers itself: %s', async (_title, asked, answer) => {
    expect(await explainRoute(ROUTES, asked)).toMatchObject({ answer, destinations: [] })
  })

  it('lists the policies of every level in the order in which they run, and what they answer', async () => {
    const runtime = runtimeOf(`
gateways: {default: {port: 1, cors: {allowOrigins: ["*"]}}}
policies:
- {name: {name: a, namespace: b}, target: {gateway: {gatewayName: default, gatewayNamespace: default}}, policy: {csrf: {}}}
routes:
- policies: {delay: {duration: 1h}, directResponse: {status: 203, body: x}}
`)
    const explained = await explainRoute(runtime, { method: 'GET', path: '/' })
    expect(explained.policies).toEqual([
      { phase: 'gateway', name: 'cors', level: 'gateway', path: 'gateways.default.cors' },
      { phase: 'route', name: 'csrf', level: 'targeted', path: 'policies[0].policy.csrf' },
      { phase: 'route', name: 'delay', level: 'route', path: 'routes[0].policies.delay' },
      { phase: 'route', name: 'directResponse', level: 'route', path: 'routes[0].policies.directResponse' },
    ])
    expect(explained.answer).toEqual({
      status: 203,
      body: 'x',
      headers: [],
      asks: undefined,
      decidedBy: ['routes', 0, 'policies', 'directResponse'],
    })
    const refused = await explainRoute(runtime, {
      method: 'POST',
      path: '/',
      headers: { origin: 'https://x.test' },
    })
    expect(refused.answer).toMatchObject({ status: 403, body: 'CSRF validation failed' })
  })

  it('tells where the policies of a model stand, under the names they have there', async () => {
    const runtime = runtimeOf(`
llm:
  models:
  - name: m
    provider: openAI
    params: {apiKey: sk-canary-0123456789}
    requestHeaders: {set: {x-team: blue}}
`)
    const [destination] = (await explainRoute(runtime, request)).destinations
    expect(destination?.policies).toEqual([
      {
        phase: 'backend',
        name: 'requestHeaderModifier',
        level: 'model',
        path: 'llm.models[0].requestHeaders',
      },
      { phase: 'backend', name: 'backendAuth', level: 'model', path: 'llm.models[0].params.apiKey' },
    ])
  })

  it('tells a request that the provider could not be asked', async () => {
    const { answer } = await explainRoute(ROUTES, { ...request, body: 'no JSON' })
    expect(answer).toMatchObject({ status: 400 })
  })

  const models = runtimeOf(`
llm:
  policies:
    apiKey: {mode: strict, keys: [{key: agw_sk_explain, metadata: {team: blue}}]}
  models:
  - {name: m, provider: openAI, params: {model: first}, authorization: {rules: ['apiKey.team == "red"']}}
  - {name: m, provider: openAI, params: {model: second}, authorization: {rules: ['apiKey.team == "blue"']}}
  virtualModels:
  - {name: smart, routing: {conditional: {targets: [{when: 'llmRequest.stream', model: lost}, {model: m}]}}}
`)
  const asks = (model: string, key = 'agw_sk_explain') =>
    explainRoute(models, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model }),
    })

  it('tells which models the rules refuse, and what a virtual model stands for', async () => {
    const lost = async (model: string) => (await asks(model)).tried.map(one => [one.name, one.lost])
    expect((await lost('m')).slice(-2)).toEqual([
      ['m', 'authorization'],
      ['m', undefined],
    ])
    expect((await asks('smart')).destinations[0]?.model).toBe('second')
    expect((await asks('smart')).tried.at(-1)).toMatchObject({ name: 'smart', path: 'llm.virtualModels[0]' })
  })

  it('tells a request without a right key what the gateway would answer', async () => {
    expect((await asks('m', 'wrong')).answer).toMatchObject({
      status: 401,
      body: 'api key authentication failure: invalid credentials',
    })
  })

  it('tells the models of the llm section that were tried', async () => {
    const runtime = runtimeOf(`
llm:
  models:
  - {name: "*", provider: openAI, params: {apiKey: k}}
  - {name: gpt-4o, provider: groq, visibility: internal}
  - {name: "gpt-*", provider: groq, params: {apiKey: k2}}
`)
    const explained = await explainRoute(runtime, { ...request, body: '{"model":"gpt-4o"}' })
    expect(explained.tried.map(({ name, lost }) => [name, lost])).toEqual([
      ['internal/llm:request', undefined],
      ['gpt-4o', 'visibility'],
      ['gpt-*', undefined],
    ])
    expect(explained.destinations).toMatchObject([
      {
        backend: 'gpt-*',
        key: { slot: 'llm.models[2].params.apiKey' },
        upstream: { url: 'https://api.groq.com/openai/v1/chat/completions?x=1' },
      },
    ])
    expect((await explainRoute(runtime, { ...request, path: '/v1/models' })).answer?.status).toBe(200)
  })

  it.each([
    ['a header', '{value: k-1, location: {header: {name: api-key}}}', {}, 'header api-key'],
    ['a query parameter', '{value: k-1, location: {queryParameter: {name: key}}}', {}, 'query parameter key'],
    ['a cookie', '{value: k-1, location: {cookie: {name: sid}}}', {}, 'cookie sid'],
    [
      'a key that a client token displaces',
      '{value: k-1, location: {header: {name: x-api-key}}}',
      { authorization: 'Bearer c' },
      undefined,
    ],
  ])('places %s', async (_title, key, headers, placement) => {
    const runtime = runtimeOf(`
binds: [{port: 1, listeners: [{routes: [{backends: [{ai: {name: a, provider: {anthropic: {}}}}], policies: {backendAuth: {key: ${key}}}}]}]}]`)
    const { destinations } = await explainRoute(runtime, { ...request, headers })
    expect(destinations[0]?.key).toMatchObject({ placement })
    expect(destinations[0]?.upstream.url).not.toContain('k-1')
  })
})

it('names the guards that look into the body, and the rule that keeps a caller from a model', async () => {
  const runtime = runtimeOf(`
llm:
  port: 3000
  models:
  - name: gpt-5
    provider: openAI
    params: {apiKey: "sk-0123456789abcdef"}
    guardrails: {request: [{regex: {action: mask, rules: [{pattern: canary}]}}]}
  - name: gpt-6
    provider: openAI
    params: {apiKey: "sk-0123456789abcdef"}
    authorization: {rules: [{deny: "true"}]}
`)
  const ask = (model: string) =>
    explainRoute(runtime, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'a canary' }] }),
    })
  const [destination] = (await ask('gpt-5')).destinations
  expect(destination?.upstream.body).not.toContain('canary')
  expect(destination?.policies[0]).toEqual({
    phase: 'backend',
    name: 'guardrails',
    level: 'model',
    path: 'llm.models[0].guardrails',
  })
  expect((await ask('gpt-6')).answer).toMatchObject({
    status: 403,
    decidedBy: ['llm', 'models', 1, 'authorization', 'rules', 0, 'deny'],
  })
})
