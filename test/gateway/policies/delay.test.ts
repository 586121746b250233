import { describe, expect, it } from 'vitest'
import { call, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

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

  it.each([
    ['a duration', 'duration("50ms")'],
    ['milliseconds', 'request.method == "POST" ? 50 : 0'],
    ['milliseconds with a fraction', '50.5'],
    ['what the body says', 'int(string(request.body).size()) * 10 + 10'],
  ])('is as long as an expression says: %s', async (_title, duration) => {
    const upstream = await startUpstream()
    const config = toHost(`127.0.0.1:${upstream.port}`, { delay: { duration } })
    const { port, nextEvent } = await startTestGateway(config)
    expect(await call(port, { body: 'data' })).toMatchObject({ status: 200 })
    expect(upstream.seen[0]?.body).toBe('data')
    expect((await nextEvent()).duration).toBeGreaterThan(45)
  })

  it.each(['request.headers["x-none"]', '"text"', '-5', 'duration("-1h")', '0'])(
    'is none where the expression yields none: %s',
    async duration => {
      const upstream = await startUpstream()
      const config = toHost(`127.0.0.1:${upstream.port}`, {
        delay: { duration },
        timeout: { requestTimeout: '5s' },
      })
      const { port } = await startTestGateway(config)
      expect(await call(port, { body: 'data' })).toMatchObject({ status: 200 })
    },
  )

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
      toHost(`127.0.0.1:${upstream.port}`, { delay: { duration: '500ms' } }),
    )
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await new Promise(resolve => setTimeout(resolve, 10))
    client.socket.destroy()
    expect(await nextEvent()).toMatchObject({ status: undefined, error: 'client disconnected' })
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(upstream.seen).toEqual([])
    await gateway.close({ drainMs: 5000 })
  })
})
