import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { rawClient } from '../kit/client.ts'
import { refusal } from '../kit/client-connection.ts'
import { runtimeOf } from '../kit/config.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'
import { echo, openSocket, startSocketUpstream } from '../kit/websocket.ts'

const A = makeCertificate(['a.test'])
const FILES: Readonly<Record<string, string>> = { 'a.pem': A.cert, 'a.key': A.key }
const compile = { readFile: (path: string) => FILES[path] ?? '' }

const GET = 'GET / HTTP/1.1\r\nhost: a.test\r\n\r\n'
const HALF = 'GET / HTTP/1.1\r\nhost: a.te'
const LONG_MS = 60_000

function config(isSecure: boolean): string {
  const tls = { cert: 'a.pem', key: 'a.key' }
  const routes = [{ policies: { directResponse: { status: 200, body: 'x' } } }]
  const listener = { routes, ...(isSecure && { protocol: 'HTTPS', tls }) }
  return JSON.stringify({ binds: [{ port: 3000, listeners: [listener] }] })
}

/** Writes and waits for what comes back, which may be nothing. */
async function say(socket: Socket, text: string, isAnswered = false): Promise<Socket> {
  await new Promise<void>(resolve => void socket.write(text, () => resolve()))
  if (isAnswered) await once(socket, 'data')
  return socket.resume()
}

const clear = (port: number): Socket => connectPlain(port, '127.0.0.1')
const secure = (port: number): Socket => connect({ host: '127.0.0.1', port, rejectUnauthorized: false })

it.each<[string, (port: number) => Promise<Socket>, boolean]>([
  ['a connection that never sent a byte', port => say(clear(port), ''), false],
  ['half a head', port => say(clear(port), HALF), false],
  ['an answered request', port => say(clear(port), GET, true), false],
  [
    'half a head behind an answered request',
    async port => say(await say(clear(port), GET, true), HALF),
    false,
  ],
  ['a handshake that has not begun', port => say(clear(port), ''), true],
  ['half a head within TLS', port => say(secure(port), HALF), true],
  ['an answered request within TLS', port => say(secure(port), GET, true), true],
])('no close waits for %s', async (_title, come, isSecure) => {
  const { port, gateway } = await startTestGateway(config(isSecure), { compile })
  const socket = (await come(port)).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  const gone = new Promise(resolve => socket.once('close', resolve))
  await gateway.close({ drainMs: LONG_MS })
  await gone
})

it('a request whose body is still coming is waited for', async () => {
  const upstream = await startUpstream(response => response.end('done'))
  const { port, gateway } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  const [client, other] = [await rawClient(port), await rawClient(port)]
  client.socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  // The gateway has the head.
  await client.until(text => text.includes('100 Continue'))
  client.socket.write('da')
  const closing = gateway.close({ drainMs: LONG_MS })
  await other.closed
  client.socket.write('ta')
  expect(await client.until(text => text.endsWith('done'))).toContain('200 OK')
  await closing
})

it('one that was answered before its body had come is waited for, too', async () => {
  const { port, gateway } = await startTestGateway(config(false))
  const [client, other] = [await rawClient(port), await rawClient(port)]
  client.socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc')
  await client.until(text => text.endsWith('\r\n\r\nx'))
  let isOver = false
  const closed = gateway.close({ drainMs: LONG_MS }).then(() => {
    isOver = true
  })
  // By then all were looked at.
  await other.closed
  expect(client.socket.readableEnded).toBe(false)
  expect(isOver).toBe(false)
  client.socket.write('def')
  await Promise.all([client.closed, closed])
})

it('a request within TLS that waits for its answer is waited for', async () => {
  const upstream = await startUpstream()
  const held = JSON.parse(config(true))
  held.binds[0].listeners[0].routes = [{ backends: [{ host: `127.0.0.1:${upstream.port}` }] }]
  const { port, gateway } = await startTestGateway(JSON.stringify(held), { compile })
  const client = secure(port)
  onTestFinished(() => void client.destroy())
  client.write('POST / HTTP/1.1\r\nhost: a.test\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  await once(client, 'data')
  const idle = await say(secure(port), GET, true)
  const closing = gateway.close({ drainMs: LONG_MS })
  await new Promise(resolve => idle.once('close', resolve))
  client.write('data')
  const [answer] = await once(client, 'data')
  expect(String(answer)).toContain('200 OK')
  await closing
})

describe('a port that a reload takes away', () => {
  const on = (upstream: number, ...ports: number[]): string => {
    const listeners = [{ routes: [{ backends: [{ host: `127.0.0.1:${upstream}` }] }] }]
    const deadline = { connectionTerminationDeadline: '50ms' }
    return JSON.stringify({ config: deadline, binds: ports.map(port => ({ port, listeners })) })
  }

  it('cuts off what takes longer than the deadline, and the log says who it was', async () => {
    const upstream = await startUpstream(response => response.writeHead(200).write('begun'))
    const { gateway, nextEvent } = await startTestGateway(on(upstream.port, 3000, 3001))
    const client = await rawClient(gateway.addresses[1]?.port ?? 0)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.includes('begun'))
    await gateway.reload(runtimeOf(on(upstream.port, 3000)))
    await client.closed
    expect(await nextEvent()).toMatchObject({
      status: 200,
      reason: 'Internal',
      error: 'the gateway has closed the port',
    })
  })

  it('tells those who have no answer by then', async () => {
    const upstream = await startUpstream(() => {})
    const { gateway, nextEvent } = await startTestGateway(on(upstream.port, 3000, 3001))
    const client = await rawClient(gateway.addresses[1]?.port ?? 0)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => upstream.seen.length === 1)
    await gateway.reload(runtimeOf(on(upstream.port, 3000)))
    await client.closed
    expect(client.received()).toMatch(refusal('503 Service Unavailable', 'the gateway has closed the port'))
    expect(await nextEvent()).toMatchObject({
      status: 503,
      reason: 'Internal',
      error: 'the gateway has closed the port',
    })
    await eventually(() => upstream.connections.every(({ destroyed }) => destroyed))
  })

  it('ends a WebSocket with a word', async () => {
    const upstream = await startSocketUpstream(echo)
    const { gateway } = await startTestGateway(on(upstream.port, 3000, 3001))
    const socket = await openSocket(gateway.addresses[1]?.port ?? 0)
    const code = new Promise(resolve => socket.once('close', resolve))
    await gateway.reload(runtimeOf(on(upstream.port, 3000)))
    expect(await code).toBe(1001)
  })
})

it('clients that the system has taken in are met before a port closes', async () => {
  const { port, gateway } = await startTestGateway(config(false))
  const clients = Array.from({ length: 20 }, () => clear(port).on('error', () => {}))
  // Nothing else runs here before all of them are there.
  const until = performance.now() + 50
  for (const client of clients) client.write(GET)
  while (performance.now() < until);
  const answers = clients.map(client => once(client, 'data'))
  await new Promise(resolve => setImmediate(resolve))
  await gateway.close({ drainMs: LONG_MS })
  for (const [bytes] of await Promise.all(answers)) expect(String(bytes)).toContain('200 OK')
})
