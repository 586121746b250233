import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { type RawUpstream, startRawUpstream } from '../kit/raw-upstream.ts'

const REQUEST = 'POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\n\r\n{"model":"m"}'
const TRANSFORMED = { transformations: { response: { set: { 'x-status': 'string(response.code)' } } } }

/** An upstream that answers whatever comes so. */
function answering(answer: string): Promise<RawUpstream> {
  return startRawUpstream(socket => {
    socket.write(answer)
    socket.on('data', () => socket.write(answer))
  })
}

const ANSWERS: readonly (readonly [head: string, stray: string, kept: RegExp])[] = [
  ['304 Not Modified\r\netag: "a"\r\ncontent-length: 5', '', /^content-length: 5\r$/m],
  ['304 Not Modified\r\netag: "a"\r\ncontent-length: 5', 'hello', /^content-length: 5\r$/m],
  ['304 Not Modified\r\netag: "a"', 'stray', /^etag: "a"\r$/m],
  ['204 No Content\r\netag: "a"\r\ncontent-length: 5', '', /^(?!content-length)etag: "a"\r$/m],
  ['204 No Content\r\netag: "a"', 'stray', /^etag: "a"\r$/m],
]

const WAYS: readonly (readonly [title: string, config: (address: string) => string])[] = [
  ['as it is', toHost],
  ['searched for the key', toModel],
  ['transformed', address => toHost(address, TRANSFORMED)],
  ['held', address => toHost(address, { buffer: { response: { maxBytes: 100 } } })],
]

/** To a model, with a guard for what it says, or in another format than it speaks. */
function toGuarded(address: string): string {
  const promptGuard = { response: [{ regex: { rules: [{ pattern: 'secret' }] } }], streaming: 'Enabled' }
  return toModel(address, { ai: { promptGuard } })
}
function toOther(address: string): string {
  const ai = { name: 'llm', hostOverride: address, provider: { anthropic: {} } }
  const routes = [{ backends: [{ ai }], policies: { backendAuth: { key: 'sk-gateway-key' } } }]
  return JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes }] }] })
}

describe.each([
  ['guarded', toGuarded],
  ['translated', toOther],
])('an answer of a model without a body, %s', (_, config) => {
  it.each([
    ['204 No Content', /^HTTP\/1.1 204 /, ''],
    ['204 No Content\r\ncontent-type: text/event-stream', /^HTTP\/1.1 204 /, ''],
    ['205 Reset Content\r\ncontent-length: 0', /^HTTP\/1.1 205 [\s\S]*content-length: 0\r/, ''],
    ['205 Reset Content\r\ncontent-length: 6', /^HTTP\/1.1 205 [\s\S]*content-length: 0\r/, 'secret'],
    ['304 Not Modified\r\netag: "a"', /^HTTP\/1.1 304 /, ''],
  ])('%j reaches the client', async (head, seen, stray) => {
    const answer = `HTTP/1.1 ${head}\r\n\r\n${stray}`
    const upstream = await answering(answer)
    const { port, nextEvent } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    const request = `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    client.socket.write(request)
    expect(await client.until(text => text.endsWith('\r\n\r\n'))).toMatch(seen)
    expect(await nextEvent()).toMatchObject({ error: undefined, bytes: 0 })
    // The connection goes on.
    client.socket.write(request)
    await client.until(text => text.split('\r\n\r\n').length === 3)
    expect(client.received()).not.toMatch(/secret|transfer-encoding/)
  })
})

describe('an answer that has no body by its status', () => {
  it.each(
    ANSWERS.flatMap(([head, stray, kept]) =>
      WAYS.map(
        ([title, config]) => [head.replaceAll('\r\n', ', '), stray, title, head, kept, config] as const,
      ),
    ),
  )('%s, with "%s" behind it, %s, reaches the client', async (_head, stray, _way, head, kept, config) => {
    const upstream = await answering(`HTTP/1.1 ${head}\r\n\r\n${stray}`)
    const { port, nextEvent } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(REQUEST)
    const received = await client.until(text => text.endsWith('\r\n\r\n'))
    expect(received.split('\r\n', 1)[0]).toBe(`HTTP/1.1 ${head.split('\r\n', 1)[0]}`)
    expect(received).toMatch(kept)
    expect(received).not.toContain(head.startsWith('204') ? 'content-length' : 'hello')
    expect(await nextEvent()).toMatchObject({ status: Number(head.slice(0, 3)), error: undefined })
    // The connection goes on.
    client.socket.write(REQUEST)
    await client.until(text => text.split('\r\n\r\n').length === 3)
    expect(client.received().split('HTTP/1.1 ')).toHaveLength(3)
  })
})

it('that of which the config makes one with another status tells no length: the next answer would be taken for its body', async () => {
  const upstream = await answering('HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n')
  const policies = { transformations: { response: { set: { ':status': '200' } } } }
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
  const client = await rawClient(port)
  client.socket.write(REQUEST + REQUEST)
  const received = await client.until(text => text.split('\r\n0\r\n\r\n').length === 3)
  expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(received).not.toMatch(/content-length/i)
})

it.each<[string, string, string, object, RegExp]>([
  [
    'to HEAD that is looked at as a whole',
    'HEAD',
    '200 OK\r\ncontent-length: 5',
    { 'x-a': 'string(size(response.body))' },
    /^HTTP\/1.1 200 /,
  ],
  [
    '304 that is looked at as a whole',
    'GET',
    '304 Not Modified\r\ncontent-length: 5',
    { 'x-a': 'string(size(response.body))' },
    /^HTTP\/1.1 304 /,
  ],
  [
    'that an expression makes a 204',
    'GET',
    '200 OK\r\ncontent-length: 5\r\n\r\nhello',
    { ':status': '204' },
    /^HTTP\/1.1 204 /,
  ],
])('an answer %s tells no length', async (_, method, answer, set, status) => {
  const upstream = await answering(
    answer.includes('hello') ? `HTTP/1.1 ${answer}` : `HTTP/1.1 ${answer}\r\n\r\n`,
  )
  const { port } = await startTestGateway(
    toHost(`127.0.0.1:${upstream.port}`, { transformations: { response: { set } } }),
  )
  const client = await rawClient(port)
  client.socket.write(`${method} / HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(2))
  const received = await client.until(text => text.split('\r\n\r\n').length === 3)
  expect(received).toMatch(status)
  expect(received.split('HTTP/1.1 ')).toHaveLength(3)
  expect(received).not.toMatch(/content-length|transfer-encoding|hello/i)
})
