import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'

/** Refused with one of the statuses, or one request upstream that begins with this line. */
type Outcome = readonly number[] | string

const HIDDEN = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const post = (headers: string, body: string): string =>
  `POST /p HTTP/1.1\r\nhost: a\r\n${headers}\r\n\r\n${body}`
const get = (target: string, headers = 'host: a'): string => `GET ${target} HTTP/1.1\r\n${headers}\r\n\r\n`
const chunked = (body: string): string => post('transfer-encoding: chunked', body)
const REFUSED = [400]
const CLEAN = 'POST /p HTTP/1.1'

const CASES: readonly (readonly [title: string, bytes: string, outcome: Outcome])[] = [
  ['CL.TE', post('content-length: 6\r\ntransfer-encoding: chunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.CL', post('transfer-encoding: chunked\r\ncontent-length: 4', `5c\r\n${HIDDEN}\r\n0\r\n\r\n`), REFUSED],
  [
    'TE.TE: two lines',
    post('transfer-encoding: chunked\r\ntransfer-encoding: x', `0\r\n\r\n${HIDDEN}`),
    REFUSED,
  ],
  ['TE.TE: identity', post('transfer-encoding: identity\r\ncontent-length: 0', HIDDEN), REFUSED],
  ['TE.TE: quoted', post('transfer-encoding: "chunked"', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a vertical tab', post('transfer-encoding: \x0bchunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a zero byte', post('transfer-encoding: chunked\x00', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a folded value', post('transfer-encoding:\r\n chunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a folded name', post('x: y\r\n transfer-encoding: chunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a prefix', post('transfer-encoding: xchunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a suffix', post('transfer-encoding: chunkedx', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: identity behind it', post('transfer-encoding: chunked, identity', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a space before the colon', post('transfer-encoding : chunked', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a second coding', post('transfer-encoding: chunked, gzip', `0\r\n\r\n${HIDDEN}`), REFUSED],
  ['TE.TE: a coding before chunked', post('transfer-encoding: gzip, chunked', `0\r\n\r\n`), [501]],
  [
    'TE.TE: an underscore is another header',
    post('transfer_encoding: chunked\r\ncontent-length: 5', 'hello'),
    CLEAN,
  ],
  ['TE in capitals', post('TRANSFER-ENCODING: Chunked', '5\r\nhello\r\n0\r\n\r\n'), CLEAN],
  ['TE after a tab', post('transfer-encoding:\tchunked', '5\r\nhello\r\n0\r\n\r\n'), CLEAN],
  ['an empty TE', post('transfer-encoding:', ''), REFUSED],
  ['an empty TE beside a length', post('transfer-encoding: \r\ncontent-length: 5', 'hello'), REFUSED],
  [
    'TE in HTTP/1.0',
    `POST /p HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
    REFUSED,
  ],
  ['two different lengths', post('content-length: 0\r\ncontent-length: 30', HIDDEN), REFUSED],
  ['two equal lengths', post('content-length: 5\r\ncontent-length: 5', 'hello'), REFUSED],
  ['a list of lengths', post('content-length: 5, 5', 'hello'), REFUSED],
  ['lengths with a space', post('content-length: 5 5', 'hello'), REFUSED],
  ['a negative length', post('content-length: -5', 'hello'), REFUSED],
  ['a signed length', post('content-length: +5', 'hello'), REFUSED],
  ['a length in hex', post('content-length: 0x5', 'hello'), REFUSED],
  ['a length with an exponent', post('content-length: 1e1', 'hello'), REFUSED],
  ['a length of no number', post('content-length: five', 'hello'), REFUSED],
  ['an empty length', post('content-length:', 'hello'), REFUSED],
  ['a length beyond all numbers', post('content-length: 99999999999999999999', 'hello'), REFUSED],
  ['a length that doubles round', post('content-length: 9007199254740993', 'hello'), REFUSED],
  ['a length of zeros', `${get('/p', 'host: a\r\ncontent-length: 00')}`, 'GET /p HTTP/1.1'],
  ['a length that begins with zeros', post('content-length: 005', 'hello'), CLEAN],
  ['a length with a space before the colon', post('content-length : 5', 'hello'), REFUSED],
  [
    'a GET with a body stays one request',
    get('/p', `host: a\r\ncontent-length: ${HIDDEN.length}`) + HIDDEN,
    'GET /p HTTP/1.1',
  ],
  ['a chunk size in C notation', chunked('0x5\r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a negative chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a chunk size with a space', chunked('5 \r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a chunk size beyond all numbers', chunked('FFFFFFFFFFFFFFFFF\r\nhello'), REFUSED],
  ['no chunk size', chunked('\r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a chunk that ends in a line feed', chunked('5\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a chunk that is longer than it says', chunked('3\r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a chunk extension is dropped', chunked('5;x-evil="a"\r\nhello\r\n0\r\n\r\n'), CLEAN],
  ['a bare line feed in a chunk extension', chunked('5;a\nb\r\nhello\r\n0\r\n\r\n'), REFUSED],
  ['a trailer is dropped', chunked('5\r\nhello\r\n0\r\nx-evil: 1\r\n\r\n'), CLEAN],
  [
    'a length in the trailer is refused or dropped',
    chunked('5\r\nhello\r\n0\r\ncontent-length: 50\r\n\r\n'),
    REFUSED,
  ],
  ['line feeds alone', 'GET /p HTTP/1.1\nhost: a\n\n', REFUSED],
  ['a line feed alone at the end', 'GET /p HTTP/1.1\r\nhost: a\r\nx: y\n\r\n', REFUSED],
  ['a carriage return alone', 'GET /p HTTP/1.1\r\nhost: a\r\nx: y\rz: 1\r\n\r\n', REFUSED],
  ['a folded value', get('/p', 'host: a\r\nx: 1\r\n 2'), REFUSED],
  ['a zero byte in a value', get('/p', 'host: a\r\nx: 1\x002'), REFUSED],
  ['a zero byte in a name', get('/p', 'host: a\r\nx\x00y: 1'), REFUSED],
  ['a zero byte in the target', get('/p\x00q'), REFUSED],
  ['a space in a name', get('/p', 'host: a\r\nx y: 1'), REFUSED],
  ['a line without a colon', get('/p', 'host: a\r\nnothing'), REFUSED],
  ['an empty name', get('/p', 'host: a\r\n: 1'), REFUSED],
  ['a method of no letters', 'G@T /p HTTP/1.1\r\nhost: a\r\n\r\n', REFUSED],
  ['HTTP/0.9', 'GET /p\r\n\r\n', REFUSED],
  ['HTTP/2 in clear text', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', REFUSED],
  ['a version that does not exist', 'GET /p HTTP/1.9\r\nhost: a\r\n\r\n', REFUSED],
  ['words after the version', 'GET /p HTTP/1.1 x\r\nhost: a\r\n\r\n', REFUSED],
  ['a space in the target', 'GET /p q HTTP/1.1\r\nhost: a\r\n\r\n', REFUSED],
  [
    'another host in the target wins, and is the only one',
    get('http://b.test/p', 'host: a'),
    'GET /p HTTP/1.1\r\nhost: b.test',
  ],
  ['another host in the target does not hide two', get('http://b.test/p', 'host: a\r\nHost: b'), REFUSED],
  ['another host in the target does not stand for one', get('http://b.test/p', 'x: y'), REFUSED],
  [
    'a host in a target of HTTP/1.0',
    'GET http://b.test/p HTTP/1.0\r\n\r\n',
    'GET /p HTTP/1.1\r\nhost: b.test',
  ],
  ['a target with user info', get('http://a@b.test/p'), REFUSED],
  ['a target with a backslash in its host', get('http://a\\b.test/p'), REFUSED],
  ['a target with a fragment', get('/p#q'), REFUSED],
  ['a target with a fragment behind its query', get('/p?q#r'), REFUSED],
  ['a target with a host and a fragment', get('http://a/p#q'), REFUSED],
  ['a target of another scheme', get('ftp://b.test/p'), REFUSED],
  ['a target without a slash', get('b.test:80'), REFUSED],
  ['a path that looks like a host stays a path', get('//evil.test/p'), 'GET //evil.test/p HTTP/1.1'],
  ['an encoded slash stays as it is', get('/a%2f..%2fp'), 'GET /a%2f..%2fp HTTP/1.1'],
  ['two hosts', get('/p', 'host: a\r\nhost: b'), REFUSED],
  ['a host with a path', get('/p', 'host: a/p'), REFUSED],
  ['a host with user info', get('/p', 'host: x@a'), REFUSED],
  ['two hosts in one', get('/p', 'host: a, b'), REFUSED],
  ['a host with a backslash', get('/p', 'host: a\\b'), REFUSED],
  ['an empty host', get('/p', 'host:'), REFUSED],
  ['a header of 60 KiB', get('/p', `host: a\r\nx: ${'y'.repeat(60 * 1024)}`), 'GET /p HTTP/1.1'],
  ['a header beyond 64 KiB', get('/p', `host: a\r\nx: ${'y'.repeat(64 * 1024)}`), [431]],
  [
    'headers beyond 64 KiB together',
    get('/p', `host: a\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(70)}z: 1`),
    [431],
  ],
  ['many small headers', get('/p', `host: a\r\n${'x: y\r\n'.repeat(4000)}z: 1`), [431]],
  ['a large target', get(`/${'p'.repeat(64 * 1024)}`), [431, 414]],
]

/** Sends the bytes to a gateway in front of a server that records them, and waits for so many answers. */
async function send(bytes: string, config = toHost, answers = 1) {
  const upstream = await startRawUpstream(socket => {
    setTimeout(() => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 20)
  })
  // An address keeps the client's host, so what becomes of it can be seen.
  const { port } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
  const client = await rawClient(port)
  client.socket.write(bytes, 'latin1')
  const statusesIn = (text: string) => text.match(/(?<=HTTP\/1\.1 )[2-5]\d\d(?= [\s\S]*?\r\n\r\n)/g) ?? []
  const received = await client.until(text => statusesIn(text).length >= answers)
  const lines = upstream.bytes().match(/^[A-Z]+ \S+ HTTP\/1\.\d\r$/gm) ?? []
  return { statuses: statusesIn(received).map(Number), lines, seen: upstream.bytes() }
}

describe('a request that could be taken for two', () => {
  it.each(CASES)('%s', async (_title, bytes, outcome) => {
    const { statuses, lines, seen } = await send(bytes)
    if (typeof outcome !== 'string') {
      expect(outcome).toContain(statuses[0])
      expect(lines).toEqual([])
      return
    }
    expect(statuses).toEqual([200])
    expect(seen.startsWith(outcome) || seen.includes(`\r\n${outcome.split('\r\n')[1]}\r\n`)).toBe(true)
    expect(lines.filter(line => !line.includes('smuggled'))).toHaveLength(1)
    expect(seen).not.toMatch(/x-evil|;|transfer-encoding/i)
    // What was hidden is the body of the one request, with its length.
    if (seen.includes('smuggled')) {
      expect(seen).toContain(`content-length: ${HIDDEN.length}\r\n`)
    }
  })
})

describe('behind a good request on the same connection', () => {
  it.each(CASES)('%s', async (_title, bytes, outcome) => {
    const { statuses, lines, seen } = await send(get('/first') + bytes, toHost, 2)
    expect(statuses[0]).toBe(200)
    const others = lines.filter(line => !line.includes('/first'))
    if (typeof outcome !== 'string') {
      expect(outcome).toContain(statuses[1])
      expect(others).toEqual([])
      return
    }
    expect(statuses).toEqual([200, 200])
    expect(others.filter(line => !line.includes('smuggled'))).toHaveLength(1)
    expect(seen).not.toMatch(/x-evil|;|transfer-encoding/i)
  })
})

/** The `llm` section, with a key of the gateway's. */
function toLlm(address: string): string {
  const params = { apiKey: 'sk-gateway-key', baseUrl: `http://${address}/v1` }
  return JSON.stringify({ llm: { port: 4000, models: [{ name: '*', provider: 'openAI', params }] } })
}

describe('where only a body names the backend, none of it goes upstream', () => {
  it.each(CASES)('%s', async (_title, bytes, outcome) => {
    const { statuses, seen } = await send(bytes, toLlm)
    if (typeof outcome === 'string') expect(statuses).toEqual([400])
    else expect(outcome).toContain(statuses[0])
    expect(seen).toBe('')
  })
})

describe('a client that is slow on purpose', () => {
  const slowClients = { headMs: 200, requestMs: 400, checkMs: 20 }

  it.each([
    ['with its head', 'GET /p HTTP/1.1\r\nhost: a\r\nx: ', 'a'],
    ['with its first line', 'G', ''],
    ['with its body', 'POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\nhe', 'a'],
    ['with its chunks', 'POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1f4\r\nhe', 'a'],
  ])('%s is told so, and let go', async (_title, bytes, more) => {
    const upstream = await startRawUpstream(socket => socket.end())
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`), { slowClients })
    const client = await rawClient(port)
    client.socket.write(bytes)
    const trickle = setInterval(() => client.socket.write(more), 50)
    await client.closed
    clearInterval(trickle)
    expect(client.received()).toMatch(/^HTTP\/1\.1 408 /)
    expect(upstream.bytes()).toBe('')
  })
})
