import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  answer,
  CHUNKED,
  get,
  openConnection,
  passed,
  startServer,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'
import { eventually, settled } from '../kit/wait.ts'

const large = Buffer.alloc(20_000, 'l')

describe('an answer', () => {
  const old = (headers = ''): string => `GET / HTTP/1.0\r\n${headers}\r\n`
  const text = Buffer.from('text')

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
    [
      'that is the last by its client, of which the config says something else',
      get('/', 'connection: close\r\n'),
      200,
      ['connection', 'keep-alive', 'content-length', '4'],
      [text],
      'close|connection: keep-alive\r\ncontent-length: 4||text',
    ],
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

  it.each<[string, number, string[], string[], string]>([
    ['fewer bytes than it tells', 200, ['content-length', '10'], ['few'], 'few'],
    ['no bytes where it tells of some', 200, ['content-length', '10'], [], ''],
    ['several lengths', 200, ['content-length', '3', 'content-length', '3'], ['few'], 'few'],
    ['a status behind which the client waits for another', 100, [], [], ''],
  ])('with %s is the last one', async (_, status, headers, pieces, body) => {
    const { taken, send, received, server } = openConnection(({ response }) => {
      response.writeHead(status, 'OK', headers)
      for (const piece of pieces) response.write(Buffer.from(piece))
      response.end()
    })
    await send(get('/1') + get('/2'))
    expect(taken).toHaveLength(1)
    expect(received().split('\r\n\r\n')[1]).toBe(body)
    expect(server.writableEnded).toBe(true)
  })

  it.each<[string, string[], string | undefined]>([
    ['in pieces', ['abc', 'de'], undefined],
    ['at its end', ['abc'], 'de'],
    ['in a large piece', [], 'x'.repeat(20_000)],
  ])('with more bytes than it tells breaks off before them: %s', async (_, pieces, last) => {
    const { taken, send, received, server } = openConnection(({ response }) => {
      response.writeHead(200, 'OK', ['content-length', '4'])
      for (const piece of pieces) response.write(Buffer.from(piece))
      response.end(last === undefined ? undefined : Buffer.from(last))
    })
    await send(get('/1') + get('/2'))
    expect(taken).toHaveLength(1)
    expect(received()).not.toMatch(/de|xx/)
    expect(server.destroyed).toBe(true)
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
    expect(response).toMatchObject({ headersSent: true, statusCode: 400, cut: { reason: 'InvalidRequest' } })
    expect(() => response.writeHead(200, 'OK', [])).toThrow('one head')
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

describe('a client that has been sent more than it takes', () => {
  /** `later` looks for clients that are too late, so many milliseconds behind the last time. */
  async function flooded() {
    const served = await startServer(({ response }) => response.writeHead(200, 'OK', []), { requestMs: 100 })
    const client = connect({ port: served.port, host: '127.0.0.1' })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {}).write(get('/'))
    await eventually(() => served.taken.length === 1)
    const { response } = served.taken[0] as Taken
    response.onDrain = () => {
      while (response.write(large));
    }
    response.onDrain(response)
    const socket = served.sockets[0] as Socket
    await settled(() => socket.bytesWritten)
    let now = 0
    const later = (ms: number): void => {
      now += ms
      served.connections[0]?.check(now)
    }
    later(0)
    return { client, socket, later, response }
  }

  it('is parted from when it takes nothing for as long as a request may take', async () => {
    const { socket, later, response } = await flooded()
    later(99)
    expect(socket.destroyed).toBe(false)
    later(1)
    expect(socket.destroyed).toBe(true)
    await eventually(() => response.destroyed)
    expect(response.cut).toEqual({
      reason: 'InvalidRequest',
      error: 'the client takes nothing of its answer',
    })
  })

  it('is though it goes on to send', async () => {
    const { client, socket, later } = await flooded()
    for (let i = 0; i < 10; i++) {
      const { bytesRead } = socket
      client.write(get('/more'))
      await eventually(() => socket.bytesRead > bytesRead)
      later(10)
    }
    expect(socket.destroyed).toBe(true)
  })

  it('is not as long as it takes some of it', async () => {
    const { client, socket, later } = await flooded()
    for (let i = 0; i < 5; i++) {
      const { bytesWritten } = socket
      client.resume()
      await eventually(() => socket.bytesWritten > bytesWritten)
      client.pause()
      await settled(() => socket.bytesWritten)
      later(80)
      expect(socket.destroyed).toBe(false)
    }
    later(100)
    expect(socket.destroyed).toBe(true)
  })

  it('is not as long as it takes some of a single piece', async () => {
    const { client, socket, later } = await flooded()
    socket.write(Buffer.alloc(100 << 20))
    client.resume()
    const size = 120 << 20
    await eventually(() => client.bytesRead > size / 4)
    later(100)
    await eventually(() => client.bytesRead > size / 2)
    later(100)
    expect(socket.destroyed).toBe(false)
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
