import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { openChat, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

const STREAMED = JSON.stringify({ model: 'm', stream: true })

describe('a client that leaves', () => {
  it('before the answer ends the call upstream', async () => {
    let closed = false
    const upstream = await startRawUpstream(socket => {
      socket.on('close', () => {
        closed = true
      })
    })
    const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => upstream.bytes().includes('/slow'))
    client.socket.destroy()
    await eventually(() => closed)
    expect(await nextEvent()).toMatchObject({ status: undefined, error: 'client disconnected' })
  })

  it('in the middle of a stream ends it upstream', async () => {
    let closed = false
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      response.on('close', () => {
        closed = true
      })
    })
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, STREAMED)
    answer.destroy()
    await eventually(() => closed)
    expect(await nextEvent()).toMatchObject({ status: 200, error: 'client disconnected' })
  })

  it('in the middle of its request never reaches the upstream', async () => {
    const upstream = await startUpstream()
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('POST /v1 HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"half":')
    await new Promise(resolve => setTimeout(resolve, 30))
    client.socket.destroy()
    expect(await nextEvent()).toMatchObject({ error: 'client disconnected', method: 'POST' })
    expect(upstream.seen).toHaveLength(0)
  })

  it('while its second request waits for the first is told of once, and the second goes nowhere', async () => {
    const upstream = await startRawUpstream(() => {})
    const { port, nextEvent, events } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /one HTTP/1.1\r\nhost: a\r\n\r\nGET /two HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => upstream.bytes().includes('/one'))
    client.socket.destroy()
    expect(await nextEvent()).toMatchObject({ path: '/one', error: 'client disconnected' })
    await eventually(() => upstream.sockets.every(socket => socket.destroyed))
    expect(events).toHaveLength(1)
    expect(upstream.bytes()).not.toContain('/two')
  })

  it('by a reset, within TLS, is missed at the next look though nobody reads', async () => {
    const upstream = await startRawUpstream(() => {})
    const { cert, key } = makeCertificate(['a.test'])
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
    Object.assign(config.binds[0].listeners[0], { protocol: 'HTTPS', tls: { cert: 'cert', key: 'key' } })
    const { port, nextEvent } = await startTestGateway(JSON.stringify(config), {
      compile: { readFile: path => (path === 'cert' ? cert : key) },
      slowClients: { checkMs: 20 },
    })
    const wire = connect(port, '127.0.0.1')
    const client = connectTls({ socket: wire, servername: 'a.test', rejectUnauthorized: false })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {})
    await once(client, 'secureConnect')
    const offer = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n'
    client.write(
      `GET /ws HTTP/1.1\r\nhost: a.test\r\n${offer}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    )
    await eventually(() => upstream.bytes().includes('/ws'))
    // More than is kept before it has its WebSocket.
    client.write(Buffer.alloc(300_000))
    await new Promise(resolve => setTimeout(resolve, 100))
    wire.resetAndDestroy()
    expect(await nextEvent()).toMatchObject({ path: '/ws', error: 'client disconnected' })
  })
})
