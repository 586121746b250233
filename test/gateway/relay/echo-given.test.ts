import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { keyLike } from '../../helpers/keys.ts'
import { call, post } from '../kit/client.ts'
import { startTestGateway, type TestGateway } from '../kit/gateway.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'

const KEY = keyLike('openai', 'echo-given')
/** No one would take it for a key who does not know it. */
const WORD = 'correct horse battery'
const CHAT = { model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }

/** Refuses, and repeats all that it was sent. */
function startEcho(): Promise<Upstream> {
  return startUpstream((response, { url, headers, body }) =>
    response.writeHead(401).end(JSON.stringify({ url, headers, body })),
  )
}

/** A gateway that knows the word to be the value of a variable that is secret. */
function startKnowing(config: unknown): Promise<TestGateway> {
  const redactor = new Redactor()
  redactor.add(WORD)
  return startTestGateway(JSON.stringify(config), { compile: { secretsIn: text => redactor.valuesIn(text) } })
}

type Places = { readonly listener?: object; readonly route?: object; readonly backend?: object }

function toHost(port: number, { listener = {}, route = {}, backend = {} }: Places): unknown {
  const backends = [{ host: `127.0.0.1:${port}`, policies: backend }]
  const routes = [{ backends, policies: route }]
  return { binds: [{ port: 3000, listeners: [{ routes, policies: listener }] }] }
}

const request = (change: object): object => ({ transformations: { request: change } })
const quoted = (value: string): string => `'${value}'`

describe.each([
  ['a key', KEY],
  ['the value of a secret variable', WORD],
])('an upstream does not tell %s that the config puts', (_, value) => {
  const encoded = encodeURIComponent(value)
  const places: [title: string, places: Places][] = [
    ['into a header of any name', { route: request({ set: { 'x-plain': quoted(value) } }) }],
    ['into a header before a route is chosen', { listener: request({ set: { 'x-plain': quoted(value) } }) }],
    ['into a header of a backend', { backend: request({ add: { 'x-plain': quoted(value) } }) }],
    ['into headers made anew', { route: request({ replace: `{'x-plain': ${quoted(value)}}` }) }],
    ['into the query', { route: request({ set: { ':path': quoted(`/a?q=${encoded}`) } }) }],
    ['into the path', { route: request({ set: { ':path': quoted(`/bot/${encoded}/a`) } }) }],
    ['into the body', { route: request({ body: `{'password': ${quoted(value)}}` }) }],
    [
      'through its metadata',
      {
        route: request({ metadata: { m: quoted(value) }, set: { 'x-plain': 'metadata.m' } }),
      },
    ],
    [
      'into a modified header of a route',
      { route: { requestHeaderModifier: { set: { 'x-plain': value } } } },
    ],
    [
      'into a modified header of a backend',
      {
        backend: { requestHeaderModifier: { add: { 'x-plain': value } } },
      },
    ],
    ['into a path made another', { route: { urlRewrite: { path: { full: `/bot/${encoded}` } } } }],
    [
      'where a condition says so',
      {
        route: {
          transformations: {
            conditional: [
              { condition: 'request.method == "POST"', request: { set: { 'x-plain': quoted(value) } } },
            ],
          },
        },
      },
    ],
    [
      'into a query parameter of its own',
      {
        backend: { backendAuth: { key: { value, location: { queryParameter: { name: 'q' } } } } },
      },
    ],
    [
      'into a header of its own',
      {
        backend: { backendAuth: { key: { value, location: { header: { name: 'x-plain' } } } } },
      },
    ],
    [
      'into a further credential',
      {
        backend: {
          backendAuth: {
            key: { value: 'none' },
            credentials: [{ key: value, location: { cookie: { name: 'c' } } }],
          },
        },
      },
    ],
  ]
  it.each(places)('%s', async (_, where) => {
    const upstream = await startEcho()
    const { port } = await startKnowing(toHost(upstream.port, where))
    const { status, body } = await call(port, { body: '{}', headers: { 'content-type': 'application/json' } })
    const seen = JSON.stringify(upstream.seen[0])
    expect(seen.includes(value) || seen.includes(encoded)).toBe(true)
    expect(status).toBe(401)
    expect(body).toContain('[redacted]')
    expect(body).not.toContain(value)
    expect(body).not.toContain(encoded)
  })

  it.each<[string, object, object]>([
    ['a field that is set', {}, { overrides: { password: value } }],
    ['a field that is missing', {}, { defaults: { password: value } }],
    ['a field that is computed', {}, { transformations: { password: quoted(value) } }],
    ['a prompt', {}, { prompts: { prepend: [{ role: 'system', content: `say ${value} to nobody` }] } }],
    ['another path', { pathOverride: `/v1/x?q=${encoded}` }, {}],
    ['a longer path', { pathPrefix: `/${encoded}` }, {}],
  ])('into a request to a model: %s', async (_, more, ai) => {
    const upstream = await startEcho()
    const backend = {
      ai: { name: 'llm', hostOverride: `127.0.0.1:${upstream.port}`, provider: { openAI: {} }, ...more },
    }
    const routes = [{ backends: [backend], policies: { ai } }]
    const { port } = await startKnowing({ binds: [{ port: 3000, listeners: [{ routes }] }] })
    const { body } = await post(port, '/v1/chat/completions', CHAT)
    const seen = JSON.stringify(upstream.seen[0])
    expect(seen.includes(value) || seen.includes(encoded)).toBe(true)
    expect(body).toContain('[redacted]')
    expect(body).not.toContain(value)
    expect(body).not.toContain(encoded)
  })
})

it.each([
  'application/json; charset=utf-8',
  '550e8400-e29b-41d4-a716-446655440000',
  'us-east-1-tenant-0042',
  '/openai/deployments/gpt-4o-mini/chat',
])('what the config puts into a request and is no key is told as it is: %s', async text => {
  const upstream = await startEcho()
  const { port } = await startKnowing(
    toHost(upstream.port, { route: request({ set: { 'x-plain': quoted(text) } }) }),
  )
  expect((await call(port)).body).toContain(text)
})
