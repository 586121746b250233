import { describe, expect, it } from 'vitest'
import {
  answer,
  CHUNKED,
  get,
  openConnection,
  passed,
  posted,
  refusal,
  statusesIn,
  type Taken,
} from '../kit/client-connection.ts'

const MALFORMED = refusal('400 Bad Request', 'the request is no well-formed HTTP/1.1')

describe('a client whose request breaks the rules is told which', () => {
  it.each<[string, string, RegExp]>([
    ['by its first line', 'canary canary\r\n', MALFORMED],
    ['by a field', 'GET / HTTP/1.1\r\nhost: a\r\ncanary\r\n\r\n', MALFORMED],
    ['by a chunk', `${CHUNKED}canary\r\n`, MALFORMED],
    [
      'by the length of its head',
      `GET / HTTP/1.1\r\ncanary: ${'c'.repeat(70_000)}`,
      refusal('431 Request Header Fields Too Large', 'the head of the request is too long'),
    ],
    [
      'by its extensions',
      `${CHUNKED}1;canary=${'c'.repeat(20_000)}`,
      refusal('413 [A-Za-z ]+', 'the chunks of the request have too many extensions'),
    ],
    [
      'by its trailers',
      `${CHUNKED}0\r\ncanary: ${'c'.repeat(70_000)}`,
      refusal('431 Request Header Fields Too Large', 'the request has too many trailers'),
    ],
  ])('%s', async (_, bytes, told) => {
    const { send, received } = openConnection()
    await send(bytes)
    expect(received()).toMatch(new RegExp(`^${told.source}`))
  })

  it.each([
    ['of its head', 'GET / HTTP/1.1\r\n', 0],
    ['of its body', posted('/', 'b', 2), 1],
  ])('where it ends in the midst %s', async (_, bytes, requests) => {
    const { client, send, received, taken } = openConnection()
    await send(bytes)
    client.end()
    await passed()
    expect(received()).toMatch(refusal('400 Bad Request', 'the request has no end'))
    expect(taken).toHaveLength(requests)
  })

  it('without a body in the place of an answer that has none', async () => {
    const { send, received } = openConnection()
    await send(`${CHUNKED.replace('POST', 'HEAD')}zz\r\n`)
    expect(received()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(?:.+\r\n)+Connection: close\r\n\r\n$/)
  })

  it('behind the answers before', async () => {
    const { taken, send, received } = openConnection()
    await send(`${get('/')}nonsense\r\n`)
    answer(taken[0] as Taken, 'first')
    await passed()
    expect(received()).toMatch(/firstHTTP\/1.1 400 /)
    expect(received()).toMatch(MALFORMED)
  })
})

describe('what came before it was a request', () => {
  it.each([
    ['is no HTTP', 'nonsense\r\n', 1],
    ['is too long', `GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`, 1],
    ['has a head, of which somebody knows', get('/'), 0],
  ])('is told of where it %s', async (_, bytes, count) => {
    const told: { readonly since: number; readonly isSent: boolean }[] = []
    const { send } = openConnection(undefined, {
      onRefused: (response, since) => told.push({ since, isSent: response.headersSent }),
    })
    await new Promise(resolve => setTimeout(resolve, 20))
    const before = performance.now()
    await send(bytes)
    expect(told.map(({ isSent }) => isSent)).toEqual(Array(count).fill(false))
    for (const { since } of told) expect(since).toBeGreaterThanOrEqual(before)
  })

  it('is told of where its end does not come', async () => {
    let count = 0
    const { connection, send } = openConnection(undefined, { headMs: 0, onRefused: () => count++ })
    await send('GET /')
    connection.check(performance.now() + 1)
    connection.check(performance.now() + 1)
    expect(count).toBe(1)
  })
})

it('a request that could not be accepted has an answer, and is the last one', async () => {
  let count = 0
  const { server, send, received, taken } = openConnection(
    () => {
      throw new TypeError('canary')
    },
    { onRefused: () => count++ },
  )
  await send(get('/') + get('/more'))
  expect(received()).toMatch(refusal('503 Service Unavailable', 'processing failed: internal error'))
  expect(taken).toHaveLength(1)
  expect(taken[0]?.response).toMatchObject({
    destroyed: true,
    cut: { reason: 'Internal', error: 'processing failed: internal error (TypeError)' },
  })
  expect(count).toBe(1)
  expect(server.writableEnded).toBe(true)
})

describe('a client has the whole answer that it was given', () => {
  it.each([
    ['before the rest of its body breaks the rules', `${CHUNKED}1\r\nb\r\n`, 'zz\r\n'],
    ['together with a body that does', `${CHUNKED}1\r\nb\r\nzz\r\n`, 'zz\r\n'],
  ])('%s', async (_, bytes, more) => {
    const { server, send, received, taken } = openConnection(one => answer(one, 'early'))
    await send(bytes)
    await send(more)
    expect(received()).toMatch(/early$/)
    expect(statusesIn(received())).toEqual(['200'])
    expect(server.writableEnded).toBe(true)
    expect(server.destroyed).toBe(false)
    expect(taken[0]?.response.destroyed).toBe(true)
  })

  it('before the rest of it is missing', async () => {
    const { client, server, send, received, taken } = openConnection()
    await send(get('/'))
    client.write(posted('/2', 'b'.repeat(600_000)))
    await passed()
    const [first] = taken
    taken.push = (one: Taken): number => {
      answer(one, 'early')
      return 0
    }
    answer(first as Taken)
    await passed()
    expect(received()).toMatch(/early$/)
    expect(statusesIn(received())).toEqual(['200', '200'])
    expect(server.writableEnded).toBe(true)
    expect(server.destroyed).toBe(false)
  })
})

describe('the last answer before what was lost', () => {
  const large = `x: ${'y'.repeat(50_000)}\r\n`

  it.each([
    ['of a head', posted('/2', 'b'.repeat(500_000)) + get('/3', large), ['200', '200']],
    // It has an answer of its own, which says so.
    ['of a body', posted('/2', 'b'.repeat(600_000)), ['200', '413']],
  ])('says that the connection ends, where that is a part %s', async (_, ahead, statuses) => {
    const { client, taken, send, received, server } = openConnection()
    await send(get('/1'))
    client.write(ahead)
    await passed()
    for (const one of taken) {
      if (!one.response.headersSent) answer(one)
      await passed()
    }
    expect(statusesIn(received())).toEqual(statuses)
    expect(received().match(/(?<=Connection: )\S+/g)).toEqual(['keep-alive', 'close'])
    expect(server.writableEnded).toBe(true)
  })

  it('is the first one that says so', async () => {
    const { taken, send, received } = openConnection()
    await send(get('/0'))
    for (let i = 1; i <= 20; i++) await send(get(`/${i}`, large))
    for (const one of taken) {
      answer(one)
      await passed()
    }
    const said = received().match(/(?<=Connection: )\S+/g)
    expect(said).toEqual([...Array(taken.length - 1).fill('keep-alive'), 'close'])
    expect(taken.length).toBeGreaterThan(5)
  })
})
