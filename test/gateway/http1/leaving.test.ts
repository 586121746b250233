import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  answer,
  CHUNKED,
  get,
  openConnection,
  passed,
  posted,
  startServer,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'
import { eventually } from '../kit/wait.ts'

const UPGRADE =
  'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

const begin = ({ response }: Taken): void => response.writeHead(200, 'OK', [])
const readSlowly = ({ request }: Taken): void =>
  void request
    .pieces()
    .next()
    .catch(() => {})

/** Sends until the client has to take some before. */
function flood(one: Taken): void {
  const { response } = one
  begin(one)
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(50_000)));
  }
  response.onDrain = more
  more()
}

describe('a client that leaves takes everything with it', () => {
  const PHASES: readonly (readonly [
    title: string,
    bytes: string,
    accept: (one: Taken) => void,
    requests: number,
  ])[] = [
    ['before it has sent anything', '', () => {}, 0],
    ['in a head', 'GET / HT', () => {}, 0],
    ['behind an empty line', '\r\n', () => {}, 0],
    ['in a body that nobody reads', posted('/', 'b'.repeat(200_000), 400_000), () => {}, 1],
    ['in a body that is read slowly', posted('/', 'b'.repeat(200_000), 400_000), readSlowly, 1],
    ['in the size of a chunk', `${CHUNKED}5`, () => {}, 1],
    ['in a chunk', `${CHUNKED}5\r\nab`, () => {}, 1],
    ['in the trailers', `${CHUNKED}0\r\nx: y\r\n`, () => {}, 1],
    ['before its answer', get('/'), () => {}, 1],
    ['with the head of its answer', get('/'), one => [begin(one), one.response.flushHeaders()], 1],
    ['in the midst of its answer, which it does not read', get('/'), flood, 1],
    ['between two requests', get('/'), answer, 1],
    ['in a body of which it has the answer', posted('/', 'b', 3), answer, 1],
    ['with others waiting', get('/').repeat(20), () => {}, 1],
    ['with more waiting than is kept', get('/').repeat(30_000), () => {}, 1],
    ['in the midst of being refused', `${CHUNKED}zz\r\n`, () => {}, 1],
    [
      'in the midst of being parted from',
      `${get('/').replace('host', 'connection: close\r\nhost')}more`,
      answer,
      1,
    ],
  ]
  const LEAVING: readonly (readonly [title: string, leave: (socket: Socket) => void])[] = [
    ['closes', socket => socket.destroy()],
    ['resets', socket => socket.resetAndDestroy()],
    ['ends, and takes what comes', socket => void socket.end().resume()],
  ]

  it.each(
    PHASES.flatMap(([phase, ...others]) =>
      LEAVING.map(([how, leave]) => [phase, how, leave, ...others] as const),
    ),
  )('%s it %s', async (_phase, _how, leave, bytes, accept, requests) => {
    const over: Taken[] = []
    const { port, taken, sockets, connections } = await startServer(one => {
      one.response.onOver = () => over.push(one)
      accept(one)
    })
    const client = connect({ port, host: '127.0.0.1' })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {}).pause()
    if (bytes !== '') client.write(bytes)
    await eventually(() => sockets.length === 1 && taken.length >= requests)
    await new Promise(resolve => setTimeout(resolve, 10))
    leave(client)
    // As long as nobody reads on it is not seen, but no longer than a request may take.
    if (sockets[0]?.isPaused()) connections[0]?.check(Number.POSITIVE_INFINITY)
    await eventually(() => sockets[0]?.closed === true)
    expect(taken.length).toBe(requests)
    expect(over).toEqual(taken)
    expect(taken.every(({ response }) => response.destroyed)).toBe(true)
  })
})

it.each([
  ['in a body that nobody reads', posted('/', 'b'.repeat(200_000), 400_000)],
  ['in what it sends before it has its WebSocket', UPGRADE + 'b'.repeat(200_000)],
])(
  'a client that resets its connection %s is missed at the next look, not when its time is up',
  async (_, bytes) => {
    const { port, taken, sockets, connections } = await startServer(() => {})
    const client = connect({ port, host: '127.0.0.1' })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {}).write(bytes)
    await eventually(() => sockets[0]?.isPaused() === true)
    connections[0]?.check(0)
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(sockets[0]?.destroyed).toBe(false)
    client.resetAndDestroy()
    await eventually(() => {
      connections[0]?.check(0)
      return sockets[0]?.closed === true
    })
    expect(taken[0]?.response.destroyed).toBe(true)
  },
)

it('one that has its WebSocket is, too, while the upstream takes nothing of what it sends', async () => {
  const { port, sockets, connections } = await startServer(({ request }) => {
    const { socket } = request.offer?.take() ?? {}
    socket?.pause()
  })
  const client = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => void client.destroy())
  client.on('error', () => {}).write(UPGRADE + 'b'.repeat(200_000))
  await eventually(() => sockets[0]?.isPaused() === true)
  connections[0]?.check(0)
  client.resetAndDestroy()
  await eventually(() => {
    connections[0]?.check(0)
    return sockets[0]?.closed === true
  })
})

describe('a client that sends no more', () => {
  it('has the rest of an answer that is on its way', async () => {
    const { port, taken } = await startServer(one => answer(one, 'x'.repeat(8 << 20)))
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void client.destroy())
    client.write(get('/'))
    await eventually(() => taken.length === 1)
    client.end()
    let size = 0
    for await (const bytes of client) size += (bytes as Buffer).length
    expect(size).toBeGreaterThan(8 << 20)
  })

  it.each<[string, string, (one: Taken) => void, string[]]>([
    ['before its answer', get('/'), () => {}, []],
    [
      'in the midst of it',
      get('/'),
      ({ response }) => {
        response.writeHead(200, 'OK', [])
        response.flushHeaders()
      },
      ['200'],
    ],
    ['before any request', '', () => {}, []],
    ['between two requests', get('/'), answer, ['200']],
    ['in a head', 'GET /', () => {}, ['400']],
    ['in a body', posted('/', 'b', 2), () => {}, ['400']],
    ['in a body, of which it has the answer', posted('/', 'b', 2), answer, ['200']],
  ])('is parted from: %s', async (_, bytes, accept, statuses) => {
    const { client, server, send, received, taken } = openConnection(accept)
    await send(bytes)
    client.end()
    await passed()
    expect(statusesIn(received())).toEqual(statuses)
    expect(server.writableEnded || server.destroyed).toBe(true)
    expect(taken.every(({ response }) => response.destroyed)).toBe(true)
  })
})

describe('a client that is to leave', () => {
  it.each<[string, string, (one: Taken) => void, string[]]>([
    ['with no request under way', '', () => {}, []],
    ['between two requests', get('/'), answer, ['200']],
    ['with the answer, though more of its body is to come', posted('/', 'b', 3), answer, ['200']],
    ['before it has the whole head', 'GET /', () => {}, []],
  ])('does so at once %s', async (_, bytes, accept, statuses) => {
    const { connection, send, received, server, taken } = openConnection(accept)
    await send(bytes)
    connection.leave()
    expect(server.writableEnded).toBe(true)
    await send(`bb${get('/more')}`)
    connection.leave()
    expect(statusesIn(received())).toEqual(statuses)
    expect(taken).toHaveLength(statuses.length)
    expect(server.errored).toBeNull()
  })

  it('has its answer first', async () => {
    const { connection, send, received, server, taken } = openConnection()
    await send(get('/'))
    connection.leave()
    expect(server.writableEnded).toBe(false)
    await send(get('/more'))
    answer(taken[0] as Taken)
    await passed()
    expect(received()).toContain('Connection: close\r\n')
    expect(taken).toHaveLength(1)
    expect(server.writableEnded).toBe(true)
  })
})

it('a client that is cut off has the answer that has just ended', async () => {
  // Over a socket: what is written to one in memory is lost with it.
  const { port, connections } = await startServer(one => {
    one.request.read({ onPiece() {}, onEnd: () => answer(one) })
    connections[0]?.cut()
  })
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', piece => {
    received += piece.toString('latin1')
  })
  socket.write(get('/'))
  await new Promise(resolve => socket.once('close', resolve))
  expect(received).toMatch(/^HTTP\/1\.1 200 /)
})

describe('a client that is parted from', () => {
  it.each<[string, string, (one: Taken) => void, number]>([
    ['for good, and goes on sending', `${CHUNKED}zz\r\n`, () => {}, 5000],
    [
      'for good, with more of its body to come',
      posted('/', 'b', 9).replace('host', 'connection: close\r\nhost'),
      answer,
      5000,
    ],
    ['behind its last answer', get('/', 'connection: close\r\n'), answer, 500],
  ])('%s, has its time, and no timer is left', async (_, bytes, accept, patienceMs) => {
    const { server, client, send } = openConnection(accept)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await send(bytes)
    expect(server.writableEnded).toBe(true)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(patienceMs - 1)
    await send('more')
    expect(server.destroyed).toBe(false)
    // What it sends is read: its own side could be stuck otherwise.
    expect(client.writableLength).toBe(0)
    vi.advanceTimersByTime(1)
    expect(server.destroyed).toBe(true)
    await passed()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('and leaves by itself has no timer either', async () => {
    const { server, client, send } = openConnection()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await send(`${CHUNKED}zz\r\n`)
    expect(vi.getTimerCount()).toBe(1)
    client.end()
    await passed()
    expect(server.destroyed).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})
