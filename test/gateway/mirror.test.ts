import { describe, expect, it } from 'vitest'
import { freePort } from '../helpers/free-port.ts'
import { call } from './kit/client.ts'
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
    ['is not there', async () => freePort()],
    ['never answers', async () => (await startRawUpstream(() => {})).port],
    ['breaks off', async () => (await startRawUpstream(socket => socket.resetAndDestroy())).port],
  ])('that %s changes nothing', async (_title, start) => {
    const main = await startUpstream()
    const { port, gateway } = await startTestGateway(mirrored(main.port, await start(), 1))
    for (let i = 0; i < 3; i++) expect(await call(port, { body: 'x' })).toMatchObject({ status: 200 })
    await gateway.close({ drainMs: 1000 })
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
