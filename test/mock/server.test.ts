import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Behaviour, behaviourOf } from '../../src/mock/misbehave.ts'
import { send } from '../../src/mock/send.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { json, mock, OPENAI_KEY, post } from './harness.ts'

const auth = { authorization: `Bearer ${OPENAI_KEY}` }
const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }
const PATH = '/v1/chat/completions'

/** What keeps the process alive: sockets, servers, timers. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter(name => /TCP|TLS|Timeout/.test(name))
}

/** Sends one streamed chat with an `x-mock` header and does not read the answer. */
function ask(port: number, directive: string): Socket {
  const socket = connect(port, '127.0.0.1')
  const body = JSON.stringify({ ...chat, stream: true })
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer k\r\nx-mock: ${directive}\r\n`)
  socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`)
  return socket
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}

describe('close', () => {
  test('ends idle, active, waiting and half-open connections, and leaves no handle', async () => {
    const before = handles().length
    const tls = makeCertificate(['localhost'])
    let seen = 0
    const plain = await mock({ control: true, onRequest: () => (seen += 1) })
    const secure = await mock({ tls })
    const idle = connect(plain.port, '127.0.0.1')
    const half = connect(plain.port, '127.0.0.1')
    const noHandshake = connect(secure.port, '127.0.0.1')
    const sockets = [idle, half, noHandshake]
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    half.write(`POST ${PATH} HTTP/1.1\r\nHost: m\r\nContent-Length: 100\r\n\r\nhalf`)
    const directives = ['hang', 'latency=60000', 'delay=60000', 'length=30000000']
    const asked = directives.map(directive => ask(plain.port, directive))
    for (const socket of [...sockets, ...asked]) socket.on('error', () => {})
    await until(() => seen === directives.length)
    const ended = [...sockets, ...asked].map(socket => {
      socket.resume()
      return once(socket, 'close')
    })
    await Promise.all([plain.close(), secure.close(), plain.close()])
    await Promise.all(ended)
    await until(() => handles().length <= before)
    expect(handles().length).toBeLessThanOrEqual(before)
  })

  test('the port is free again', async () => {
    const first = await mock()
    await first.close()
    const second = await mock({ port: first.port })
    expect(second.port).toBe(first.port)
  })
})

test('timers end when the client goes', async () => {
  let seen = 0
  const { port } = await mock({ control: true, onRequest: () => (seen += 1) })
  const wait = 600_000
  const waiting = longTimers(wait)
  const sockets = ['latency', 'delay'].map(directive => ask(port, `${directive}=${wait}`))
  await until(() => seen === sockets.length && waiting.size === sockets.length)
  for (const socket of sockets) socket.destroy()
  await until(() => waiting.size === 0)
})

/** The timers of that length that are running: others may come and go in this process as they like. */
function longTimers(length: number): ReadonlySet<unknown> {
  const running = new Set<unknown>()
  const { setTimeout: start, clearTimeout: end } = globalThis
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms: number) => {
    const timer = start(run, ms)
    if (ms === length) running.add(timer)
    return timer
  }) as typeof setTimeout)
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation(timer => {
    running.delete(timer)
    end(timer)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  return running
}

test('a client that sends half a request is not answered, seen, or fatal', async () => {
  let seen = 0
  const running = await mock({ onRequest: () => (seen += 1) })
  const socket = connect(running.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: m\r\nContent-Length: 100\r\n\r\n{"model`)
  await until(() => running.requests === 1)
  socket.destroy()
  expect((await fetch(running.url + PATH, post(auth, chat))).status).toBe(200)
  expect([running.requests, seen]).toEqual([2, 1])
})

test('a stream is pulled no faster than the client reads', async () => {
  const piece = 'x'.repeat(64 * 1024)
  const total = 1000
  let pulled = 0
  function* pieces(): Generator<string> {
    for (; pulled < total; pulled += 1) yield piece
  }
  const behaviour: Behaviour = behaviourOf({}, 1)
  const server = createServer((_, response) => {
    void send(response, { status: 200, headers: {}, body: pieces() }, behaviour)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n')
  for (let last = -1; last !== pulled || pulled === 0; ) {
    last = pulled
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(pulled).toBeLessThan(total)
  let size = 0
  for await (const chunk of socket) size += chunk.length
  expect(pulled).toBe(total)
  expect(size).toBeGreaterThan(total * piece.length)
  server.close()
})

describe('TLS', () => {
  test('is spoken with the certificate given', async () => {
    const tls = makeCertificate(['api.openai.com', 'localhost'])
    const { url, port } = await mock({ tls })
    expect(url).toBe(`https://127.0.0.1:${port}`)
    const options = { host: '127.0.0.1', servername: 'api.openai.com', port, ca: tls.ca, headers: auth }
    const [response] = await once(request({ ...options, path: '/v1/models' }).end(), 'response')
    expect(response.statusCode).toBe(200)
    response.resume()
    await once(response, 'end')
  })

  test('the certificate is good for every name and address asked for, and for no other', () => {
    const { ca, cert, key } = makeCertificate([
      'api.openai.com',
      'localhost',
      '127.0.0.1',
      '::1',
      '2001:db8::5',
    ])
    const leaf = new X509Certificate(cert)
    const authority = new X509Certificate(ca)
    expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey)).toBe(true)
    expect([authority.ca, leaf.ca]).toEqual([true, false])
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true)
    for (const name of ['api.openai.com', 'localhost']) expect(leaf.checkHost(name)).toBe(name)
    for (const address of ['127.0.0.1', '::1', '2001:db8::5']) expect(leaf.checkIP(address)).toBe(address)
    expect([leaf.checkHost('openai.com'), leaf.checkIP('127.0.0.2')]).toEqual([undefined, undefined])
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now())
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 24 * 60 * 60 * 1000)
  })

  test('a stranger is refused, by name and by authority', async () => {
    const tls = makeCertificate(['api.openai.com'])
    const { port } = await mock({ tls })
    const failure = async (options: object) => {
      const socket = connectTls({ host: '127.0.0.1', port, ...options })
      const [error] = await once(socket, 'error').catch(reason => [reason])
      return error.code
    }
    expect(await failure({ ca: tls.ca, servername: 'api.anthropic.com' })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    )
    const other = makeCertificate(['api.openai.com'])
    expect(await failure({ ca: other.ca, servername: 'api.openai.com' })).toMatch(
      /SELF_SIGNED|UNABLE_TO|SIGNATURE/,
    )
  })
})

describe('starting', () => {
  test('a port that is taken is said, with what to do', async () => {
    const { port } = await mock()
    await expect(mock({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is taken: the mock cannot listen there`,
      hint: expect.stringContaining('0'),
    })
  })

  test.each([
    [{ failStatus: 200 }, /failStatus is 200/],
    [{ failRate: 1.5 }, /failRate is 1.5/],
    [{ failRate: Number.NaN }, /failRate is NaN/],
    [{ latencyMs: -1 }, /latencyMs is -1/],
    [{ chunkDelayMs: 2 ** 40 }, /chunkDelayMs/],
    [{ cutAfterBytes: 0.5 }, /cutAfterBytes/],
    [{ port: 70_000 }, /port is 70000/],
    [{ host: '192.0.2.1' }, /192\.0\.2\.1 is not an address of this machine/],
    [{ tls: { cert: 'no', key: 'no' } }, /certificate and key do not load/],
  ])('%j is refused', async (options, message) => {
    await expect(mock(options)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
    })
  })

  test.each([
    ['0.0.0.0', 'http://127.0.0.1:'],
    ['localhost', 'http://localhost:'],
  ])('the url of %s can be reached', async (host, start) => {
    const { url } = await mock({ host })
    expect(url.startsWith(start)).toBe(true)
    expect((await fetch(`${url}/v1/models`, { headers: auth })).status).toBe(200)
  })
})

test.each([
  ['a whole URL', 'GET http://api.openai.com/v1/models?a=1 HTTP/1.1', '/v1/models?a=1'],
  ['a double slash', 'GET //v1/models HTTP/1.1', '//v1/models'],
  ['a broken percent sign', 'GET /v1/models/%zz HTTP/1.1', '/v1/models/%zz'],
])('%s in the request line', async (_, line, path) => {
  const paths: string[] = []
  const { port } = await mock({ onRequest: seen => paths.push(seen.path) })
  const socket = connect(port, '127.0.0.1')
  socket.write(`${line}\r\nHost: m\r\nAuthorization: Bearer k\r\nConnection: close\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  expect(answer).toMatch(/^HTTP\/1.1 200/)
  expect(paths).toEqual([path])
})

test('an onRequest that throws is a 500 that says so, and the mock goes on', async () => {
  let broken = true
  const { url } = await mock({
    onRequest: () => {
      if (broken) throw new Error('expected a stream')
    },
  })
  const response = await fetch(url + PATH, post(auth, chat))
  expect([response.status, await response.text()]).toEqual([
    500,
    expect.stringContaining('expected a stream'),
  ])
  broken = false
  expect((await json(await fetch(url + PATH, post(auth, chat)))).object).toBe('chat.completion')
})

describe("a provider's own host has its API at one path", () => {
  const ask = (url: string, host: string, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        host,
        authorization: 'Bearer k',
        'x-api-key': 'k',
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      }
      const sent = httpRequest(url + path, { method: 'POST', headers }, response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.on('error', reject)
      sent.end('{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]}')
    })

  test.each<[number, string, string]>([
    [200, 'api.openai.com', '/v1/chat/completions'],
    [404, 'api.openai.com', '/chat/completions'],
    [404, 'api.openai.com', '/v1/v1/chat/completions'],
    [200, 'api.anthropic.com', '/v1/messages'],
    [200, 'api.anthropic.com', '/v1/chat/completions'],
    [404, 'api.anthropic.com', '/messages'],
    [404, 'api.anthropic.com', '/v1/v1/messages'],
    [200, 'api.groq.com', '/openai/v1/chat/completions'],
    [200, 'localhost', '/chat/completions'],
  ])('%d at %s%s', async (status, host, path) => {
    const { url } = await mock()
    expect(await ask(url, host, path)).toBe(status)
  })
})
