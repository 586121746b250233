import { describe, expect, it } from 'vitest'
import {
  answer,
  CHUNKED,
  get,
  type OpenConnection,
  openConnection,
  passed,
  posted,
  refusal,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'

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

const LATE = refusal('408 Request Timeout', 'the request did not come in time')

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
    expect(open.received()).toBe('')
    expect(open.server.destroyed || open.server.writableEnded).toBe(true)
  })

  it.each([
    ['no byte, which is told nothing', '', /^$/],
    ['half a head', 'GET / HT', LATE],
    ['half a body', posted('/', 'b', 2), LATE],
    ['half a chunk', `${CHUNKED}5\r\nab`, LATE],
  ])('is up for a client that has sent %s', async (_, bytes, told) => {
    const open = openConnection(undefined, soon)
    await open.send(bytes)
    await check(open)
    expect(open.received()).toMatch(told)
    expect(open.server.writableEnded).toBe(true)
  })

  it('is up for a body of which the client has the answer already', async () => {
    const open = openConnection(answer, soon)
    await open.send(posted('/', 'b', 2))
    await check(open)
    expect(statusesIn(open.received())).toEqual(['200'])
    expect(open.server.writableEnded).toBe(true)
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
