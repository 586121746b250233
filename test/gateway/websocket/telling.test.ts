import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { Metrics } from '../../../src/gateway/telemetry/metrics.ts'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { eventually } from '../kit/wait.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

it('a WebSocket is told of once, when it is over: its span, its bytes and those of its connection', async () => {
  const upstream = await startRawUpstream(socket => void socket.write(AGREED))
  const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
  config.config = { tracing: { otlpEndpoint: 'http://127.0.0.1:1', randomSampling: true } }
  const metrics = new Metrics()
  const { port, events, nextEvent } = await startTestGateway(JSON.stringify(config), {
    onConnection: metrics.connection,
  })
  const client = await rawClient(port)
  client.socket.write(handshake('/chat', { authorization: 'Bearer mine' }))
  const head = await client.until(text => text.includes('\r\n\r\n'))
  const server = upstream.sockets[0] as Socket
  const { localPort: clientPort } = client.socket
  expect(events).toEqual([])
  const frame = serverFrame('hello')
  server.end(frame)
  client.socket.end()
  await client.closed
  const event = await nextEvent()
  expect(event).toMatchObject({ status: 101, bytes: frame.length, isStream: false })
  expect(event.source).toBe(`127.0.0.1:${clientPort}`)
  expect(upstream.bytes()).toContain(`traceparent: 00-${event.span?.traceId}-${event.span?.spanId}-01`)
  expect(JSON.stringify(event)).not.toContain('mine')
  await expect.poll(() => metrics.snapshot().connections[0]?.sentBytes).toBe(head.length + frame.length)
})

it.each([
  ['a handshake', handshake()],
  ['a usual request', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
])('who has left in the middle of %s is told by its address', async (_what, request) => {
  const upstream = await startRawUpstream(socket => void socket.write(''))
  const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  const client = await rawClient(port)
  const { localPort } = client.socket
  client.socket.write(request)
  await eventually(() => upstream.sockets.length === 1)
  client.socket.destroy()
  expect(await nextEvent()).toMatchObject({ error: 'client disconnected', source: `127.0.0.1:${localPort}` })
})
