import { Agent, type ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startGateway } from '../../src/gateway/gateway.ts'
import { freePort } from '../helpers/free-port.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { call, rawClient, untilRefused } from './kit/client.ts'
import { runtimeOf } from './kit/config.ts'
import { toHost, toModel } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startUpstream } from './kit/upstream.ts'
import { eventually } from './kit/wait.ts'

function direct(port: number, body: string): object {
  return { port, listeners: [{ routes: [{ policies: { directResponse: { status: 200, body } } }] }] }
}

describe('a reload', () => {
  it('lets a request under way finish on the runtime it came to', async () => {
    const held: ServerResponse[] = []
    const first = await startUpstream(response => {
      response.writeHead(200).write('old ')
      held.push(response)
    })
    // Without this the upstream would say how long it keeps connections, and they would go by themselves.
    first.server.keepAliveTimeout = 0
    const second = await startUpstream(response => response.end('new'))
    const { gateway, port } = await startTestGateway(toHost(`127.0.0.1:${first.port}`))
    const slow = call(port, { body: 'x' })
    await eventually(() => held.length === 1)
    await gateway.reload(runtimeOf(toHost(`127.0.0.1:${second.port}`)))
    expect(await call(port, { body: 'x' })).toMatchObject({ body: 'new' })
    held[0]?.end('end')
    expect(await slow).toMatchObject({ status: 200, body: 'old end' })
    // Nothing needs the first upstream any more: its connection goes.
    await eventually(() => first.connections.every(socket => socket.destroyed))
  })

  it('lets a request whose body is still coming go where it was meant to go', async () => {
    const first = await startUpstream(response => response.end('old'))
    const { gateway, port } = await startTestGateway(toHost(`127.0.0.1:${first.port}`))
    const client = await rawClient(port)
    client.socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
    // The gateway has the head.
    await client.until(text => text.includes('100 Continue'))
    client.socket.write('da')
    await gateway.reload(runtimeOf(JSON.stringify({ binds: [direct(3000, 'new')] })))
    client.socket.write('ta')
    expect(await client.until(text => text.includes('old'))).toContain('200 OK')
    expect(first.seen[0]?.body).toBe('data')
  })

  it('in the middle of traffic fails no request, and the new key is the only one afterwards', async () => {
    const upstream = await startUpstream()
    const config = (key: string) => toModel(`127.0.0.1:${upstream.port}`, { backendAuth: { key } })
    const { gateway, port } = await startTestGateway(config('key-0'))
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    let running = true
    let failed = 0
    const clients = Array.from({ length: 16 }, async () => {
      while (running) {
        const answer = await call(port, { body: '{"model":"m"}', agent }).catch(() => undefined)
        if (answer?.status !== 200) failed++
      }
    })
    for (let i = 1; i <= 10; i++) {
      await gateway.reload(runtimeOf(config(`key-${i}`)))
      const from = upstream.seen.length
      const answer = await call(port, { body: '{"model":"m","after":true}', agent })
      expect(answer.status).toBe(200)
      const after = upstream.seen.slice(from).find(seen => seen.body.includes('after'))
      expect(after?.headers['authorization']).toBe(`Bearer key-${i}`)
    }
    running = false
    await Promise.all(clients)
    agent.destroy()
    expect(failed).toBe(0)
    // The upstream stayed the same, so its connections did.
    expect(upstream.connections.length).toBeLessThanOrEqual(17)
  })

  it('opens ports that come and closes ports that go', async () => {
    const runtime = (...ports: number[]) =>
      runtimeOf(JSON.stringify({ binds: ports.map(port => direct(port, `port ${port}`)) }))
    const ports = new Map([3000, 3001, 3002].map(port => [port, 0]))
    const gateway = await startGateway(runtime(3000, 3001), { ports })
    onTestFinished(() => gateway.close({ drainMs: 0 }))
    const before = new Map(gateway.addresses.map(({ bind, port }) => [bind, port]))
    await gateway.reload(runtime(3001, 3002))
    expect(gateway.addresses.map(({ bind }) => bind)).toEqual(['bind/3001', 'bind/3002'])
    expect(gateway.addresses[0]?.port).toBe(before.get('bind/3001'))
    expect(await call(gateway.addresses[1]?.port ?? 0)).toMatchObject({ body: 'port 3002' })
    await untilRefused(before.get('bind/3000') ?? 0)
  })

  it('lets those who come to a port that goes ask again elsewhere', async () => {
    const runtime = (...ports: number[]) =>
      runtimeOf(JSON.stringify({ binds: ports.map(port => direct(port, `port ${port}`)) }))
    const { gateway, nextEvent } = await startTestGateway(runtime(3000, 3001))
    const client = await rawClient(gateway.addresses[0]?.port ?? 0)
    await gateway.reload(runtime(3001))
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.closed
    expect(client.received()).toMatch(
      /^HTTP\/1.1 503 [\s\S]*connection: close[\s\S]*no longer in the config$/i,
    )
    expect(await nextEvent()).toMatchObject({ status: 503, reason: 'Internal' })
  })

  it('lets those, too, whom another process hands over a moment later', async () => {
    const runtime = (...ports: number[]) =>
      runtimeOf(JSON.stringify({ binds: ports.map(port => direct(port, `port ${port}`)) }))
    const { gateway, port } = await startTestGateway(runtime(3000, 3001), { sharesPorts: true })
    await gateway.reload(runtime(3001))
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    expect(await call(port)).toMatchObject({ status: 503, body: 'this port is no longer in the config' })
    await untilRefused(port)
  })

  it('serves on a port that it opens from the first request on, while it opens others', async () => {
    const numbers = Array.from({ length: 60 }, (_, i) => 3001 + i)
    const runtime = (...ports: number[]) =>
      runtimeOf(JSON.stringify({ binds: ports.map(port => direct(port, 'here')) }))
    const first = await freePort()
    const ports = new Map(numbers.map(port => [port, port === 3001 ? first : 0]))
    // A name is looked up for each, so that requests come between them.
    const gateway = await startGateway(runtime(3000), {
      host: 'localhost',
      ports: new Map([...ports, [3000, 0]]),
    })
    onTestFinished(() => gateway.close({ drainMs: 0 }))
    let isOver = false
    const reloading = gateway.reload(runtime(3000, ...numbers)).then(() => {
      isOver = true
    })
    const seen = []
    while (!isOver) seen.push(await call(first).catch(() => undefined))
    await reloading
    expect(seen.map(answer => answer?.body ?? 'here')).toEqual(seen.map(() => 'here'))
  })

  it.each(['comes back', 'goes over to TLS'])('gets a port that %s while clients come to it', async how => {
    const { cert, key } = makeCertificate(['a.test'])
    const readFile = (path: string): string => (path === 'cert' ? cert : key)
    const [port, other] = [await freePort(), await freePort()]
    const secure = { protocol: 'HTTPS', tls: { cert: 'cert', key: 'key' } }
    const bind = (number: number, more: object = {}): object => ({
      port: number,
      listeners: [{ ...more, routes: [{ policies: { directResponse: { status: 200, body: 'x' } } }] }],
    })
    const runtime = (...binds: object[]) => runtimeOf(JSON.stringify({ binds }), { readFile })
    const { gateway } = await startTestGateway(runtime(bind(port)), { ports: new Map() })
    let isOver = false
    const clients = Array.from({ length: 8 }, async () => {
      while (!isOver) await call(port).catch(() => {})
    })
    if (how === 'comes back') {
      await gateway.reload(runtime(bind(other)))
      await gateway.reload(runtime(bind(port)))
    } else await gateway.reload(runtime(bind(port, secure)))
    expect(gateway.addresses.map(one => one.port)).toEqual([port])
    isOver = true
    await Promise.all(clients)
  })

  it('that cannot open its port changes nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => {
      taken.close()
    })
    await eventually(() => taken.listening)
    const { port: takenPort } = taken.address() as { port: number }
    const { gateway, port } = await startTestGateway(JSON.stringify({ binds: [direct(3000, 'old')] }))
    const next = runtimeOf(JSON.stringify({ binds: [direct(3000, 'new'), direct(takenPort, 'never')] }))
    await expect(gateway.reload(next)).rejects.toMatchObject({ code: 'PORT_TAKEN' })
    expect(await call(port)).toMatchObject({ body: 'old' })
    expect(gateway.addresses).toHaveLength(1)
  })
})

describe('a start', () => {
  it('on a taken port names the port and the flag, and opens none of the others', async () => {
    const free = await freePort()
    const first = await startTestGateway(JSON.stringify({ binds: [direct(3000, 'x')] }))
    const second = runtimeOf(JSON.stringify({ binds: [direct(free, 'y'), direct(first.port, 'z')] }))
    await expect(startGateway(second)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${first.port} on 127.0.0.1 is taken by another process`,
      hint: expect.stringContaining('--host'),
    })
    await expect(call(free)).rejects.toThrow('ECONNREFUSED')
  })

  it('on an address that this machine does not have names it and the flag', async () => {
    const runtime = runtimeOf(JSON.stringify({ binds: [direct(3000, 'x')] }))
    await expect(startGateway(runtime, { host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: '192.0.2.1 is no address of this machine',
      hint: expect.stringContaining('--host'),
    })
  })

  it('listens on loopback', async () => {
    const { gateway } = await startTestGateway(JSON.stringify({ binds: [direct(3000, 'x')] }))
    expect(gateway.addresses).toEqual([
      { bind: 'bind/3000', port: expect.any(Number), address: '127.0.0.1', scheme: 'http' },
    ])
  })
})

describe('a close', () => {
  it('waits for requests under way and tells their clients that the connection ends', async () => {
    const held: ServerResponse[] = []
    const upstream = await startUpstream(response => held.push(response))
    const { gateway, port, events } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const agent = new Agent({ keepAlive: true })
    const answer = call(port, { body: '{"model":"m"}', agent })
    await eventually(() => held.length === 1)
    const closing = gateway.close({ drainMs: 5000 })
    await untilRefused(port)
    held[0]?.end('{"done":true}')
    expect(await answer).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
      body: '{"done":true}',
    })
    await closing
    expect(events).toHaveLength(1)
    await eventually(() => upstream.connections.every(socket => socket.destroyed))
  })

  it('ends a kept connection with its answer, though the client would go on', async () => {
    const held: ServerResponse[] = []
    const upstream = await startUpstream(response => held.push(response))
    const { gateway, port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => held.length === 1)
    const closing = gateway.close({ drainMs: 5000 })
    held[0]?.end('first')
    await eventually(() => held.length === 2)
    held[1]?.end('second')
    await closing
    await client.closed
    const [, first = '', second = ''] = client.received().split('HTTP/1.1 200 OK')
    expect(first).toMatch(/connection: keep-alive[\s\S]*first/i)
    expect(second).toMatch(/connection: close[\s\S]*second/i)
  })

  it('waits for requests under way on a port that a reload has closed, and gives them up with the others', async () => {
    const held: ServerResponse[] = []
    const upstream = await startUpstream(response => held.push(response))
    const listeners = [{ routes: [{ backends: [{ host: `127.0.0.1:${upstream.port}` }] }] }]
    const runtime = (...ports: number[]) =>
      runtimeOf(JSON.stringify({ binds: ports.map(port => ({ port, listeners })) }))
    const { gateway } = await startTestGateway(runtime(3000, 3001))
    const leaving = gateway.addresses[1]?.port ?? 0
    const [first, second] = [call(leaving, { path: '/1' }), call(leaving, { path: '/2' })]
    await eventually(() => held.length === 2)
    await gateway.reload(runtime(3000))
    const closing = gateway.close({ drainMs: 100 })
    held[upstream.seen.findIndex(({ url }) => url === '/1')]?.end('late')
    expect(await first).toMatchObject({ status: 200, body: 'late' })
    expect(await second).toMatchObject({ status: 503, body: expect.stringContaining('shutting down') })
    await closing
  })

  it('gives up calls that take longer than the drain, and says so', async () => {
    const upstream = await startUpstream(() => {})
    const { gateway, port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const answer = call(port)
    await eventually(() => upstream.seen.length === 1)
    await gateway.close({ drainMs: 20 })
    expect(await answer).toMatchObject({
      status: 503,
      body: 'upstream call failed: the gateway is shutting down',
    })
    expect(await nextEvent()).toMatchObject({ status: 503, reason: 'Internal' })
  })

  it('cuts off streams that take longer than the drain', async () => {
    const upstream = await startUpstream(response => response.writeHead(200).write('begun'))
    const { gateway, port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.includes('begun'))
    await gateway.close({ drainMs: 20 })
    await client.closed
    expect(client.received()).not.toMatch(/0\r\n\r\n$/)
    expect(await nextEvent()).toMatchObject({
      status: 200,
      reason: 'Internal',
      error: expect.stringContaining('shutting down'),
    })
  })

  it('leaves no idle connection open', async () => {
    const { gateway, port } = await startTestGateway(JSON.stringify({ binds: [direct(3000, 'x')] }))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.endsWith('x'))
    await gateway.close({ drainMs: 5000 })
    await client.closed
  })
})
