import { describe, expect, it } from 'vitest'
import { compileRuntime } from '../../../src/gateway/compile/compile.ts'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { eventually } from '../kit/wait.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

const FRAME = serverFrame('hello')

/** What a client sends; nothing of it may go upstream. */
const REFUSED: readonly (readonly [title: string, request: string, status: number])[] = [
  ['POST', handshake().replace('GET', 'POST'), 400],
  ['HTTP/1.0', handshake().replace('HTTP/1.1', 'HTTP/1.0'), 400],
  ['a length', `${handshake('/', { 'content-length': '5' })}hello`, 400],
  ['a length of 0', handshake('/', { 'content-length': '0' }), 400],
  ['chunks', `${handshake('/', { 'transfer-encoding': 'chunked' })}0\r\n\r\n`, 400],
  [
    'chunks that hide a request',
    `${handshake('/', { 'transfer-encoding': 'chunked' })}0\r\n\r\nGET /secret HTTP/1.1\r\nhost: a\r\n\r\n`,
    400,
  ],
  ['two protocols', handshake('/', { upgrade: 'h2c, websocket' }), 400],
  ['two Upgrade headers', handshake('/', { Upgrade: 'h2c' }), 400],
  ['the protocol twice', handshake('/', { Upgrade: 'websocket' }), 400],
  ['a version of the protocol', handshake('/', { upgrade: 'websocket/13' }), 400],
  ['no key', handshake('/', { 'sec-websocket-key': undefined }), 400],
  ['two keys', handshake('/', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }), 400],
  ['a key that is none', handshake('/', { 'sec-websocket-key': 'short' }), 400],
  [
    'a key that is for the connection alone',
    handshake('/', { connection: 'Upgrade, sec-websocket-key' }),
    400,
  ],
  ['no host', handshake('/', { host: '' }), 400],
  ['TRACE', handshake().replace('GET', 'TRACE'), 405],
  ['CONNECT', handshake().replace('GET /', 'CONNECT a:443'), 405],
]

describe('a handshake that is none is refused, and the connection ends:', () => {
  it.each(REFUSED)('%s', async (_title, request, status) => {
    const upstream = await startRawUpstream(socket => socket.end(AGREED))
    const { port, gateway } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(request + FRAME.toString('latin1'))
    await client.closed
    expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*connection: close`, 'i'))
    expect(client.received().match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(upstream.bytes()).toBe('')
    await gateway.close({ drainMs: 60_000 })
  })
})

/** What is no offer of a WebSocket is a request like others, whose answer comes over a connection that goes on. */
describe('an offer that is not taken up is a usual request:', () => {
  it.each([
    ['Upgrade without Connection', handshake('/', { connection: 'keep-alive' })],
    ['h2c', handshake('/', { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings' })],
  ])('%s', async (_title, request) => {
    const upstream = await startRawUpstream(socket => {
      socket.on('data', () => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(request)
    await client.until(text => text.endsWith('ok'))
    client.socket.write('GET /next HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.split('\r\nok').length === 3 || text.match(/ok/g)?.length === 2)
    expect(upstream.bytes()).not.toMatch(/upgrade/i)
    expect(upstream.bytes()).toContain('GET /next')
  })
})

/** What an upstream answers to a handshake, and the status that the client gets. */
const ANSWERS: readonly (readonly [title: string, answer: string, status: number])[] = [
  ['it refuses', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno', 403],
  ['it refuses in chunks', 'HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 401],
  ['it does not understand', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 200],
  [
    'it wants another version',
    'HTTP/1.1 426 No\r\nsec-websocket-version: 8\r\ncontent-length: 0\r\n\r\n',
    426,
  ],
  ['another protocol', AGREED.replace('websocket', 'h2c'), 502],
  ['two protocols', AGREED.replace('upgrade: websocket', 'upgrade: websocket\r\nupgrade: h2c'), 502],
  ['no protocol', AGREED.replace('upgrade: websocket\r\n', ''), 502],
  ['no Connection', AGREED.replace('connection: Upgrade\r\n', ''), 502],
  ['no Sec-WebSocket-Accept', AGREED.replace(/sec-websocket-accept.*\r\n/, ''), 502],
  ['the accept of another key', AGREED.replace('s3pP', 'AAAA'), 502],
  [
    'an extension that nobody has offered',
    AGREED.replace('connection', 'sec-websocket-extensions: permessage-deflate\r\nconnection'),
    502,
  ],
  ['garbage', 'blah blah\r\n\r\n', 503],
  ['nothing at all', '', 503],
]

describe('where an upstream does not agree, nothing of what the client sent on reaches it:', () => {
  it.each(ANSWERS)('%s', async (_title, answer, status) => {
    const upstream = await startRawUpstream(socket => socket.end(answer))
    const { port, gateway, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(
      `${handshake('/', { 'sec-websocket-extensions': 'permessage-deflate' })}\x81\x85EARLY`,
    )
    await client.closed
    expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(upstream.bytes()).not.toContain('EARLY')
    expect(upstream.bytes()).not.toMatch(/extensions/i)
    expect(await nextEvent()).toMatchObject({ status })
    await gateway.close({ drainMs: 60_000 })
  })
})

it('a 101 that the config makes unsendable is 503, and the upstream loses its connection', async () => {
  const upstream = await startRawUpstream(socket => void socket.write(AGREED))
  const cors = { allowOrigins: ['*'], exposeHeaders: ['a→b'] }
  // The schema refuses such a name.
  const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`, { cors }))
  const { port, nextEvent } = await startTestGateway(compileRuntime(config))
  const client = await rawClient(port)
  client.socket.write(handshake('/', { origin: 'http://page.test' }))
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r/)
  expect(await nextEvent()).toMatchObject({ status: 503 })
  await eventually(() => upstream.sockets[0]?.destroyed === true)
})

describe('a handshake behind requests whose answers are still to come has its turn, and goes nowhere before:', () => {
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
  it.each([
    ['one that is under way', 1],
    ['one that waits behind it', 2],
    ['many that wait', 150],
  ])('%s', async (_title, before) => {
    const upstream = await startRawUpstream((socket, first) => {
      const answer = (bytes: Buffer | string): void => {
        if (bytes.includes('early')) return
        const isHandshake = bytes.includes('sec-websocket-key')
        const text = isHandshake ? AGREED : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
        setTimeout(() => socket.write(text), before === 1 ? 50 : 0)
      }
      answer(first)
      socket.on('data', answer)
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(`${request('/one').repeat(before)}${handshake()}early frames`)
    const received = await client.until(text => text.includes('101 '))
    expect(received.match(/(?<=HTTP\/1\.1 )\d{3}/g)).toEqual([...Array(before).fill('200'), '101'])
    await eventually(() => upstream.bytes().endsWith('early frames'))
    expect(upstream.bytes().split('early frames')).toHaveLength(2)
  })
})
