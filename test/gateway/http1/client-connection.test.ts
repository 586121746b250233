import { connect } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  answer,
  type OpenConnection,
  openConnection,
  passed,
  startServer,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'
import { eventually } from '../kit/wait.ts'

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
const posted = (path: string, body: string, length = body.length): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`
const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'

describe('a body that breaks the rules', () => {
  it.each([
    ['in the midst of what has come', 'zz\r\nmore'],
    ['at its end', 'zz\r\n'],
    ['before a line is whole', 'z'],
    ['behind a chunk', '1\r\nabcdef'],
  ])('behind the head of an answer ends the connection: %s', async (_, body) => {
    const { send, received, server } = openConnection(({ response }) => {
      response.writeHead(200, 'OK', [])
      response.flushHeaders()
    })
    await send(CHUNKED)
    expect(statusesIn(received())).toEqual(['200'])
    await send(body)
    expect(server.destroyed).toBe(true)
    expect(statusesIn(received())).toEqual(['200'])
  })
})

describe('what comes before its turn', () => {
  it('is no longer kept where something is missing before it', async () => {
    const { taken, send, received } = openConnection()
    const waiting = 20
    const large = `x: ${'y'.repeat(50_000)}\r\n`
    await send(get('/0'))
    for (let i = 1; i <= waiting; i++) await send(get(`/${i}`, large))
    for (let i = 0; i < Math.min(taken.length, 2 * waiting); i++) {
      answer(taken[i] as Taken)
      await passed()
      // Of what was lost this would become the end.
      await send(`\r\n\r\n${get('/smuggled')}`)
    }
    const whole = 1 + Math.floor((512 * 1024) / get('/10', large).length)
    expect(taken.map(({ request }) => request.url)).toEqual(Array.from({ length: whole }, (_, i) => `/${i}`))
    expect(statusesIn(received())).toEqual(Array(whole).fill('200'))
  })
})

describe('a body', () => {
  it('whose reader was slower than its end holds up nobody', async () => {
    const { server, taken, send, received } = openConnection(one => void readAll(one))
    await send(posted('/1', '', 3))
    await send('abc')
    await send(get('/2'))
    expect(taken.map(({ request }) => request.url)).toEqual(['/1', '/2'])
    expect(server.isPaused()).toBe(false)
    expect(statusesIn(received())).toEqual(['200', '200'])
  })

  it('that nobody reads is kept, as far as 64 KiB, and then no more is read', async () => {
    const { server, taken, send } = openConnection()
    await send(posted('/', 'b'.repeat(64 * 1024), 200_000))
    expect(server.isPaused()).toBe(false)
    await send('b'.repeat(30_000))
    expect(server.isPaused()).toBe(true)
    const read = bodyOf(taken[0] as Taken)
    await send('b'.repeat(200_000 - 64 * 1024 - 30_000))
    expect(await read).toBe('b'.repeat(200_000))
  })

  it('that nobody has read, and nobody will, is out of the way of the next request', async () => {
    const { taken, send, received } = openConnection()
    await send(posted('/1', 'b'.repeat(70_000)))
    await send(get('/2'))
    answer(taken[0] as Taken)
    await passed()
    expect(taken.map(({ request }) => request.url)).toEqual(['/1', '/2'])
    expect(statusesIn(received())).toEqual(['200'])
  })

  it('in chunks of a byte each is kept in a few pieces', async () => {
    const { taken, send } = openConnection()
    await send(CHUNKED)
    for (let i = 0; i < 60; i++) await send('1\r\nb\r\n'.repeat(1000))
    const pieces: Buffer[] = []
    taken[0]?.request.read({ onPiece: (_, piece) => pieces.push(piece), onEnd() {} })
    expect(Buffer.concat(pieces)).toHaveLength(60_000)
    expect(pieces.length).toBeLessThan(20)
  })
})

/** Reads the body slowly. */
async function bodyOf({ request }: Taken): Promise<string> {
  let text = ''
  for await (const piece of request.pieces()) text += piece.toString('latin1')
  return text
}

async function readAll(one: Taken): Promise<void> {
  await bodyOf(one)
  answer(one)
}

describe('time', () => {
  const soon = { headMs: 0, requestMs: 0, idleMs: 0 }
  const check = ({ connection }: OpenConnection): Promise<void> => {
    connection.check(performance.now())
    return passed()
  }

  it('is not prolonged by halves of empty lines', async () => {
    const open = openConnection(undefined, { headMs: 100 })
    const begun = performance.now()
    for (let i = 0; performance.now() < begun + 90; i++) {
      await open.send(i % 2 === 0 ? '\r' : '\n')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await new Promise(resolve => setTimeout(resolve, 20))
    await check(open)
    expect(statusesIn(open.received())).toEqual(['408'])
  })

  it.each([
    ['no byte', '', '408'],
    ['half a head', 'GET / HT', '408'],
    ['half a body', posted('/', 'b', 2), '408'],
    ['half a chunk', `${CHUNKED}5\r\nab`, '408'],
  ])('is up for a client that has sent %s', async (_, bytes, status) => {
    const open = openConnection(undefined, soon)
    await open.send(bytes)
    await check(open)
    expect(open.received()).toBe(`HTTP/1.1 ${status} Request Timeout\r\nConnection: close\r\n\r\n`)
    expect(open.server.writableEnded).toBe(true)
  })

  it('is up for a body of which the client has the answer already', async () => {
    const open = openConnection(answer, soon)
    await open.send(posted('/', 'b', 2))
    await check(open)
    expect(statusesIn(open.received())).toEqual(['200'])
    expect(open.server.destroyed).toBe(true)
  })

  it('is not up for a client that waits for its answer', async () => {
    const open = openConnection(undefined, soon)
    await open.send(get('/'))
    await check(open)
    answer(open.taken[0] as Taken)
    await passed()
    expect(statusesIn(open.received())).toEqual(['200'])
    await check(open)
    expect(open.server.writableEnded).toBe(true)
    expect(statusesIn(open.received())).toEqual(['200'])
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

describe('an answer', () => {
  const old = (headers = ''): string => `GET / HTTP/1.0\r\n${headers}\r\n`
  const text = Buffer.from('text')
  const large = Buffer.alloc(20_000, 'l')

  it.each<[string, string, number, readonly string[], readonly Buffer[], string]>([
    ['with a length', get('/'), 200, ['content-length', '4'], [text], 'content-length: 4|keep-alive||text'],
    [
      'in chunks',
      get('/'),
      200,
      [],
      [text, large],
      `keep-alive|chunked||4\r\ntext\r\n4e20\r\n${large}\r\n0\r\n\r\n`,
    ],
    ['without a body', get('/'), 200, [], [], 'keep-alive|chunked||0\r\n\r\n'],
    ['whose pieces are empty', get('/'), 200, [], [Buffer.alloc(0)], 'keep-alive|chunked||0\r\n\r\n'],
    ['to HTTP/1.0', old(), 200, [], [text, large], `close||text${large}`],
    ['to HTTP/1.0 that goes on', old('connection: keep-alive\r\n'), 200, [], [text], 'close||text'],
    [
      'with a length to HTTP/1.0 that goes on',
      old('connection: x, Keep-Alive\r\n'),
      200,
      ['content-length', '4'],
      [text],
      'content-length: 4|keep-alive||text',
    ],
    [
      'to HEAD',
      'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n',
      200,
      ['content-length', '9'],
      [text],
      'content-length: 9|keep-alive||',
    ],
    ['to HEAD without a length', 'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n', 200, [], [text], 'keep-alive||'],
    ['of 204', get('/'), 204, [], [text], 'keep-alive||'],
    ['of 304', get('/'), 304, ['content-length', '9'], [text], 'content-length: 9|keep-alive||'],
    ['that is the last by its client', get('/', 'connection: x, Close\r\n'), 204, [], [], 'close||'],
  ])('%s', async (_, request, status, headers, pieces, wanted) => {
    for (const isEndedWithLast of [false, true]) {
      const { send, received, server } = openConnection(({ response }) => {
        response.sendDate = false
        response.writeHead(status, 'OK', headers)
        const last = isEndedWithLast ? pieces.at(-1) : undefined
        for (const piece of last === undefined ? pieces : pieces.slice(0, -1)) response.write(piece)
        response.end(last)
      })
      await send(request)
      const shown = received()
        .replace(/^HTTP\/1\.1 \d+ OK\r\n/, '')
        .replace(/Connection: |Transfer-Encoding: /g, '')
        .replace(/\r\n\r\n/, '||')
        .replace(/\r\n(?=.*\|\|)/g, '|')
      expect(shown.split('|').sort()).toEqual(wanted.split('|').sort())
      expect(server.writableEnded).toBe(wanted.startsWith('close'))
    }
  })

  it.each<[string, number, string, string[]]>([
    ['words behind the status', 200, 'OK\r\nx: y', []],
    ['words beyond a byte', 200, 'O\u010aK', []],
    ['a name', 200, 'OK', ['x\r\ny', 'z']],
    ['a value', 200, 'OK', ['x', 'y\r\n\r\nHTTP/1.1 200 OK']],
    ['no status', Number.NaN, 'OK', []],
    ['a status below 100', 99, 'OK', []],
    ['a status above 999', 1000, 'OK', []],
  ])('cannot be made into two by %s', async (_, status, words, headers) => {
    const { taken, send, received } = openConnection()
    await send(get('/'))
    const { response } = taken[0] as Taken
    expect(() => response.writeHead(status, words, headers)).toThrow()
    expect(response.headersSent).toBe(false)
    answer(taken[0] as Taken, 'another')
    await passed()
    expect(received().match(/HTTP\/1|another/g)).toEqual(['HTTP/1', 'another'])
  })

  it('that says by itself that it is the last one is that', async () => {
    const { taken, send, received, server } = openConnection(one => answer(one, '', ['connection', 'close']))
    await send(get('/1') + get('/2'))
    expect(taken).toHaveLength(1)
    expect(server.writableEnded).toBe(true)
    expect(received().match(/connection/gi)).toHaveLength(1)
  })

  it('has one head', async () => {
    const { taken, send, received } = openConnection(answer)
    await send(get('/'))
    expect(() => answer(taken[0] as Taken)).toThrow('one head')
    await send(get('/'))
    expect(statusesIn(received())).toEqual(['200', '200'])
  })

  it('that is over has no hand in the next one', async () => {
    const { taken, send, received, server } = openConnection()
    await send(get('/1') + get('/2'))
    const first = taken[0] as Taken
    answer(first)
    await passed()
    first.response.write(text)
    first.response.flushHeaders()
    first.response.writeContinue()
    first.response.end(text)
    first.response.breakOff()
    await passed()
    expect(server.destroyed).toBe(false)
    answer(taken[1] as Taken)
    await passed()
    expect(received().match(/HTTP.*|text/g)).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
  })

  it('that comes when the client has been parted from is not written', async () => {
    const { taken, send, received, server } = openConnection()
    await send(`${CHUNKED}zz\r\n`)
    const { response } = taken[0] as Taken
    response.writeHead(200, 'OK', [])
    response.flushHeaders()
    response.write(text)
    response.end()
    await passed()
    expect(statusesIn(received())).toEqual(['400'])
    expect(server.errored).toBeNull()
  })

  it('tells once that it is over, and when all of it has left', async () => {
    const told: string[] = []
    const { send, server } = openConnection(one => {
      one.response.onOver = ({ writableFinished }) => told.push(`${one.request.url} ${writableFinished}`)
      if (one.request.url !== '/3') answer(one)
    })
    for (const path of ['/1', '/2', '/3']) await send(get(path))
    expect(told).toEqual(['/1 true', '/2 true'])
    server.destroy()
    await passed()
    expect(told).toEqual(['/1 true', '/2 true', '/3 false'])
  })

  it('stops whoever writes it as long as the client does not read', async () => {
    const { port, taken, sockets } = await startServer(({ response }) => response.writeHead(200, 'OK', []))
    const client = connect({ port, host: '127.0.0.1' })
    onTestFinished(() => void client.destroy())
    client.write(get('/'))
    await eventually(() => taken.length === 1)
    const { response } = taken[0] as Taken
    let written = 0
    while (response.write(large)) {
      written += large.length
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(sockets[0]?.writableLength).toBeLessThan(100_000)
    const drained = new Promise(resolve => {
      response.onDrain = resolve
    })
    let size = 0
    client.on('data', bytes => {
      size += bytes.length
    })
    await drained
    response.end()
    await eventually(() => size > written + large.length)
  })
})

describe('leave to send a body', () => {
  const waiting = (headers = 'content-length: 4\r\n'): string =>
    `POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\n${headers}\r\n`

  it('is given once, and the answer is as any other', async () => {
    const { taken, send, received } = openConnection(({ response }) => response.writeContinue())
    await send(waiting())
    expect(taken[0]?.expectsContinue).toBe(true)
    expect(received()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    await send('text')
    answer(taken[0] as Taken)
    await passed()
    expect(received()).toMatch(/200 OK\r\n.*Connection: keep-alive\r\n/s)
  })

  it('that is not given makes the answer the last one', async () => {
    const { taken, send, received, server } = openConnection()
    await send(waiting())
    answer(taken[0] as Taken)
    await passed()
    expect(received()).toContain('Connection: close\r\n')
    await send('text')
    await send(get('/smuggled'))
    expect(taken).toHaveLength(1)
    expect(server.writableEnded).toBe(true)
  })

  it('is nothing that HTTP/1.0 knows of', async () => {
    const { taken, send } = openConnection()
    await send(waiting().replace('HTTP/1.1', 'HTTP/1.0'))
    expect(taken[0]).toMatchObject({ expectsContinue: false, request: { expectsOther: false } })
  })

  it('is not what every client expects', async () => {
    const { taken, send } = openConnection()
    await send(waiting().replace('100-Continue', 'magic'))
    expect(taken[0]).toMatchObject({ expectsContinue: false, request: { expectsOther: true } })
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
