import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  answer,
  openConnection,
  passed,
  startServer,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'
import { eventually } from '../kit/wait.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
const posted = (body: string, length: number): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`
const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'

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
    ['in a body that nobody reads', posted('b'.repeat(200_000), 400_000), () => {}, 1],
    ['in a body that is read slowly', posted('b'.repeat(200_000), 400_000), readSlowly, 1],
    ['in the size of a chunk', `${CHUNKED}5`, () => {}, 1],
    ['in a chunk', `${CHUNKED}5\r\nab`, () => {}, 1],
    ['in the trailers', `${CHUNKED}0\r\nx: y\r\n`, () => {}, 1],
    ['before its answer', get('/'), () => {}, 1],
    ['with the head of its answer', get('/'), one => [begin(one), one.response.flushHeaders()], 1],
    ['in the midst of its answer, which it does not read', get('/'), flood, 1],
    ['between two requests', get('/'), answer, 1],
    ['in a body of which it has the answer', posted('b', 3), answer, 1],
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

describe('a connection that becomes a WebSocket', () => {
  const OFFER =
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

  it('hands over what has come, and what comes, once and in order', async () => {
    const { connection, server, taken, send, received } = openConnection()
    await send(`${OFFER}one,`)
    await send('two,')
    const { request, response } = taken[0] as Taken
    expect(request.offer).toBe(connection)
    response.writeHead(101, 'Switching Protocols', ['connection', 'Upgrade', 'upgrade', 'websocket'])
    response.flushHeaders()
    const { socket, early } = connection.take()
    let text = Buffer.concat(early).toString()
    socket.on('data', bytes => {
      text += bytes
    })
    await send('three,')
    await send(get('/'))
    expect(text).toBe(`one,two,three,${get('/')}`)
    expect(taken).toHaveLength(1)
    expect(statusesIn(received())).toEqual(['101'])
    expect(received()).not.toContain('keep-alive')
    // No time limit has a say in it, nor has an end.
    connection.check(Number.POSITIVE_INFINITY)
    expect(server.destroyed).toBe(false)
    let isOver = false
    response.onOver = () => {
      isOver = true
    }
    server.destroy()
    await passed()
    expect(isOver).toBe(true)
  })

  it('loses nothing where so much comes early that reading stops', async () => {
    const { connection, client, server, send } = openConnection()
    await send(OFFER)
    const sent = Array.from({ length: 60 }, (_, i) => `${i} `.repeat(1000)).join('')
    for (let at = 0; at < sent.length; at += 10_000) client.write(sent.slice(at, at + 10_000))
    await passed()
    await eventually(() => server.isPaused())
    const { socket, early } = connection.take()
    let text = Buffer.concat(early).toString()
    expect(text.length).toBeLessThan(sent.length)
    socket.on('data', bytes => {
      text += bytes
    })
    socket.resume()
    await eventually(() => text.length >= sent.length)
    expect(text).toBe(sent)
  })

  it('is none when that is refused, and whatever came early is dropped', async () => {
    const { client, server, taken, send, received } = openConnection()
    await send(`${OFFER}${get('/early')}`)
    client.write('x'.repeat(200_000))
    await passed()
    answer(taken[0] as Taken, 'no')
    await passed()
    expect(received()).toMatch(/Connection: close\r\n.*no$/s)
    expect(taken).toHaveLength(1)
    expect(server.writableEnded).toBe(true)
  })

  it.each([
    'CONNECT a:443 HTTP/1.1\r\n\r\n',
    OFFER.replace('GET', 'POST').replace('host', 'content-length: 5\r\nhost'),
  ])('is the last one where it is asked for in another way: %j', async text => {
    const { taken, send, received } = openConnection(answer)
    await send(text + get('/smuggled'))
    expect(taken).toHaveLength(1)
    expect(taken[0]?.request.complete).toBe(true)
    expect(received()).toContain('Connection: close\r\n')
  })
})

type Behaviour =
  | 'at once'
  | 'when the body is here'
  | 'in pieces'
  | 'later'
  | 'slowly'
  | 'breaks off'
  | 'closes'
interface Plan {
  readonly body: number
  readonly isChunked: boolean
  readonly behaviour: Behaviour
}

const piece = (path: number, size: number): string => `${path}`.repeat(size).slice(0, size)

function bytesOf({ body, isChunked }: Plan, path: number): string {
  const text = piece(path, body)
  if (!isChunked) return `POST /${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body}\r\n\r\n${text}`
  const chunks = text.replace(/.{1,100}/g, part => `${part.length.toString(16)}\r\n${part}\r\n`)
  return `POST /${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
}

async function serve(one: Taken, { behaviour }: Plan): Promise<void> {
  const { request, response } = one
  const path = request.url.slice(1)
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const reply = (body: string): void => answer(one, `<${path}:${body}>`)
  switch (behaviour) {
    case 'at once':
      request.drop()
      return reply('')
    case 'later':
      await turn()
      request.drop()
      return reply('')
    case 'breaks off':
      begin(one)
      response.write(Buffer.from(`<${path}`))
      return response.breakOff()
    case 'closes':
      request.drop()
      response.shouldKeepAlive = false
      return reply('')
    default: {
      let body = ''
      try {
        for await (const bytes of request.pieces()) {
          body += bytes
          if (behaviour === 'slowly') await turn()
        }
      } catch {
        return response.breakOff()
      }
      if (behaviour !== 'in pieces') return reply(body)
      begin(one)
      for (const part of [`<${path}:`, body, '>']) {
        response.write(Buffer.from(part))
        await turn()
      }
      response.end()
    }
  }
}

/** The bodies of the answers, each ended by its length or its last chunk. */
function bodiesIn(text: string): string[] {
  const bodies: string[] = []
  let rest = text
  while (rest !== '') {
    const head = rest.slice(0, rest.indexOf('\r\n\r\n') + 4)
    rest = rest.slice(head.length)
    const length = /content-length: (\d+)/.exec(head)?.[1]
    let body = ''
    if (length !== undefined) {
      body = rest.slice(0, Number(length))
      rest = rest.slice(body.length)
    } else {
      let size = -1
      while (size !== 0 && rest !== '') {
        const line = /^([0-9a-f]+)\r\n/.exec(rest)
        size = Number.parseInt(line?.[1] ?? '', 16)
        const from = line?.[0].length ?? 0
        body += rest.slice(from, from + size)
        expect(rest.slice(from + size, from + size + 2)).toBe('\r\n')
        rest = rest.slice(from + size + 2)
      }
      if (size !== 0) body += ', broken off'
    }
    bodies.push(body)
  }
  return bodies
}

it('answers each request with its own answer, in order, whatever happens in what turn', async () => {
  const plan = fc.record<Plan>({
    body: fc.constantFrom(0, 1, 100, 1000, 70_000),
    isChunked: fc.boolean(),
    behaviour: fc.constantFrom<Behaviour>(
      ...(['at once', 'when the body is here', 'in pieces', 'later', 'slowly'] as const),
      ...(['at once', 'when the body is here', 'in pieces', 'later', 'slowly'] as const),
      ...(['breaks off', 'closes'] as const),
    ),
  })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), cuts, async (plans, places) => {
      const { client, server, taken, received } = openConnection(one => {
        const path = Number(one.request.url.slice(1))
        void serve(one, plans[path] as Plan)
      })
      const text = plans.map(bytesOf).join('')
      const ends = places.map(place => Math.floor(place * text.length)).sort((a, b) => a - b)
      for (const [i, from] of [0, ...ends].entries()) {
        client.write(text.slice(from, ends[i] ?? text.length))
        if (i % 2 === 0) await passed()
      }
      const last = plans.findIndex(({ behaviour }) => behaviour === 'breaks off' || behaviour === 'closes')
      const count = last < 0 ? plans.length : last + 1
      const isSettled = (): boolean =>
        taken.length === count &&
        taken.every(({ response }) => response.destroyed) &&
        (last < 0 || !server.writable)
      await eventually(isSettled)
      await passed()
      const wanted = plans.slice(0, count).map(({ body, behaviour }, path) => {
        const hasBody =
          behaviour === 'when the body is here' || behaviour === 'in pieces' || behaviour === 'slowly'
        return behaviour === 'breaks off'
          ? `<${path}, broken off`
          : `<${path}:${hasBody ? piece(path, body) : ''}>`
      })
      // Of the last one nothing may have left.
      const answers = bodiesIn(received())
      if (plans[last]?.behaviour === 'breaks off' && answers.length < count) wanted.pop()
      expect(answers).toEqual(wanted)
      expect(server.isPaused()).toBe(false)
    }),
    { numRuns: Number(process.env['DIFFERENTIAL_RUNS'] ?? 100) },
  )
})
