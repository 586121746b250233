import { once } from 'node:events'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Tunnel } from '../../../src/gateway/websocket/tunnel.ts'
import { type RawClient, rawClient } from '../kit/client.ts'
import { runtimeOf } from '../kit/config.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway, type TestGateway } from '../kit/gateway.ts'
import { type RawUpstream, startRawUpstream } from '../kit/raw-upstream.ts'
import { eventually } from '../kit/wait.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

interface Ground {
  readonly upstream: RawUpstream
  readonly client: RawClient
  readonly test: TestGateway
}

/** A client, a gateway, and an upstream that does with the handshake what the test says. */
async function ground(
  behave: (socket: Socket) => void,
  policies: object = {},
  options: Parameters<typeof startTestGateway>[1] = {},
): Promise<Ground> {
  const upstream = await startRawUpstream(behave)
  const test = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies), options)
  return { upstream, test, client: await rawClient(test.port) }
}

const agree = (socket: Socket): void => void socket.write(AGREED)

async function tunnel(
  policies: object = {},
  options: Parameters<typeof startTestGateway>[1] = {},
): Promise<Ground & { readonly server: Socket }> {
  const all = await ground(agree, policies, options)
  all.client.socket.write(handshake())
  await all.client.until(text => text.includes('\r\n\r\n'))
  return { ...all, server: all.upstream.sockets[0] as Socket }
}

/** What is open or waits in this process, counted by kind; the test's own sockets included. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

describe('bytes that come early', () => {
  it('frames in one packet with the 101 reach the client', async () => {
    const { client } = await ground(
      socket => void socket.write(AGREED + serverFrame('first').toString('latin1'), 'latin1'),
    )
    client.socket.write(handshake())
    expect(await client.until(text => text.endsWith('first'))).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('what a client sends before the 101 goes upstream behind it, and not before', async () => {
    let answer = (): void => {}
    const { client, upstream } = await ground(socket => {
      answer = () => void socket.write(AGREED)
    })
    client.socket.write(`${handshake()}one `)
    await eventually(() => upstream.sockets.length === 1)
    client.socket.write('two ')
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(upstream.bytes()).toMatch(/\r\n\r\n$/)
    answer()
    client.socket.write('three')
    await eventually(() => upstream.bytes().endsWith('three'))
    expect(upstream.bytes()).toMatch(/\r\n\r\none two three$/)
  })

  it('of a flood before the 101 no more is read than is kept, and all of it arrives', async () => {
    let answer = (): void => {}
    const { client, upstream } = await ground(socket => {
      answer = () => void socket.write(AGREED)
    })
    const flood = Buffer.alloc(8 * 1024 * 1024, 'x')
    client.socket.write(handshake())
    client.socket.write(flood)
    await eventually(() => upstream.sockets.length === 1)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(client.socket.writableLength).toBeGreaterThan(0)
    answer()
    await eventually(() => upstream.bytes().length > flood.length)
    expect(upstream.bytes().split('\r\n\r\n')[1]).toHaveLength(flood.length)
  })

  it('garbage behind the 101 is passed on as it is', async () => {
    const garbage = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7) % 256))
    const { client } = await ground(socket => {
      socket.write(AGREED)
      socket.end(garbage)
    })
    client.socket.write(handshake())
    await client.closed
    expect(Buffer.from(client.received(), 'latin1').subarray(-garbage.length)).toEqual(garbage)
  })
})

describe('how a tunnel ends:', () => {
  it('the upstream ends, and then the client', async () => {
    const { client, server, test } = await tunnel()
    server.end(serverFrame('bye'))
    await client.closed
    expect(client.received()).toMatch(/bye$/)
    expect(await test.nextEvent()).toMatchObject({ status: 101, error: undefined })
  })

  it('the client ends, and still gets what the upstream sends', async () => {
    const { client, server, test } = await tunnel()
    server.allowHalfOpen = true
    client.socket.end('last words')
    await once(server, 'end')
    server.end(serverFrame('answer'))
    await client.closed
    expect(client.received()).toMatch(/answer$/)
    expect(await test.nextEvent()).toMatchObject({ status: 101, error: undefined })
  })

  it('the client resets, and so the upstream loses its connection', async () => {
    const { client, server, test } = await tunnel()
    client.socket.resetAndDestroy()
    await once(server, 'close')
    expect(await test.nextEvent()).toMatchObject({ status: 101, error: 'client disconnected' })
  })

  it('the upstream resets, and so the client loses its connection', async () => {
    const { client, server, test } = await tunnel()
    server.resetAndDestroy()
    await client.closed
    expect(await test.nextEvent()).toMatchObject({
      status: 101,
      error: 'upstream call failed: connection reset',
    })
  })

  it.each([
    ['ends', (socket: Socket) => void socket.end()],
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ])('a client that %s while it is refused at length takes the call with it', async (_how, leave) => {
    const refusal = 'HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n'
    const { client, upstream, test } = await ground(socket => void socket.write(refusal))
    client.socket.write(handshake())
    await client.until(text => text.includes('no'))
    leave(client.socket)
    await once(upstream.sockets[0] as Socket, 'close')
    expect(await test.nextEvent()).toMatchObject({ status: 403, error: 'client disconnected' })
  })

  it.each([
    ['ends', (socket: Socket) => void socket.end()],
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ])('a client that %s in the handshake takes the call with it', async (_how, leave) => {
    const { client, upstream, test } = await ground(() => {})
    client.socket.write(handshake())
    await eventually(() => upstream.sockets.length === 1)
    leave(client.socket)
    await once(upstream.sockets[0] as Socket, 'close')
    expect(await test.nextEvent()).toMatchObject({ status: undefined, error: 'client disconnected' })
  })
})

it('nothing is left of a hundred tunnels, however they ended', async () => {
  const before = resources()
  const { upstream, test, client } = await tunnel()
  client.socket.destroy()
  const ends: readonly ((client: Socket, server: Socket) => void)[] = [
    client => void client.end(),
    client => void client.resetAndDestroy(),
    (_, server) => void server.end(),
    (_, server) => void server.resetAndDestroy(),
  ]
  for (let i = 0; i < 100; i++) {
    const one = await rawClient(test.port)
    one.socket.write(handshake())
    await one.until(text => text.includes('\r\n\r\n'))
    const server = upstream.sockets.at(-1) as Socket
    server.once('end', () => server.end())
    ends[i % ends.length]?.(one.socket, server)
    await one.closed
  }
  await eventually(() => test.events.length === 101)
  await eventually(() => upstream.sockets.every(socket => socket.destroyed))
  await test.gateway.close({ drainMs: 60_000 })
  const { TCPSocketWrap = 0, Timeout = 0 } = resources()
  expect(TCPSocketWrap).toBe(before['TCPSocketWrap'] ?? 0)
  expect(Timeout).toBeLessThanOrEqual(before['Timeout'] ?? 0)
})

describe('time limits', () => {
  it('are for the handshake alone', async () => {
    const { client, server } = await tunnel(
      { timeout: { requestTimeout: '200ms', backendRequestTimeout: '150ms' } },
      { slowClients: { headMs: 100, requestMs: 100, checkMs: 20 } },
    )
    await new Promise(resolve => setTimeout(resolve, 600))
    server.write(serverFrame('still here'))
    expect(await client.until(text => text.endsWith('still here'))).toContain('101')
    client.socket.write('and here')
    await once(server, 'data')
  })

  it('a handshake that takes too long is 504', async () => {
    const { client, upstream } = await ground(() => {}, { timeout: { requestTimeout: '100ms' } })
    client.socket.write(handshake())
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1\.1 504 /)
    await eventually(() => upstream.sockets[0]?.destroyed === true)
  })

  it('an idle connection that was used before for a usual request does not count', async () => {
    const config = JSON.parse(toHost('127.0.0.1:1'))
    config.frontendPolicies = { http: { http1IdleTimeout: '1s' } }
    const upstream = await startRawUpstream((socket, first) => {
      socket.write(
        /upgrade: websocket/.test(first) ? AGREED : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
      )
    })
    config.binds[0].listeners[0].routes[0].backends = [{ host: `127.0.0.1:${upstream.port}` }]
    const { port } = await startTestGateway(JSON.stringify(config))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.endsWith('ok'))
    client.socket.write(handshake())
    await client.until(text => text.includes('101 Switching'))
    await new Promise(resolve => setTimeout(resolve, 2500))
    upstream.sockets[1]?.write(serverFrame('alive'))
    expect(await client.until(text => text.endsWith('alive'))).toMatch(/alive$/)
  })
})

describe('the gateway stops or reloads', () => {
  it('a reload leaves an open tunnel alone, though its upstream is gone from the config', async () => {
    const { client, server, test } = await tunnel()
    await test.gateway.reload(runtimeOf(toHost('127.0.0.1:1')))
    server.write(serverFrame('after'))
    expect(await client.until(text => text.endsWith('after'))).toMatch(/after$/)
    client.socket.write('up')
    await once(server, 'data')
  })

  it('a close waits as long as it may, and then tells the client that it goes', async () => {
    const { client, server, test } = await tunnel()
    const gone = once(server, 'close')
    server.write(serverFrame('hi'))
    await client.until(text => text.endsWith('hi'))
    await test.gateway.close({ drainMs: 100 })
    await Promise.all([client.closed, gone])
    expect(client.received().endsWith('\x88\x02\x03\xe9')).toBe(true)
    expect(await test.nextEvent()).toMatchObject({ status: 101 })
  })

  it('a frame that is under way is not broken by a word of farewell', async () => {
    const { client, server, test } = await tunnel()
    server.write(serverFrame('hello').subarray(0, 4))
    await client.until(text => text.endsWith('he'))
    await test.gateway.close({ drainMs: 0 })
    await client.closed
    expect(client.received()).toMatch(/he$/)
  })

  it('a close does not wait for a tunnel that has ended', async () => {
    const { client, server, test } = await tunnel()
    client.socket.end()
    server.end()
    await client.closed
    await test.gateway.close({ drainMs: 60_000 })
  })
})

it('a client that reads slowly gets all there is, and the farewell, though the upstream ends meanwhile', async () => {
  const [client, toClient] = duplexPair()
  const [upstream, toUpstream] = duplexPair()
  const broken: string[] = []
  const tunnel = new Tunnel(toClient, toUpstream, [], {
    push: chunk => chunk,
    end: () => Buffer.alloc(0),
    onBroken: side => broken.push(side),
  })
  upstream.resume().write('a'.repeat(100_000))
  await eventually(() => toClient.writableLength > 0)
  tunnel.close(Buffer.from('farewell'))
  upstream.end()
  await once(toUpstream, 'close')
  expect(broken).toEqual([])
  const text = (await client.toArray()).join('')
  expect(text).toHaveLength(100_008)
  expect(text).toMatch(/farewell$/)
})

it('two sides that take nothing any more are parted from some time after the gateway has closed', () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const [client, toClient] = duplexPair()
  const [upstream, toUpstream] = duplexPair()
  const passage = { push: (chunk: Buffer) => chunk, end: () => Buffer.alloc(0), onBroken: () => {} }
  const tunnel = new Tunnel(toClient, toUpstream, [Buffer.from('early')], passage)
  toClient.write('late')
  tunnel.close(Buffer.from('farewell'))
  vi.advanceTimersByTime(9000)
  expect([toClient.destroyed, toUpstream.destroyed]).toEqual([false, false])
  vi.advanceTimersByTime(1000)
  expect([toClient.destroyed, toUpstream.destroyed]).toEqual([true, true])
  client.destroy()
  upstream.destroy()
})

it.each<[string, (socket: Socket) => void]>([
  ['is refused', socket => void socket.write('HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno')],
  ['is refused, and cut off', socket => socket.end('HTTP/1.1 403 No\r\ncontent-length: 9\r\n\r\nno')],
  ['breaks off', socket => socket.resetAndDestroy()],
  ['is accepted for another key', socket => void socket.write(AGREED.replace('s3pPL', 'AAAAA'))],
  ['is accepted without what goes with it', socket => void socket.write('HTTP/1.1 101 Yes\r\n\r\n')],
  [
    'is accepted, and breaks off at once',
    socket => void socket.write(AGREED, () => socket.resetAndDestroy()),
  ],
])('nothing is left of a handshake that %s', async (_, behave) => {
  const before = resources()
  const upstream = await startRawUpstream(behave)
  const test = await startTestGateway(
    toHost(`127.0.0.1:${upstream.port}`, { timeout: { requestTimeout: '60s' } }),
  )
  const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(test.port)))
  for (const { socket } of clients) socket.write(handshake())
  await Promise.all(clients.map(client => client.closed))
  await eventually(() => test.events.length === 5)
  await test.gateway.close({ drainMs: 60_000 })
  for (const socket of upstream.sockets) socket.destroy()
  await eventually(() => (resources()['TCPSocketWrap'] ?? 0) <= (before['TCPSocketWrap'] ?? 0))
  await eventually(() => (resources()['Timeout'] ?? 0) <= (before['Timeout'] ?? 0))
})
