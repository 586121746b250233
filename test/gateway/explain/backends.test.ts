import { describe, expect, it } from 'vitest'
import { explainRoute } from '../../../src/gateway/explain/explain.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { runtimeOf } from '../kit/config.ts'

const asks = { method: 'POST', path: '/v1/chat/completions', body: '{"messages":[]}' }
const routed = (...backends: object[]) =>
  runtimeOf(JSON.stringify({ gateways: { default: { port: 1 } }, routes: [{ backends }] }))
/** It needs a model, which a request without one does not name. */
const choosy = (more: object = {}) => ({ ai: { name: 'choosy', provider: { anthropic: {} } }, ...more })
const easy = (more: object = {}) => ({
  ai: { name: 'easy', provider: { openAI: { model: 'gpt-4o' } } },
  ...more,
})

describe('a request that one of several backends refuses', () => {
  it('goes to the others, and that is told of the one', async () => {
    const explained = await explainRoute(routed(easy({ weight: 3 }), choosy()), asks)
    expect(explained.answer).toBeUndefined()
    expect(explained.destinations).toMatchObject([{ backend: 'easy', share: 0.75 }])
    expect(explained.refused).toMatchObject([{ backend: 'choosy', share: 0.25, status: 400 }])
  })

  it('is answered by the gateway where the one gets most of them', async () => {
    const explained = await explainRoute(routed(easy(), choosy({ weight: 3 })), asks)
    expect(explained).toMatchObject({ answer: { status: 400 }, destinations: [] })
    expect(explained.refused).toMatchObject([{ backend: 'choosy', share: 0.75 }])
  })

  it('goes to the first group, whatever the one behind it makes of it', async () => {
    const groups = [{ providers: [easy().ai] }, { providers: [choosy().ai] }]
    const explained = await explainRoute(routed({ ai: { groups } }), asks)
    expect(explained).toMatchObject({ answer: undefined, destinations: [{ backend: 'easy', share: 1 }] })
    expect(explained.refused).toMatchObject([{ backend: 'choosy', share: 0 }])
  })
})

it('what one backend makes of a request is not told of the next', async () => {
  const changing = (name: string) => ({
    host: `${name}.test:80`,
    policies: {
      transformations: { request: { set: { [`x-${name}`]: `backend.name + "-${name}"`, 'x-all': '"1"' } } },
    },
  })
  const { destinations } = await explainRoute(routed(changing('one'), changing('other')), asks)
  const names = destinations.map(({ upstream }) => upstream.headers.map(({ name }) => name.toLowerCase()))
  expect(names[0]).toContain('x-one')
  expect(names[1]).toContain('x-other')
  expect(names[1]).not.toContain('x-one')
})

describe('a credential of the client', () => {
  const secret = new Secret('canary-of-a-client', 'given key')
  const passedOn = async (request: object, backend: object = { host: 'a.test:80' }) => {
    const { destinations } = await explainRoute(routed(backend), {
      ...asks,
      ...request,
      credentials: [secret],
    })
    return destinations[0]?.passedOn.map(({ placement }) => placement)
  }
  it.each([
    ['header x-team', { headers: { 'x-team': `Key ${secret.reveal()}` } }],
    ['cookie team', { headers: { cookie: `page=1; team=${secret.reveal()}` } }],
    ['header cookie', { headers: { cookie: `page=1; ${secret.reveal()}` } }],
    ['query parameter team', { path: `/?page=1&team=${secret.reveal()}` }],
    ['the path', { path: `/${secret.reveal()}/x` }],
  ])('is told where the upstream finds it: %s', async (placement, request) => {
    expect(await passedOn(request)).toEqual([placement])
  })

  it('is told where a provider looks for it', async () => {
    const headers = { authorization: `Bearer ${secret.reveal()}` }
    const { ai } = choosy()
    expect(
      await passedOn({ headers, body: '{"model":"m","messages":[{"role":"user","content":"hi"}]}' }, { ai }),
    ).toEqual(['header x-api-key'])
  })

  it('is not told where the upstream is not shown it', async () => {
    expect(await passedOn({})).toEqual([])
  })
})

describe('what no gateway takes', () => {
  it.each<[what: string, request: object, status: number]>([
    ['TRACE', { method: 'TRACE' }, 405],
    ['a handshake that is none', { headers: { connection: 'upgrade', upgrade: 'websocket' } }, 400],
    ['a host that is none', { host: 'a/b' }, 400],
  ])('is answered as the gateway does: %s', async (_, request, status) => {
    const explained = await explainRoute(routed({ host: 'a.test:80' }), { ...asks, ...request })
    expect(explained).toMatchObject({ answer: { status }, destinations: [] })
  })

  it('is not a request that offers another protocol without meaning it', async () => {
    const explained = await explainRoute(routed({ host: 'a.test:80' }), {
      ...asks,
      headers: { upgrade: 'websocket' },
    })
    expect(explained.answer).toBeUndefined()
  })
})

it('a rule sees the request as the gateway would: its version, and a client on this machine', async () => {
  const rules = [{ require: 'request.version == "HTTP/1.1" && source.address == "127.0.0.1"' }]
  const explained = await explainRoute(
    runtimeOf(
      JSON.stringify({
        gateways: { default: { port: 1 } },
        routes: [{ backends: [{ host: 'a.test:80' }], policies: { authorization: { rules } } }],
      }),
    ),
    asks,
  )
  expect(explained.answer).toBeUndefined()
})

it('a body that the config changes on its way to a plain host is told, and no other', async () => {
  const backend = (policies: object) => ({ host: 'a.test:80', policies })
  const explained = await explainRoute(
    runtimeOf(
      JSON.stringify({
        gateways: { default: { port: 1 } },
        routes: [
          {
            backends: [
              backend({ transformations: { request: { body: '"new " + string(request.body)' } } }),
              backend({ transformations: { request: { set: { 'x-a': 'string(request.body)' } } } }),
            ],
          },
        ],
      }),
    ),
    { ...asks, body: 'old' },
  )
  expect(explained.destinations.map(({ upstream }) => upstream.body)).toEqual(['new old', undefined])
})
