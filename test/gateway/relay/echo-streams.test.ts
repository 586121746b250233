import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { exception } from '../../helpers/event-frames.ts'
import { call, openChat, post, rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'
import { CHAT, KEY, TOLD, toProvider, withKey } from './keyed.ts'

const STREAMED = { ...CHAT, stream: true }
const SSE = { 'content-type': 'text/event-stream' }

const message = `Incorrect API key provided: ${KEY}.`
const GOOD = `data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n`
const BAD = `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'x', message } })}\n\n`

const promptGuard = { response: [{ regex: { action: 'reject', rules: [{ pattern: 'nothing' }] } }] }
const seen = { transformations: { response: { set: { 'x-seen': 'size(response.body)' } } } }

describe('an event stream that begins as a success and goes on to repeat the key', () => {
  const ways: [title: string, config: (port: number) => string][] = [
    ['as it comes', port => withKey(port)],
    ['from a provider', port => toProvider(port, { openAI: {} })],
    ['translated', port => toProvider(port, { anthropic: {} })],
    ['behind a guard', port => toProvider(port, { openAI: {} }, { ai: { promptGuard } })],
    ['gathered for an expression', port => withKey(port, seen)],
    ['its type taken away', port => withKey(port, { responseHeaderModifier: { remove: ['content-type'] } })],
    [
      'its type made another',
      port => withKey(port, { responseHeaderModifier: { set: { 'content-type': 'text/plain' } } }),
    ],
  ]
  it.each(ways)('%s, does not tell it', async (_, config) => {
    const upstream = await startUpstream(response => response.writeHead(200, SSE).end(GOOD + BAD))
    const { port } = await startTestGateway(config(upstream.port))
    const { status, body } = await post(port, '/v1/chat/completions', STREAMED)
    expect(JSON.stringify(upstream.seen[0]?.headers)).toContain(KEY)
    expect(status).toBe(200)
    expect(body).toContain('provided: [redacted].')
    expect(body).not.toContain(TOLD)
  })

  it.each([
    ['a type in capitals', { 'content-type': 'Text/Event-Stream' }, BAD],
    ['a type with parameters', { 'content-type': 'text/event-stream;charset=utf-8' }, BAD],
    ['its length told', { ...SSE, 'content-length': String(BAD.length) }, BAD],
    ['in base64', SSE, `data: ${Buffer.from(`user:${KEY}`).toString('base64')}\n\n`],
    ['without an end of its line', SSE, `data: ${KEY}`],
    ['in a header', { ...SSE, 'x-debug': KEY }, GOOD],
    ['packed with gzip', { ...SSE, 'content-encoding': 'gzip' }, gzipSync(BAD)],
    ['packed with deflate', { ...SSE, 'content-encoding': 'deflate' }, deflateSync(BAD)],
    ['packed with brotli', { ...SSE, 'content-encoding': 'br' }, brotliCompressSync(BAD)],
  ])('%s, does not tell it', async (_, headers, sent) => {
    const upstream = await startUpstream(response => response.writeHead(200, headers).end(sent))
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await call(port)
    const text = JSON.stringify(answer.headers) + answer.body
    expect(answer.status).toBe(200)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(TOLD)
  })

  it.each([1, 2, 7])('in pieces of %i bytes does not tell it', async size => {
    const text = GOOD + BAD.replace('provided', `${KEY.slice(0, -1)} ${KEY}${KEY}`)
    const upstream = await startUpstream(async response => {
      response.writeHead(200, SSE)
      for (let at = 0; at < text.length; at += size) {
        response.write(text.slice(at, at + size))
        await new Promise(resolve => setImmediate(resolve))
      }
      response.end()
    })
    const { port } = await startTestGateway(withKey(upstream.port))
    expect((await call(port)).body).toBe(text.replaceAll(KEY, '[redacted]'))
  })

  it('in frames of Bedrock is broken off', async () => {
    const headers = { 'content-type': 'application/vnd.amazon.eventstream' }
    // A frame without its key is shorter than it says: what follows is taken for the rest of it.
    const sent = Buffer.concat(
      [message, 'x'.repeat(500)].map(text => exception('accessDeniedException', text)),
    )
    const upstream = await startUpstream(response => response.writeHead(200, headers).end(sent))
    const provider = { bedrock: { region: 'us-east-1' } }
    const { port } = await startTestGateway(toProvider(upstream.port, provider))
    const { body } = await post(port, '/v1/chat/completions', STREAMED)
    expect(body).toContain('"error"')
    expect(body).not.toContain(TOLD)
  })
})

describe('a packed event stream that cannot be read', () => {
  const packed = { ...SSE, 'content-encoding': 'gzip' }
  const broken = Buffer.concat([gzipSync(GOOD.repeat(9)).subarray(0, 40), Buffer.from(KEY)])

  it('is cut, so that nobody takes it for a whole one', async () => {
    const upstream = await startUpstream(response => response.writeHead(200, packed).end(broken))
    const { port, nextEvent } = await startTestGateway(withKey(upstream.port))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await client.closed
    expect(client.received()).not.toContain('0\r\n\r\n')
    expect(client.received()).not.toContain(TOLD)
    expect(await nextEvent()).toMatchObject({ status: 200, reason: 'UpstreamFailure' })
  })

  it('and gathered, is a 502', async () => {
    const upstream = await startUpstream(response => response.writeHead(200, packed).end(broken))
    const { port } = await startTestGateway(withKey(upstream.port, seen))
    expect(await call(port)).toMatchObject({
      status: 502,
      body: 'the answer of the upstream cannot be read in its content-encoding',
    })
  })
})

describe('a good event stream', () => {
  it('arrives event by event', async () => {
    let next = () => {}
    const upstream = await startUpstream(async response => {
      response.writeHead(200, SSE).flushHeaders()
      for (const said of ['a', 'b', 'c']) {
        response.write(`data: ${said}\n\n`)
        await new Promise<void>(resolve => {
          next = resolve
        })
      }
      response.end(`data: ${KEY.slice(0, 20)}`)
    })
    const { port } = await startTestGateway(withKey(upstream.port))
    let received = ''
    for await (const chunk of await openChat(port, JSON.stringify(STREAMED))) {
      received += chunk
      next()
    }
    expect(received).toBe(`data: a\n\ndata: b\n\ndata: c\n\ndata: ${KEY.slice(0, 20)}`)
  })

  it('in an encoding that is not known goes on as it is', async () => {
    const headers = { ...SSE, 'content-encoding': 'rot13' }
    const upstream = await startUpstream(response => response.writeHead(200, headers).end('qngn'))
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await call(port)
    expect(answer.headers['content-encoding']).toBe('rot13')
    expect(answer.body).toBe('qngn')
  })

  it('of an upstream without a key goes on as it is packed', async () => {
    const headers = { ...SSE, 'content-encoding': 'gzip' }
    const upstream = await startUpstream(response => response.writeHead(200, headers).end(gzipSync(GOOD)))
    const { port } = await startTestGateway(withKey(upstream.port, { backendAuth: undefined }))
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(await answer.text()).toBe(GOOD)
  })
})
