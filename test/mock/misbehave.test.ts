import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { MockOptions } from '../../src/mock/index.ts'
import { json, mock, OPENAI_KEY, post } from './harness.ts'

const auth = { authorization: `Bearer ${OPENAI_KEY}` }
const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }
const stream = { ...chat, stream: true }
const PATH = '/v1/chat/completions'

/** The raw bytes of an answer up to the end of the connection. */
async function raw(port: number, headers: string, body: object): Promise<string> {
  const text = JSON.stringify(body)
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST ${PATH} HTTP/1.1\r\nHost: mock\r\nAuthorization: Bearer k\r\nContent-Length: ${text.length}\r\n${headers}\r\n${text}`,
  )
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

describe('failStatus', () => {
  const gemini = '/v1beta/models/m:generateContent'
  test.each([
    ['openai', PATH, 429, { error: { type: 'requests', code: 'rate_limit_exceeded' } }],
    ['openai', PATH, 401, { error: { code: 'invalid_api_key' } }],
    ['openai', PATH, 503, { error: { type: 'server_error' } }],
    ['openai', PATH, 418, { error: { type: 'invalid_request_error' } }],
    ['azure', '/openai/deployments/d/chat/completions', 429, { error: { code: '429' } }],
    ['azure', '/openai/deployments/d/chat/completions', 500, { error: { code: 'InternalServerError' } }],
    ['anthropic', '/v1/messages', 429, { type: 'error', error: { type: 'rate_limit_error' } }],
    ['anthropic', '/v1/messages', 529, { type: 'error', error: { type: 'overloaded_error' } }],
    ['anthropic', '/v1/messages', 500, { type: 'error', error: { type: 'api_error' } }],
    ['gemini', gemini, 429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }],
    ['gemini', gemini, 503, { error: { code: 503, status: 'UNAVAILABLE' } }],
  ])('%s at %s: %i', async (_, path, failStatus, expected) => {
    const { url } = await mock({ failStatus })
    const response = await fetch(url + path, post({}, stream))
    expect(response.status).toBe(failStatus)
    expect(await json(response)).toMatchObject(expected)
  })

  test('429 says when to come back', async () => {
    const { url } = await mock({ failStatus: 429 })
    expect((await fetch(url)).headers.get('retry-after')).toBe('1')
  })
})

test.each([
  { rate: 0, failed: [] },
  { rate: 0.25, failed: [4, 8, 12] },
  { rate: 0.3, failed: [4, 7, 10] },
  { rate: 1, failed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
])('failRate $rate fails the same requests every time', async ({ rate, failed }) => {
  for (const _ of [1, 2]) {
    const { url } = await mock({ failRate: rate, failStatus: 503 })
    const statuses: number[] = []
    for (let at = 1; at <= 12; at += 1)
      statuses.push((await fetch(`${url}/v1/models`, { headers: auth })).status)
    expect(statuses.flatMap((status, at) => (status === 503 ? [at + 1] : []))).toEqual(failed)
  }
})

describe('cutAfterBytes', () => {
  test('ends the connection in the middle of a whole answer', async () => {
    const { port } = await mock({ cutAfterBytes: 10 })
    const [head = '', body] = (await raw(port, '', chat)).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 200/)
    expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBeGreaterThan(10)
    expect(body).toBe('{"id":"cha')
  })

  test('ends it in the middle of a stream, after exactly so many bytes of events', async () => {
    const { url, port } = await mock({ cutAfterBytes: 700 })
    const [, ...rest] = (await raw(port, '', stream)).split('\r\n\r\n')
    const sizes = [...rest.join('\r\n\r\n').matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n(?=data|.)/g)]
    expect(sizes.length).toBeGreaterThan(1)
    const total = sizes.reduce((sum, [, size]) => sum + Number.parseInt(size ?? '0', 16), 0)
    expect(total).toBe(700)
    await expect(fetch(url + PATH, post(auth, stream)).then(response => response.text())).rejects.toThrow()
  })

  test('0 sends the head alone', async () => {
    const { port } = await mock({ cutAfterBytes: 0 })
    expect(await raw(port, '', chat)).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.+\r\n)+\r\n$/)
  })

  test('a shorter answer is whole', async () => {
    const { url } = await mock({ cutAfterBytes: 1_000_000 })
    expect((await fetch(url + PATH, post(auth, chat))).status).toBe(200)
    expect(await (await fetch(url + PATH, post(auth, stream))).text()).toMatch(/\[DONE\]\n\n$/)
  })
})

test('latency holds back the head, not the request', async () => {
  let arrived = () => {}
  const seen = new Promise<void>(resolve => {
    arrived = resolve
  })
  const { url } = await mock({ latencyMs: 300, onRequest: () => arrived() })
  const start = performance.now()
  const answer = fetch(url + PATH, post(auth, chat)).then(() => 'answered')
  expect(await Promise.race([answer, seen.then(() => 'seen')])).toBe('seen')
  expect(await answer).toBe('answered')
  expect(performance.now() - start).toBeGreaterThan(290)
})

test('chunkDelayMs spreads the events of a stream', async () => {
  const { url } = await mock({ chunkDelayMs: 30 })
  const start = performance.now()
  const response = await fetch(url + PATH, post(auth, stream))
  const chunks: string[] = []
  for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString())
  const count = chunks.join('').split('data: ').length - 1
  expect(count).toBe(7)
  expect(chunks[0]).not.toContain('[DONE]')
  expect(performance.now() - start).toBeGreaterThan((count - 1) * 29)
})

test('hang takes the request and never answers', async () => {
  let arrived = () => {}
  const seen = new Promise<void>(resolve => {
    arrived = resolve
  })
  const running = await mock({ hang: true, onRequest: () => arrived() })
  const answer = fetch(running.url + PATH, post(auth, chat)).then(
    () => 'answered',
    () => 'ended',
  )
  await seen
  const wait = new Promise(resolve => setTimeout(resolve, 100, 'waiting'))
  expect(await Promise.race([answer, wait])).toBe('waiting')
  await running.close()
  expect(await answer).toBe('ended')
})

describe('x-mock', () => {
  const ask = async (directives: string, options: MockOptions = { control: true }) => {
    const { url } = await mock(options)
    return fetch(url + PATH, post({ ...auth, 'x-mock': directives }, chat))
  }

  test('is ignored unless the options allow it', async () => {
    expect((await ask('status=429', {})).status).toBe(200)
    expect((await ask('status=429')).status).toBe(429)
  })

  test('wins over the options', async () => {
    expect((await ask('status=429', { control: true, failStatus: 500 })).status).toBe(429)
  })

  test('combines', async () => {
    const start = performance.now()
    expect((await ask(' latency=100 ; status=503;')).status).toBe(503)
    expect(performance.now() - start).toBeGreaterThan(90)
    const { port } = await mock({ control: true })
    const answer = await raw(port, 'x-mock: length=5000; cut=3000\r\n', chat)
    const [head = '', body] = answer.split('\r\n\r\n')
    expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBeGreaterThan(5000)
    expect(body).toHaveLength(3000)
  })

  test('hangs one request and not the next', async () => {
    const { url } = await mock({ control: true })
    const signal = AbortSignal.timeout(100)
    const init = post({ ...auth, 'x-mock': 'hang' }, chat)
    await expect(fetch(url + PATH, { ...init, signal })).rejects.toThrow()
    expect((await fetch(url + PATH, post(auth, chat))).status).toBe(200)
  })

  test.each(['statsu=429', 'status=200', 'status=abc', 'latency', 'latency=-1', 'hang=1', 'toString=1'])(
    'a mistake in it is said: %s',
    async directives => {
      const response = await ask(directives)
      expect(response.status).toBe(400)
      expect((await json(response)).error.message).toMatch(/^x-mock: /)
    },
  )
})
