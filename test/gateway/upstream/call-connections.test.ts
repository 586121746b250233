import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CallConnections, type WholeCall } from '../../../src/gateway/upstream/call-connections.ts'
import { Connections } from '../../../src/gateway/upstream/connections.ts'
import { dispatched } from '../kit/dispatched.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** A connection in memory, whose other side is the test. */
class Wire extends Duplex {
  written = ''
  takes: 'at once' | 'next turn' | 'nothing' = 'at once'

  constructor() {
    super({ allowHalfOpen: false })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1')
    if (this.takes === 'at once') done()
    else if (this.takes === 'next turn') setImmediate(done)
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)))

interface Told {
  events: string[]
  abort: () => void
  resume: () => void
}

function inMemory(idleMs = 60_000) {
  const wires: Wire[] = []
  const connections = new CallConnections(
    'http://up.test',
    (_options, callback) => {
      const wire = new Wire()
      wires.push(wire)
      queueMicrotask(() => callback(null, wire as never))
    },
    idleMs,
  )
  /** What is told of a call, in order; `takes` is false where its pieces are too many. */
  const call = (what: Partial<WholeCall> = {}, takes = true, isGivenUp = false): Told => {
    const told: Told = { events: [], abort() {}, resume() {} }
    connections.dispatch(
      { path: '/', method: 'GET', headers: [], body: null, servername: '', ...what },
      {
        onConnect: abort => {
          told.abort = abort
          if (isGivenUp) abort()
        },
        onHeaders(status, headers, resume) {
          told.resume = resume
          told.events.push(`${status} ${headers.join(' ')}`)
          return true
        },
        onData(piece) {
          told.events.push(piece.toString('latin1'))
          return takes
        },
        onComplete: () => void told.events.push('done'),
        onError: error => void told.events.push((error as NodeJS.ErrnoException).code ?? error.name),
      },
    )
    return told
  }
  return { wires, connections, call }
}

const DONE = ['200 content-length 2', 'ok', 'done']

describe('an answer', () => {
  it.each<[string, string, string[]]>([
    ['in one piece', OK, DONE],
    ['behind hints', `HTTP/1.1 103 \r\nlink: a\r\n\r\nHTTP/1.1 100 \r\n\r\n${OK}`, DONE],
    ['without a body', 'HTTP/1.1 204 \r\n\r\n', ['204 ', 'done']],
    [
      'that has not changed, with the length of what has not',
      'HTTP/1.1 304 \r\ncontent-length: 9\r\n\r\n',
      ['304 content-length 9', 'done'],
    ],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nx: y\r\n\r\n',
      ['200 transfer-encoding chunked', 'a', 'bc', 'done'],
    ],
    [
      'whose length is told twice',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok',
      ['HTTPParserError'],
    ],
    [
      'with a length and in chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok',
      ['HTTPParserError'],
    ],
    ['with a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok', ['HTTPParserError']],
    ['with a header that is folded', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n', ['HTTPParserError']],
    ['whose lines end with a line feed', 'HTTP/1.1 200 OK\n\n', ['HTTPParserError']],
    ['in HTTP/2', 'HTTP/2 200\r\n\r\n', ['HTTPParserError']],
    ['that is none', 'SSH-2.0-x\r\n', ['HTTPParserError']],
    ['in another protocol', 'HTTP/1.1 101 \r\nupgrade: x\r\n\r\n', ['UND_ERR_SOCKET']],
    ['with too long a head', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(17_000)}`, ['UND_ERR_HEADERS_OVERFLOW']],
    [
      'with a broken chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab',
      ['200 transfer-encoding chunked', 'a', 'HTTPParserError'],
    ],
  ])('%s', async (_, answer, told) => {
    const { wires, connections, call } = inMemory()
    const one = call()
    await turn()
    wires[0]?.push(answer)
    await turn()
    expect(one.events).toEqual(told)
    await connections.destroy()
  })

  it.each<[string, string, string[]]>([
    ['goes to the end of its connection', 'HTTP/1.1 200 OK\r\n\r\nok', ['200 ', 'ok', 'done']],
    ['is half a head', 'HTTP/1.1 200 OK\r\nx', ['UND_ERR_SOCKET']],
    [
      'is half a body',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok',
      ['200 content-length 3', 'ok', 'UND_ERR_SOCKET'],
    ],
    [
      'is half a body, and the last one',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nok',
      ['200 connection close content-length 3', 'ok', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
    ],
    ['is nothing', '', ['UND_ERR_SOCKET']],
  ])('%s, where that ends', async (_, answer, told) => {
    const { wires, connections, call } = inMemory()
    const one = call()
    await turn()
    if (answer !== '') wires[0]?.push(answer)
    wires[0]?.push(null)
    await turn()
    expect(one.events).toEqual(told)
    expect(connections.count).toBe(0)
  })

  it('that goes to the end of a connection is not whole where that breaks off', async () => {
    const { wires, call } = inMemory()
    const one = call()
    await turn()
    wires[0]?.push('HTTP/1.1 200 OK\r\n\r\nok')
    await turn()
    wires[0]?.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
    await turn()
    expect(one.events).toEqual(['200 ', 'ok', 'ECONNRESET'])
  })

  it('to HEAD has no body', async () => {
    const { wires, call } = inMemory()
    const one = call({ method: 'HEAD' })
    await turn()
    wires[0]?.push('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n')
    await turn()
    expect(one.events).toEqual(['200 content-length 2', 'done'])
    expect(wires[0]?.destroyed).toBe(true)
  })

  it('that is too much for its caller is read on when that says so', async () => {
    const { wires, call } = inMemory()
    const one = call({}, false)
    await turn()
    wires[0]?.push('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab')
    await turn()
    wires[0]?.push('cd')
    await turn()
    expect(one.events).toEqual(['200 content-length 6', 'ab'])
    one.resume()
    await turn()
    expect(one.events.slice(2)).toEqual(['cd'])
    wires[0]?.push('ef')
    one.resume()
    await turn()
    expect(one.events.slice(3)).toEqual(['ef', 'done'])
    expect(wires[0]?.isPaused()).toBe(false)
  })
})

describe('the next call', () => {
  /** One call is over, and its connection is free. */
  async function used(answer = OK, idleMs?: number) {
    const all = inMemory(idleMs)
    all.call()
    await turn()
    all.wires[0]?.push(answer)
    await turn()
    return all
  }

  it('goes over the same connection', async () => {
    const { wires, call, connections } = await used()
    const next = call({ path: '/next' })
    await turn()
    wires[0]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    expect(wires).toHaveLength(1)
    await connections.destroy()
  })

  it('goes over the same connection where that, as TLS, takes a turn to write', async () => {
    const { wires, call, connections } = await used()
    const [wire] = wires
    if (wire !== undefined) wire.takes = 'next turn'
    const next = call()
    await new Promise(resolve => setImmediate(resolve))
    wire?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    call()
    await turn()
    expect(wires).toHaveLength(1)
    await connections.destroy()
  })

  it('goes over the same connection where the one before was given up before it was written', async () => {
    const { wires, call, connections } = await used()
    const one = call({}, true, true)
    await turn()
    expect(one.events).toEqual(['UND_ERR_ABORTED'])
    const next = call()
    await turn()
    wires[0]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    expect(wires).toHaveLength(1)
    await connections.destroy()
  })

  it.each<[string, string]>([
    [
      'the answer before tells the length of a body that it has not',
      'HTTP/1.1 304 \r\ncontent-length: 2\r\n\r\n',
    ],
    [
      'the answer before says that it is the last one',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    ],
    ['it is HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    [
      'the upstream keeps none for long',
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n',
    ],
    ['there was more than the answer', `${OK}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison`],
    ['there was a line end behind the answer', `${OK}\r\n`],
  ])('goes over another one where %s', async (_, answer) => {
    const { wires, call, connections } = await used(answer)
    const next = call()
    await turn()
    expect(wires[0]?.destroyed).toBe(true)
    wires[1]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    await connections.destroy()
  })

  it('is not given what came unasked in the turn in which it is made', async () => {
    const { wires, call, connections } = await used()
    // Both came with the same look at the sockets, that of the client first.
    const next = call({ path: '/next' })
    wires[0]?.push('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison')
    await turn()
    expect(wires[0]?.written).not.toContain('/next')
    expect(wires[1]?.written).toContain('/next')
    wires[1]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    await connections.destroy()
  })

  it('is sent over another one where the upstream closes in the turn in which it is made', async () => {
    const { wires, call, connections } = await used()
    const next = call({ path: '/next' })
    wires[0]?.push(null)
    await turn()
    expect(wires.map(wire => wire.written.includes('/next'))).toEqual([false, true])
    wires[1]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    await connections.destroy()
  })

  it('goes over another one while the request before, which has its answer, has not left', async () => {
    const { wires, call, connections } = await used()
    if (wires[0] !== undefined) wires[0].takes = 'nothing'
    const early = call({ method: 'POST', body: Buffer.alloc(100_000) })
    await turn()
    wires[0]?.push(OK)
    await turn()
    expect(early.events).toEqual(DONE)
    const next = call()
    await turn()
    expect(wires[0]?.destroyed).toBe(true)
    wires[1]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    await connections.destroy()
  })

  it('goes over another one when the time of the free one is over', async () => {
    const { wires, connections } = await used(OK, 1)
    await expect.poll(() => wires[0]?.destroyed).toBe(true)
    expect(connections.count).toBe(0)
  })
})

it('the time of a free connection counts from the end of the answer', async () => {
  const { wires, call, connections } = inMemory(150)
  call()
  await turn()
  wires[0]?.push('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no')
  await new Promise(resolve => setTimeout(resolve, 300))
  wires[0]?.push('k')
  await turn()
  expect(connections.count).toBe(1)
  await expect.poll(() => connections.count).toBe(0)
  expect(wires[0]?.destroyed).toBe(true)
})

it('a connector that throws fails its call once', async () => {
  const connections = new CallConnections(
    'http://up.test',
    () => {
      throw new RangeError('no')
    },
    1,
  )
  const told: string[] = []
  const caller = {
    onConnect() {},
    onHeaders: () => true,
    onData: () => true,
    onComplete() {},
    onError: (error: Error) => void told.push(error.message),
  }
  connections.dispatch({ path: '/', method: 'GET', headers: [], body: null, servername: '' }, caller)
  await connections.destroy()
  expect(told).toEqual(['no'])
  expect(connections.count).toBe(0)
})

describe('a call that is given up', () => {
  it('takes its connection with it, and is told once', async () => {
    const { wires, call, connections } = inMemory()
    const one = call()
    await turn()
    wires[0]?.push('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab')
    await turn()
    one.abort()
    one.abort()
    wires[0]?.push('cd')
    await turn()
    expect(one.events).toEqual(['200 content-length 6', 'ab', 'UND_ERR_ABORTED'])
    expect(wires[0]?.destroyed).toBe(true)
    expect(connections.count).toBe(0)
  })

  it('leaves the one alone that has its connection by now', async () => {
    const { wires, call, connections } = inMemory()
    const one = call()
    await turn()
    wires[0]?.push(OK)
    await turn()
    const next = call()
    await turn()
    one.abort()
    wires[0]?.push(OK)
    await turn()
    expect(next.events).toEqual(DONE)
    await connections.destroy()
  })
})

it('a body is sent as it is, short or long', async () => {
  for (const size of [0, 1, 15 * 1024, 15 * 1024 + 1, 300_000]) {
    const body = Buffer.from(Array.from({ length: size }, (_, i) => i % 256))
    const upstream = await startRawUpstream(socket => setTimeout(() => socket.write(OK), 50))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`)
    expect(await dispatched(connections, { method: 'POST', body })).toBe('ok')
    expect(upstream.bytes()).toMatch(new RegExp(`\r\ncontent-length: ${size}\r\n\r\n`))
    expect(upstream.bytes().slice(upstream.bytes().indexOf('\r\n\r\n') + 4)).toBe(body.toString('latin1'))
    await connections.destroy()
  }
})
