import { setFlagsFromString } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { rawClient } from './kit/client.ts'
import { toHost, toModel } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { type RawUpstream, startRawUpstream } from './kit/raw-upstream.ts'

type Behave = Parameters<typeof startRawUpstream>[0]

/** What an upstream does, and what a client sees of it; `cut`: a head, and then the end of the connection. */
function faults(
  type: string,
): readonly (readonly [title: string, behave: Behave, outcome: number | 'cut'])[] {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: 10\r\n\r\n`
  const chunked = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`
  const resetBehind = (text: string): Behave => {
    return socket => void socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 30))
  }
  return [
    ['resets before it reads the request', socket => socket.resetAndDestroy(), 503],
    ['closes before it answers', socket => socket.end(), 503],
    [
      'resets in the status line',
      socket => void socket.write('HTTP/1.', () => socket.resetAndDestroy()),
      503,
    ],
    ['closes in the head', socket => socket.end('HTTP/1.1 200 OK\r\ncontent-'), 503],
    ['resets after the head', resetBehind(head), 'cut'],
    ['closes in the middle of the body', socket => socket.end(`${head}12345`), 'cut'],
    ['resets in the middle of the body', resetBehind(`${head}12345`), 'cut'],
    ['closes between chunks', socket => socket.end(`${chunked}5\r\nhello\r\n`), 'cut'],
    ['resets between chunks', resetBehind(`${chunked}5\r\nhello\r\n`), 'cut'],
    ['closes in a chunk', socket => socket.end(`${chunked}ff\r\nhello`), 'cut'],
    ['sends a chunk size that is none', socket => socket.end(`${chunked}zz\r\nhello\r\n`), 'cut'],
    ['sends less than it says and keeps the connection', socket => void socket.write(`${head}12345`), 'cut'],
    ['sends more than it says', socket => void socket.write(`${head}1234567890HTTP/1.1 200 OK\r\n`), 200],
    [
      'sends two lengths',
      socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'),
      503,
    ],
    [
      'sends a length that is none',
      socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok'),
      503,
    ],
    ['never answers', () => {}, 504],
  ]
}

/** What is open or waits in this process, counted by kind; the test's own sockets included. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

async function settled(upstream: RawUpstream): Promise<void> {
  await expect
    .poll(() => upstream.sockets.every(socket => socket.destroyed || socket.readableEnded))
    .toBe(true)
}

const WAYS: readonly (readonly [title: string, config: typeof toHost, type: string, body: string])[] = [
  ['of a host', toHost, 'text/plain', 'hi'],
  ['of a model', toModel, 'application/json', '{"model":"m"}'],
  ['of a model that streams', toModel, 'text/event-stream', '{"model":"m","stream":true}'],
]

describe.each(WAYS)('an upstream %s that', (_way, config, type, body) => {
  it.each(faults(type))('%s: the client is told, and nothing is left', async (title, behave, outcome) => {
    const before = resources()
    const upstream = await startRawUpstream(behave)
    const { port, gateway, events } = await startTestGateway(
      config(`127.0.0.1:${upstream.port}`, { timeout: { requestTimeout: '1s' } }),
    )
    const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(port)))
    for (const { socket } of clients) {
      socket.write(
        `POST /p HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
      // A body that does not come to its end has no time of its own: such a client gives up some time.
      if (title.includes('keeps the connection')) setTimeout(() => socket.end().destroy(), 300)
    }
    await Promise.all(clients.map(client => client.closed))
    for (const client of clients) {
      if (outcome === 'cut') expect(client.received()).not.toMatch(/1234567890|0\r\n\r\n$/)
      else expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${outcome} `))
      if (outcome === 200) expect(client.received()).toMatch(/1234567890(?:\r\n0\r\n\r\n)?$/)
    }
    await expect.poll(() => events).toHaveLength(5)
    await gateway.close({ drainMs: 0 })
    for (const socket of upstream.sockets) socket.destroy()
    await settled(upstream)
    // The upstream still listens; everything else that was there is gone.
    await expect.poll(() => excess(before, resources())).toEqual([])
  })

  it('resets while a large request comes: the client is told, and nothing is left', async () => {
    const before = resources()
    const upstream = await startRawUpstream(socket => setTimeout(() => socket.resetAndDestroy(), 20))
    const { port, gateway, events } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
    const size = config === toHost ? 8 << 20 : 1 << 20
    const client = await rawClient(port)
    client.socket.write(`POST /p HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${size}\r\n\r\n`)
    client.socket.write(`${' '.repeat(size - body.length)}${body}`)
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1\.1 503 /)
    await expect.poll(() => events).toHaveLength(1)
    await gateway.close({ drainMs: 0 })
    await settled(upstream)
    await expect.poll(() => excess(before, resources())).toEqual([])
  })

  it.each<[string, string, object, string]>([
    ['has no name', 'no-such-host.invalid:80', {}, 'DNS resolution'],
    ['is not there', '127.0.0.1:1', {}, 'connection refused'],
    ['speaks no TLS', '', { backendTLS: {} }, 'TLS: the handshake failed'],
    ['takes no part in a handshake', 'silent', { backendTLS: {} }, 'timeout'],
  ])('%s: the client is told, and nothing is left', async (_, address, policies, words) => {
    const before = resources()
    const upstream = await startRawUpstream(socket => {
      if (address === '') socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const to = address.includes(':') ? address : `127.0.0.1:${upstream.port}`
    const limits = { timeout: { requestTimeout: '2s' }, retry: { codes: [503], attempts: 2 } }
    const { port, gateway, events } = await startTestGateway(config(to, { ...limits, ...policies }))
    const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(port)))
    for (const { socket } of clients)
      socket.write(
        `POST /p HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
    await Promise.all(clients.map(client => client.closed))
    for (const client of clients) expect(client.received()).toContain(words)
    await expect.poll(() => events).toHaveLength(5)
    await gateway.close({ drainMs: 0 })
    for (const socket of upstream.sockets) socket.destroy()
    await settled(upstream)
    await expect.poll(() => excess(before, resources())).toEqual([])
  })
})

/** Kinds of which there are more than before, the one listening upstream aside. */
function excess(before: Record<string, number>, now: Record<string, number>): string[] {
  return ['TCPSocketWrap', 'TLSWrap', 'Timeout', 'TCPConnectWrap', 'GetAddrInfoReqWrap'].filter(
    kind => (now[kind] ?? 0) > (before[kind] ?? 0) + (kind === 'Timeout' ? 1 : 0),
  )
}

describe.each(WAYS)('clients that leave an upstream %s', (_way, config, type, body) => {
  it('in every phase leave no call, timer or connection behind', async () => {
    const before = resources()
    const upstream = await startRawUpstream(
      socket =>
        void socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
        ),
    )
    const { port, gateway, events } = await startTestGateway(
      config(`127.0.0.1:${upstream.port}`, {
        timeout: { requestTimeout: '60s' },
        delay: { duration: '20ms' },
        retry: { codes: [503], attempts: 2 },
      }),
    )
    const post = `POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`
    const phases = ['GET /p HTT', post + body.slice(0, 1), post + body]
    for (const bytes of phases) {
      for (const wait of [0, 10, 60]) {
        const client = await rawClient(port)
        client.socket.write(bytes)
        await new Promise(resolve => setTimeout(resolve, wait))
        client.socket.resetAndDestroy()
      }
    }
    // undici may open a new, idle connection in the place of one that was given up; calls it has none.
    const called = () => upstream.sockets.filter(socket => socket.bytesRead > 0)
    await expect.poll(() => called().every(socket => socket.destroyed)).toBe(true)
    await expect.poll(() => events.map(event => event.error)).toEqual(events.map(() => 'client disconnected'))
    await gateway.close({ drainMs: 0 })
    await expect.poll(() => upstream.sockets.every(socket => socket.destroyed)).toBe(true)
    await expect.poll(() => excess(before, resources())).toEqual([])
  })
})

describe('two hundred requests', () => {
  it('leave no listener on a kept connection, and use few connections', async () => {
    const upstream = await startRawUpstream(socket => {
      const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
      socket.write(answer)
      socket.on('data', () => socket.write(answer))
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    for (let i = 1; i <= 200; i++) {
      client.socket.write('GET /p HTTP/1.1\r\nhost: a\r\n\r\n')
      await client.until(text => text.split('\r\n\r\nok').length > i)
    }
    process.off('warning', note)
    expect(warnings).toEqual([])
    expect(upstream.sockets.length).toBeLessThan(3)
  })
})

it('nothing that the gateway loads makes the methods of all texts slow, as a class that extends String does', () => {
  setFlagsFromString('--allow-natives-syntax')
  const isQuick = new Function('return %HasFastProperties(String.prototype)')
  setFlagsFromString('--no-allow-natives-syntax')
  expect(isQuick()).toBe(true)
})
