import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseConnectTo } from '../../../src/gateway/upstream/connect-to.ts'
import { Connections } from '../../../src/gateway/upstream/connections.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { MemoryAgent } from '../kit/memory.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { eventually } from '../kit/wait.ts'
import {
  AGREED,
  closed,
  echo,
  handshake,
  nextMessage,
  openSocket,
  startSocketUpstream,
} from '../kit/websocket.ts'

it('messages go both ways, texts and bytes, until the client closes; then it is told once', async () => {
  const upstream = await startSocketUpstream(echo)
  const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  const socket = await openSocket(port, '/chat?room=1', { headers: { 'x-own': 'kept' } })
  for (const message of ['one', 'x'.repeat(300), 'y'.repeat(100_000)]) {
    const answer = nextMessage(socket)
    socket.send(message)
    expect(await answer).toBe(message)
  }
  const [seen] = upstream.handshakes
  expect(seen?.url).toBe('/chat?room=1')
  expect(seen?.headers).toMatchObject({
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'x-own': 'kept',
  })
  expect(seen?.headers).not.toHaveProperty('sec-websocket-extensions')
  const gone = closed(socket)
  socket.close(1000, 'done')
  expect(await gone).toBe(1000)
  const event = await nextEvent()
  expect(event).toMatchObject({ status: 101, reason: 'Upstream', error: undefined, method: 'GET' })
  expect(event.bytes).toBeGreaterThan(100_000)
})

it('so they do with an upstream over TLS', async () => {
  const { ca, cert, key } = makeCertificate(['upstream.test'])
  const upstream = await startSocketUpstream(echo, { cert, key })
  const config = toHost('upstream.test:443', { backendTLS: { root: 'ca.pem' } })
  const { port } = await startTestGateway(config, {
    compile: { readFile: () => ca },
    connectTo: [parseConnectTo(`::127.0.0.1:${upstream.port}`)],
  })
  const socket = await openSocket(port)
  const answer = nextMessage(socket)
  socket.send('over TLS')
  expect(await answer).toBe('over TLS')
  const gone = closed(socket)
  socket.close(3000)
  expect(await gone).toBe(3000)
})

it('and without a port, where the gateway is called in memory', async () => {
  const upstream = await startSocketUpstream(echo)
  const { gateway } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`), { inMemory: true })
  const socket = await openSocket(1, '/', { agent: new MemoryAgent(() => gateway.connect()) })
  const answer = nextMessage(socket)
  socket.send('in memory')
  expect(await answer).toBe('in memory')
})

it('a browser lists more than the upgrade in Connection', async () => {
  const upstream = await startRawUpstream(socket => void socket.write(AGREED))
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  const client = await rawClient(port)
  client.socket.write(handshake('/', { connection: 'keep-alive, Upgrade, x-own', 'x-own': '1' }))
  expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 101 /)
  expect(upstream.bytes()).toMatch(/connection: upgrade\r\nupgrade: websocket\r\n/)
  expect(upstream.bytes()).not.toContain('x-own')
})

describe('the policies of a route apply to the handshake and its answer:', () => {
  const keys = [{ key: 'vk', metadata: { team: 'a' } }]
  const request: Record<string, string> = { authorization: 'Bearer vk' }
  it.each<[string, object, number]>([
    ['apiKey', { apiKey: { mode: 'strict', keys: [{ key: 'other' }] } }, 401],
    ['basicAuth', { basicAuth: { htpasswd: 'u:$apr1$x$x', mode: 'strict' } }, 401],
    ['authorization', { authorization: { rules: ['request.method == "POST"'] } }, 403],
    ['a redirect', { requestRedirect: { path: { full: '/other' } } }, 302],
    ['an answer of its own', { directResponse: { status: 418, body: 'tea' } }, 418],
    ['no route', {}, 404],
  ])('%s', async (_title, policies, status) => {
    const upstream = await startRawUpstream(socket => void socket.write(AGREED))
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`, policies))
    if (status === 404) config.binds[0].listeners[0].routes[0].matches = [{ path: { exact: '/else' } }]
    const { port } = await startTestGateway(JSON.stringify(config))
    const client = await rawClient(port)
    client.socket.write(handshake('/', request))
    await client.closed
    expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(upstream.bytes()).toBe('')
  })

  it('headers, paths and virtual keys are changed as ever, and the log knows the caller', async () => {
    const upstream = await startRawUpstream(socket => void socket.write(AGREED))
    const policies = {
      apiKey: { mode: 'strict', keys },
      cors: { allowOrigins: ['http://page.test'] },
      requestHeaderModifier: { set: { 'x-set': 's', upgrade: 'h2c' } },
      responseHeaderModifier: { set: { 'x-answer': 'a', connection: 'close', upgrade: 'h2c' } },
      transformations: {
        request: { set: { 'x-team': 'apiKey.team' } },
        response: { set: { 'x-status': 'string(response.code)' } },
      },
      urlRewrite: { path: { full: '/new' } },
      backendAuth: { key: 'sk-provider-key' },
    }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    const client = await rawClient(port)
    client.socket.write(handshake('/old?q=1', { ...request, origin: 'http://page.test' }))
    const head = await client.until(text => text.includes('\r\n\r\n'))
    expect(upstream.bytes()).toMatch(/^GET \/new\?q=1 HTTP\/1\.1\r\n/)
    for (const line of [
      'x-set: s',
      'x-team: a',
      'authorization: Bearer sk-provider-key',
      'origin: http://page.test',
    ])
      expect(upstream.bytes()).toContain(`${line}\r\n`)
    expect(upstream.bytes().match(/upgrade: [a-z0-9]+/g)).toEqual(['upgrade: websocket'])
    for (const line of ['x-answer: a', 'x-status: 101', 'access-control-allow-origin: http://page.test'])
      expect(head.toLowerCase()).toContain(`${line}\r\n`)
    expect(head.match(/^(?:upgrade|connection): .*$/gim)).toEqual([
      'connection: Upgrade',
      'upgrade: websocket',
    ])
  })
})

describe('behind other requests of its connection a handshake', () => {
  it('is taken once they are answered', async () => {
    const upstream = await startRawUpstream((socket, first) => {
      socket.write(
        /upgrade: websocket/.test(first) ? AGREED : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
      )
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /one HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.endsWith('ok'))
    client.socket.write(handshake())
    expect(await client.until(text => text.includes('101 '))).toContain('101 Switching Protocols')
  })

  it('that wait for an answer waits, too, with what its client sends behind it', async () => {
    const upstream = await startRawUpstream(() => {})
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(`GET /one HTTP/1.1\r\nhost: a\r\n\r\n${handshake('/two')}frames`)
    await eventually(() => upstream.bytes().includes('/one'))
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(client.received()).toBe('')
    expect(upstream.bytes()).not.toMatch(/two|frames/)
  })
})

it('the pool of connections upstream forgets those that have become sockets', async () => {
  const upstream = await startRawUpstream(socket => void socket.write(AGREED))
  const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
  const headers = ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']
  const socket = await new Promise<Duplex>(resolve =>
    connections.dispatch(
      { path: '/', method: 'GET', headers, body: null, upgrade: 'websocket', servername: '' },
      {
        onConnect() {},
        onHeaders: () => true,
        onData: () => true,
        onComplete() {},
        onError() {},
        onUpgrade: (_s, _h, one) => resolve(one),
      },
    ),
  )
  await eventually(() => connections.count === 0)
  await connections.close()
  socket.destroy()
})
