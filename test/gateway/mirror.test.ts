import { describe, expect, it } from 'vitest'
import { refusingPort } from '../helpers/refusing-port.ts'
import { call } from './kit/client.ts'
import { runtimeOf } from './kit/config.ts'
import { toHost } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startRawUpstream } from './kit/raw-upstream.ts'
import { startUpstream } from './kit/upstream.ts'

function mirrored(main: number, copy: number, percentage: number, more: object = {}): string {
  const requestMirror = { backend: { host: `127.0.0.1:${copy}` }, percentage }
  return toHost(`127.0.0.1:${main}`, { requestMirror, ...more })
}

describe('a mirror', () => {
  it('gets the request as it goes upstream, without its body', async () => {
    const main = await startUpstream()
    const copy = await startUpstream(response => response.writeHead(500).end('no'))
    const { port } = await startTestGateway(
      mirrored(main.port, copy.port, 1, {
        requestHeaderModifier: { set: { 'x-a': 'b' } },
        urlRewrite: { path: { full: '/new' } },
      }),
    )
    expect(await call(port, { path: '/old?q=1', body: 'data' })).toMatchObject({ status: 200, body: '{}' })
    await expect.poll(() => copy.seen).toHaveLength(1)
    expect(copy.seen[0]).toMatchObject({ method: 'POST', url: '/new?q=1', body: '' })
    expect(copy.seen[0]?.headers).toMatchObject({ 'x-a': 'b', 'content-length': '0' })
    expect(main.seen[0]).toMatchObject({ url: '/new?q=1', body: 'data' })
  })

  it('gets none of them at 0, and a share in between', async () => {
    const main = await startUpstream()
    const copy = await startUpstream()
    const none = await startTestGateway(mirrored(main.port, copy.port, 0))
    await call(none.port, { body: 'x' })
    const half = await startTestGateway(mirrored(main.port, copy.port, 0.5))
    for (let i = 0; i < 100; i++) await call(half.port, { body: 'x' })
    await expect.poll(() => copy.seen.length).toBeGreaterThan(20)
    expect(copy.seen.length).toBeLessThan(80)
  })

  it.each([
    ['is not there', async () => (await refusingPort()).port],
    ['never answers', async () => (await startRawUpstream(() => {})).port],
    ['breaks off', async () => (await startRawUpstream(socket => socket.resetAndDestroy())).port],
  ])('that %s changes nothing', async (_title, start) => {
    const main = await startUpstream()
    const { port, gateway } = await startTestGateway(mirrored(main.port, await start(), 1))
    for (let i = 0; i < 3; i++) expect(await call(port, { body: 'x' })).toMatchObject({ status: 200 })
    await gateway.close({ drainMs: 1000 })
  })

  it('that never answers takes so many connections and no more, and is there again once it does', async () => {
    const main = await startUpstream()
    let isSlow = true
    const copy = await startRawUpstream(socket => {
      if (!isSlow) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
    // Whichever way leads to it.
    const config = JSON.parse(mirrored(main.port, copy.port, 1))
    const { routes } = config.binds[0].listeners[0]
    routes.push({ ...routes[0], matches: [{ path: { exact: '/1' } }] })
    const { port } = await startTestGateway(JSON.stringify(config))
    const ask = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, i) => call(port, { path: `/${i % 2}` })))
    for (let i = 0; i < 30; i++) await ask(10)
    await expect.poll(() => copy.sockets.length).toBe(256)
    isSlow = false
    for (const socket of copy.sockets) socket.destroy()
    await expect
      .poll(async () => {
        await ask(1)
        return copy.sockets.length
      })
      .toBeGreaterThan(256)
  })

  it.each([
    ['that stays', { authority: 'none' }, 'client.test:99'],
    ['that is fixed', { authority: { full: 'fixed.test' } }, 'fixed.test'],
    ['with another port', { authority: { port: 81 } }, 'client.test:81'],
  ])('is called by the host that a rewrite makes: one %s', async (_title, urlRewrite, host) => {
    const [main, copy] = [await startUpstream(), await startUpstream()]
    const { port } = await startTestGateway(mirrored(main.port, copy.port, 1, { urlRewrite }))
    await call(port, { headers: { host: 'client.test:99' } })
    await expect.poll(() => copy.seen).toHaveLength(1)
    expect(copy.seen[0]?.headers).toMatchObject({ host })
    expect(main.seen[0]?.headers).toMatchObject({ host })
  })

  it('that is a backend of its own gets its own key and headers, and no other', async () => {
    const [main, copy] = [await startUpstream(), await startUpstream()]
    const config = JSON.parse(
      toHost(`127.0.0.1:${main.port}`, {
        backendAuth: { key: 'key-of-main-0123456789' },
        requestMirror: { backend: { backend: '/shadow' }, percentage: 1 },
      }),
    )
    config.backends = [
      {
        name: 'shadow',
        host: `127.0.0.1:${copy.port}`,
        policies: {
          backendAuth: {
            key: { value: 'key-of-copy-0123456789' },
            credentials: [{ key: 'q-0123456789', location: { queryParameter: { name: 'q' } } }],
          },
          requestHeaderModifier: { set: { 'x-shadow': '1', host: 'shadow.test' } },
        },
      },
    ]
    const { port, nextEvent } = await startTestGateway(JSON.stringify(config))
    await call(port, { headers: { authorization: 'Bearer client' } })
    await expect.poll(() => copy.seen).toHaveLength(1)
    const { url, headers } = copy.seen[0] ?? {}
    expect(url).toBe('/?q=q-0123456789')
    expect(headers).toMatchObject({
      authorization: 'Bearer key-of-copy-0123456789',
      'x-shadow': '1',
      host: 'shadow.test',
    })
    expect(main.seen[0]?.headers).toMatchObject({ authorization: 'Bearer key-of-main-0123456789' })
    expect(JSON.stringify(await nextEvent())).not.toMatch(/0123456789/)
  })

  it('is refused where its backend has policies that copies do not go through', () => {
    const config = JSON.parse(
      toHost('a.test:80', { requestMirror: { backend: { backend: '/shadow' }, percentage: 1 } }),
    )
    const policies = { transformations: { request: { set: { 'x-a': "'1'" } } } }
    config.backends = [{ name: 'shadow', host: 'b.test:80', policies }]
    expect(() => runtimeOf(JSON.stringify(config))).toThrow(
      'backends[0].policies.transformations: copies of requests do not go through this policy here',
    )
  })

  it('gets no request that is refused before', async () => {
    const main = await startUpstream()
    const copy = await startUpstream()
    const { port } = await startTestGateway(mirrored(main.port, copy.port, 1, { csrf: {} }))
    await call(port, { body: 'x', headers: { origin: 'https://evil.test' } })
    await call(port, { body: 'x' })
    await expect.poll(() => copy.seen).toHaveLength(1)
  })
})
