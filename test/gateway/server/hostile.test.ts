import { describe, expect, it } from 'vitest'
import { call, rawClient } from '../kit/client.ts'
import { refusal } from '../kit/client-connection.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** What is whole, and wrong, and the status that comes out; framing that could be taken for another is in smuggling.test.ts. */
const REFUSED: readonly (readonly [title: string, request: string, status: number])[] = [
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['TRACE', 'TRACE /p HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n', 405],
  ['a method nobody knows', 'FOO / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  [
    'an expectation nobody knows',
    'POST / HTTP/1.1\r\nhost: a\r\nexpect: magic\r\ncontent-length: 1\r\n\r\nx',
    417,
  ],
]

describe('half a request', () => {
  it.each([
    ['of its head', 'POST /v1 HTTP/1.1\r\nhost: a\r\ncontent-le'],
    ['of its body', 'POST /v1 HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"half":'],
    ['of a chunk', 'POST /v1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"half":'],
    ['of its chunks', 'POST /v1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
  ])('%s, when the client sends no more, is 400; the next client is served', async (_, half) => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.end(half)
    await client.closed
    expect(client.received()).toMatch(refusal('400 Bad Request', 'the request has no end'))
    expect(upstream.bytes()).toBe('')
    const next = await rawClient(port)
    next.socket.write('POST /v1 HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}')
    expect(await next.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 200 /)
  })
})

const own = (policies: object): object => ({
  binds: [{ port: 3000, listeners: [{ routes: [{ policies }] }] }],
})

describe('a request that is out to harm', () => {
  it.each(REFUSED)('%s is refused', async (_title, request, status) => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(request, 'latin1')
    const received = await client.until(text => text.includes('\r\n\r\n'))
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(upstream.bytes()).toBe('')
  })

  it('is told by the log, too, where it expects what nobody knows, and the next one is served', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('POST /1 HTTP/1.1\r\nhost: a\r\nexpect: magic\r\ncontent-length: 1\r\n\r\n')
    expect(await nextEvent()).toMatchObject({ status: 417, reason: 'InvalidRequest', path: '/1' })
    client.socket.write('xGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(await nextEvent()).toMatchObject({ status: 200, path: '/2' })
  })

  it.each<[string, object]>([
    ['a redirect', own({ requestRedirect: { path: { full: '/x' } } })],
    ['a direct response', own({ directResponse: { status: 200, body: 'x' } })],
    ['no route', { binds: [{ port: 3000, listeners: [{ routes: [] }] }] }],
    ['the list of models', { llm: { models: [{ name: 'm', provider: 'ollama' }] } }],
  ])('names two hosts, and is refused where the gateway would answer itself: %s', async (_title, config) => {
    const { port } = await startTestGateway(JSON.stringify(config))
    const client = await rawClient(port)
    client.socket.write(`GET /v1/models HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n`)
    expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1.1 400 /)
  })

  it.each(['CONNECT a:443', 'TRACE /p'])('with %s hears which methods are allowed', async line => {
    const { port } = await startTestGateway(toHost('127.0.0.1:9'))
    const client = await rawClient(port)
    client.socket.write(`${line} HTTP/1.1\r\nhost: a\r\n\r\n`)
    const received = await client.until(text => text.includes('\r\n\r\n'))
    expect(received).toMatch(/^HTTP\/1\.1 405 .*\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/s)
  })

  it('cannot strip the key, nor smuggle one in, by a Connection list', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const listed =
      'Connection: authorization, AUTHORIZATION, host, content-length, x-listed\r\nConnection: x-also\r\n'
    client.socket.write(
      `POST /p HTTP/1.1\r\nHost: a\r\n${listed}X-Listed: 1\r\nx-also: 2\r\nAuthorization: Bearer client\r\ncontent-length: 13\r\n\r\n{"model":"m"}`,
    )
    await client.until(text => text.endsWith('ok'))
    expect(upstream.bytes()).toContain('authorization: Bearer sk-gateway-key\r\n')
    expect(upstream.bytes()).not.toMatch(/client|x-listed|x-also/i)
    expect(upstream.bytes()).toContain('content-length: 13\r\n')
  })

  it('hidden behind a chunked body stays in that body', async () => {
    const upstream = await startRawUpstream(socket => socket.write(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const hidden = 'GET /admin HTTP/1.1\r\nhost: a\r\n\r\n'
    const chunk = `${hidden.length.toString(16)};ext=1\r\n${hidden}\r\n0\r\ntrailer: 1\r\n\r\n`
    client.socket.write(`POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`)
    await client.until(text => text.endsWith('ok'))
    // Sent on with a length of its own, the hidden request inside it.
    expect(upstream.bytes()).toMatch(new RegExp(`content-length: ${hidden.length}\r\n\r\nGET /admin`))
    expect(upstream.bytes()).not.toMatch(/transfer-encoding|ext=1|trailer/)
  })

  it('that asks for an upgrade is served as a plain request', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /p HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n')
    expect(await client.until(text => text.endsWith('ok'))).toMatch(/^HTTP\/1.1 200 /)
    expect(upstream.bytes()).not.toMatch(/upgrade|h2c/i)
  })
})

describe('an unusual client', () => {
  it('of HTTP/1.0 gets an answer it understands', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.0\r\nhost: a\r\n\r\n')
    await client.closed
    expect(client.received()).toMatch(/\r\n\r\nok$/)
    expect(client.received()).not.toContain('chunked')
  })

  it('of HTTP/1.0 that names no host is sent to that of the backend', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /p HTTP/1.0\r\n\r\n')
    await client.closed
    expect(client.received()).toMatch(/\r\n\r\nok$/)
    expect(upstream.bytes().match(/^host: .*(?=\r$)/gim)).toEqual([`host: 127.0.0.1:${upstream.port}`])
  })

  it('that pipelines gets its answers in order', async () => {
    const upstream = await startRawUpstream((socket, first) => {
      const path = first.split(' ')[1] ?? ''
      const delay = path === '/1' ? 60 : 0
      setTimeout(() => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${path}`), delay)
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    const received = await client.until(text => text.endsWith('/2'))
    expect(received.indexOf('\r\n\r\n/1')).toBeGreaterThan(0)
    expect(received.indexOf('\r\n\r\n/1')).toBeLessThan(received.indexOf('\r\n\r\n/2'))
  })

  it('that waits for leave to send its body is given it', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('POST /p HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
    await client.until(text => text.includes('100 Continue'))
    client.socket.write('data')
    expect(await client.until(text => text.endsWith('ok'))).toContain('HTTP/1.1 200 OK')
    expect(upstream.bytes()).toMatch(/\r\n\r\ndata$/)
    expect(upstream.bytes()).not.toContain('expect')
  })

  it('is refused before it sends a body that is too large', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(
      `POST /p HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${3 << 20}\r\n\r\n`,
    )
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1.1 413 /)
    expect(client.received()).not.toContain('100 Continue')
  })

  it('whose body is refused may go on with the next request on the same connection', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const size = 3 << 20
    client.socket.write(`POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`)
    client.socket.write(Buffer.alloc(size, 'x'))
    await client.until(text => text.includes('request was too large'))
    client.socket.write('POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\n\r\n{"model":"m"}')
    expect(await client.until(text => text.endsWith('ok'))).toContain('HTTP/1.1 200 OK')
  })

  it('that sends a large body in chunks is refused once it is too large', async () => {
    const upstream = await startRawUpstream(socket => socket.end(OK))
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n')
    for (let i = 0; i < 3; i++) client.socket.write(`100000\r\n${'x'.repeat(1 << 20)}\r\n`)
    client.socket.write('0\r\n\r\n')
    expect(await client.until(text => text.includes('too large'))).toMatch(/^HTTP\/1.1 413 /)
    expect(upstream.bytes()).toBe('')
    client.socket.write('POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\n\r\n{"model":"m"}')
    expect(await client.until(text => text.endsWith('ok'))).toContain('HTTP/1.1 200 OK')
  })
})

it.each([
  ['128 levels', 126, 200],
  ['5000 levels', 5000, 400],
  ['100000 levels', 100_000, 400],
])('a body nested %s deep', async (_, levels, status) => {
  const upstream = await startUpstream()
  const params = { apiKey: 'k', baseUrl: `http://127.0.0.1:${upstream.port}/v1` }
  const model = { name: 'm', provider: 'openAI', params, overrides: { user: 'u' } }
  const { port } = await startTestGateway(JSON.stringify({ llm: { port: 4000, models: [model] } }))
  const body = `{"model":"m","deep":${'['.repeat(levels)}${']'.repeat(levels)}}`
  const answer = await call(port, { path: '/v1/chat/completions', body })
  expect(answer.status).toBe(status)
  if (status === 400) expect(JSON.parse(answer.body).error.code).toBe('invalid_request_body')
})
