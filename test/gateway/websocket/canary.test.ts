import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

const KEY = 'sk-canary-0123456789"abc'
const FORMS: readonly (readonly [form: string, text: string])[] = [
  ['as it is', KEY],
  ['in JSON', JSON.stringify(KEY).slice(1, -1)],
  ['in a query', encodeURIComponent(KEY)],
  ['in base64', Buffer.from(KEY).toString('base64')],
]
const before = '{"error":"the key '
const after = ' is wrong"}'

describe('a key that the upstream repeats in a frame does not reach the client, and the frames stay whole:', () => {
  it.each(FORMS)('%s', async (_form, text) => {
    const frames = [
      serverFrame(before + text + after),
      serverFrame('next'),
      serverFrame(`ends with ${KEY.slice(0, 3)}`),
    ]
    const bytes = Buffer.concat(frames)
    const masked = Buffer.from(bytes.toString('latin1').replace(text, '*'.repeat(text.length)), 'latin1')
    for (const cut of [bytes.length, 1, 13, before.length + 4, before.length + 10]) {
      const upstream = await startRawUpstream(async socket => {
        socket.setNoDelay(true)
        socket.write(AGREED)
        for (let at = 0; at < bytes.length; at += cut) {
          socket.write(bytes.subarray(at, at + cut))
          await new Promise(resolve => setImmediate(resolve))
        }
      })
      const config = toHost(`127.0.0.1:${upstream.port}`, { backendAuth: { key: KEY } })
      const { port, gateway } = await startTestGateway(config)
      const client = await rawClient(port)
      client.socket.write(handshake())
      // All of it comes, though the upstream says no more and its last word could begin a key.
      await client.until(got => got.length - got.indexOf('\r\n\r\n') - 4 >= bytes.length)
      expect(client.received().split('\r\n\r\n')[1]).toBe(masked.toString('latin1'))
      expect(upstream.bytes()).toContain(KEY)
      await gateway.close({ drainMs: 0 })
    }
  })
})

it('what could begin a key is sent when the upstream ends within a frame', async () => {
  const upstream = await startRawUpstream(socket => {
    socket.write(AGREED)
    socket.end(serverFrame(`${KEY} and more`).subarray(0, 10))
  })
  const config = toHost(`127.0.0.1:${upstream.port}`, { backendAuth: { key: KEY } })
  const { port } = await startTestGateway(config)
  const client = await rawClient(port)
  client.socket.write(handshake())
  await client.closed
  expect(client.received()).toMatch(/sk-canar$/)
})

it('nor one in the head of a 101, nor in an answer that refuses', async () => {
  const upstream = await startRawUpstream(
    socket =>
      void socket.write(
        AGREED.replace('connection', `x-echo: ${KEY}\r\nsec-websocket-protocol: ${KEY}\r\nconnection`),
      ),
  )
  const policies = { backendAuth: { key: KEY } }
  const open = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
  const client = await rawClient(open.port)
  client.socket.write(handshake())
  const head = await client.until(text => text.includes('\r\n\r\n'))
  expect(head).toContain('x-echo: [redacted]')
  expect(head).not.toContain('canary')

  const refusing = await startUpstream((response, { headers }) => {
    response
      .writeHead(401, { 'x-echo': headers['authorization'] ?? '' })
      .end(`got ${headers['authorization']}`)
  })
  const { port } = await startTestGateway(toHost(`127.0.0.1:${refusing.port}`, policies))
  const other = await rawClient(port)
  other.socket.write(handshake())
  await other.closed
  expect(other.received()).toMatch(/^HTTP\/1\.1 401 /)
  expect(other.received()).toContain('got Bearer [redacted]')
  expect(other.received()).not.toContain('canary')
})
