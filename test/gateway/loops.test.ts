import { describe, expect, it } from 'vitest'
import { freePort } from '../helpers/free-port.ts'
import { call } from './kit/client.ts'
import { toHost } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startUpstream } from './kit/upstream.ts'

const SAID = 'the request has come back to this gateway 10 times: a backend leads to the gateway itself'

describe('a backend that leads to the gateway itself', () => {
  const policies: readonly (readonly [string, object])[] = [
    ['as it is', {}],
    ['and takes out what tells of it', { requestHeaderModifier: { remove: ['via'] } }],
    ['and says itself whence requests come', { requestHeaderModifier: { set: { via: '1.1 other' } } }],
    ['and whose answers are tried again', { retry: { attempts: 2, codes: [503] } }],
    ['and whose refusals are tried again', { retry: { attempts: 1, codes: [508] } }],
  ]
  it.each(policies)('%s is told so, and the request goes round no longer', async (_title, more) => {
    const own = await freePort()
    const { port, events } = await startTestGateway(toHost(`localhost:${own}`, more), {
      ports: new Map([[3000, own]]),
    })
    expect(await call(port, { body: 'x', headers: { via: '1.0 fred' } })).toMatchObject({
      status: 508,
      body: SAID,
    })
    // The first two do not know yet where the connection leads.
    await expect.poll(() => events.length).toBe(12)
  })

  it.each([
    [
      'by --connect-to',
      'api.example.com:80',
      (own: number) => [
        { fromHost: 'api.example.com', fromPort: undefined, toHost: '127.0.0.1', toPort: own },
      ],
    ],
  ])('%s is one too', async (_title, host, connectTo) => {
    const own = await freePort()
    const { port } = await startTestGateway(toHost(host), {
      ports: new Map([[3000, own]]),
      connectTo: connectTo(own),
    })
    expect(await call(port, { body: 'x' })).toMatchObject({ status: 508, body: SAID })
  })

  it('is noticed where only copies go there', async () => {
    const own = await freePort()
    const upstream = await startUpstream()
    const requestMirror = { backend: { host: `127.0.0.1:${own}` }, percentage: 1 }
    const { port, events } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, { requestMirror }), {
      ports: new Map([[3000, own]]),
    })
    expect(await call(port, { body: 'x' })).toMatchObject({ status: 200 })
    await expect.poll(() => events.length).toBe(12)
    expect(events.map(event => event.status)).toContain(508)
  })

  it('may have a route that leads elsewhere', async () => {
    const own = await freePort()
    const upstream = await startUpstream()
    const routes = [
      {
        name: 'outer',
        matches: [{ path: { pathPrefix: '/outer' } }],
        policies: { urlRewrite: { path: { prefix: '/inner' } } },
        backends: [{ host: `127.0.0.1:${own}` }],
      },
      {
        name: 'inner',
        matches: [{ path: { pathPrefix: '/inner' } }],
        backends: [{ host: `127.0.0.1:${upstream.port}` }],
      },
    ]
    const config = JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes }] }] })
    const { port } = await startTestGateway(config, { ports: new Map([[3000, own]]) })
    for (let i = 0; i < 3; i++)
      expect(await call(port, { path: '/outer', body: 'x' })).toMatchObject({ status: 200 })
    // The first one opened the connection that tells.
    expect(upstream.seen.map(seen => seen.headers['via'])).toEqual([undefined, '1.1 agw', '1.1 agw'])
  })
})

it('other backends are not told whence requests come', async () => {
  const upstream = await startUpstream()
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  for (let i = 0; i < 2; i++) await call(port, { body: 'x' })
  expect(upstream.seen.map(seen => seen.headers['via'])).toEqual([undefined, undefined])
})
