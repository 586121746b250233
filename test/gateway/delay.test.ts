import { describe, expect, it } from 'vitest'
import { call, rawClient } from './kit/client.ts'
import { toHost } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startUpstream } from './kit/upstream.ts'

describe('a delay', () => {
  it('holds a request back, its body included, and then lets it go', async () => {
    const upstream = await startUpstream()
    const { port, nextEvent } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { delay: { duration: '50ms' } }),
    )
    expect(await call(port, { body: 'data' })).toMatchObject({ status: 200 })
    expect(upstream.seen[0]?.body).toBe('data')
    expect((await nextEvent()).duration).toBeGreaterThan(45)
  })

  it('counts against the time of the request', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, {
        delay: { duration: '10s' },
        timeout: { requestTimeout: '20ms' },
      }),
    )
    expect(await call(port, { body: 'data' })).toMatchObject({ status: 504, body: 'request timeout' })
    expect(upstream.seen).toEqual([])
  })

  it('ends with the client, and nothing is sent for it', async () => {
    const upstream = await startUpstream()
    const { port, nextEvent, gateway } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { delay: { duration: '30ms' } }),
    )
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await new Promise(resolve => setTimeout(resolve, 10))
    client.socket.destroy()
    expect(await nextEvent()).toMatchObject({ status: undefined, error: 'client disconnected' })
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(upstream.seen).toEqual([])
    await gateway.close({ drainMs: 5000 })
  })
})
