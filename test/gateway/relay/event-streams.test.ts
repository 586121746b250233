import { describe, expect, it } from 'vitest'
import { event, exception } from '../../helpers/event-frames.ts'
import { call, openChat } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const config = (port: number, more: object = {}) =>
  JSON.stringify({
    llm: {
      models: [
        {
          name: '*',
          provider: 'bedrock',
          params: { awsRegion: 'r', apiKey: 'k', hostOverride: `127.0.0.1:${port}`, pathPrefix: '/' },
          ...more,
        },
      ],
    },
  })

const ASKED = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] })
const START = event('messageStart', { role: 'assistant' })
const text = (said: string) => event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: said } })
const END = [
  event('contentBlockStop', { contentBlockIndex: 0 }),
  event('messageStop', { stopReason: 'end_turn' }),
  event('metadata', { usage: { inputTokens: 3, outputTokens: 2, cacheWriteInputTokens: 5 }, p: '}' }),
]
const NO_END = 'failed to process LLM response: the stream has ended before its last event'
const ALL = { gateway: { gatewayName: 'default', gatewayNamespace: 'default' } }
const TYPE = { 'content-type': 'application/vnd.amazon.eventstream' }

describe('a streamed answer in frames', () => {
  it('arrives as server-sent events, each one before the next is sent, with its usage in the log', async () => {
    const next: (() => void)[] = []
    const upstream = await startUpstream(async response => {
      response.writeHead(200, TYPE).flushHeaders()
      for (const said of ['a', 'b', 'c']) {
        response.write(said === 'a' ? Buffer.concat([START, text(said)]) : text(said))
        await new Promise<void>(resolve => next.push(resolve))
      }
      // The counts fall apart into two chunks.
      const end = Buffer.concat(END)
      response.write(end.subarray(0, -60))
      setTimeout(() => response.end(end.subarray(-60)), 20)
    })
    const { port, nextEvent } = await startTestGateway(config(upstream.port))
    const answer = await openChat(port, ASKED)
    expect(answer.headers['content-type']).toBe('text/event-stream')
    let received = ''
    for await (const chunk of answer) {
      received += chunk
      next.shift()?.()
    }
    expect(received.match(/"content":"(.?)"/g)).toEqual(
      ['""', '"a"', '"b"', '"c"'].map(one => `"content":${one}`),
    )
    expect(received.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(upstream.seen[0]?.url).toBe('/model/m/converse-stream')
    expect((await nextEvent()).usage).toEqual({ inputTokens: 8, outputTokens: 2, cacheCreationTokens: 5 })
  })

  it('that an exception ends says so to the client', async () => {
    const upstream = await startUpstream(response => {
      response
        .writeHead(200, TYPE)
        .end(Buffer.concat([START, text('a'), exception('throttlingException', 'slow down')]))
    })
    const { port } = await startTestGateway(config(upstream.port))
    const body = { ...JSON.parse(ASKED), max_tokens: 5 }
    const { status, body: got } = await call(port, { path: '/v1/messages', body: JSON.stringify(body) })
    expect(status).toBe(200)
    expect(got).toContain(
      'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}',
    )
  })

  it.each([
    ['a frame as long as the memory', Buffer.from('ffffffff00000000', 'hex')],
    ['a frame that was changed', Buffer.from(text('x').map((byte, i) => (i === 30 ? byte ^ 1 : byte)))],
    ['what is no frame', Buffer.from('data: {"choices":[]}\n\n')],
  ])('with %s ends with an error, though the upstream goes on', async (_title, bytes) => {
    let leave = (): void => {}
    const gone = new Promise<void>(resolve => (leave = resolve))
    const upstream = await startRawUpstream(socket => {
      socket.on('close', leave)
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\r\n'
      // It never ends.
      socket.write(Buffer.concat([Buffer.from(head), START, text('a'), bytes, Buffer.alloc(32)]))
    })
    const { port } = await startTestGateway(config(upstream.port))
    const received = (await (await openChat(port, ASKED)).toArray()).join('')
    expect(received).toContain('"content":"a"')
    expect(received).toContain('{"error":{"message":"The provider sent a frame ')
    expect(received).not.toContain('[DONE]')
    await gone
  })

  it.each([
    ['its last event', '/v1/messages', END, 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    ['its last event, in another format', '/v1/chat/completions', END, 'data: [DONE]\n\n'],
    ['an exception', '/v1/messages', [exception('throttlingException', 'slow')], '"message":"slow"}}\n\n'],
  ])(
    'ends for the client with %s, though the upstream keeps its connection',
    async (_, path, frames, last) => {
      const upstream = await startUpstream(response => {
        response.writeHead(200, TYPE).write(Buffer.concat([START, text('a'), ...frames]))
      })
      const { port, nextEvent } = await startTestGateway(config(upstream.port))
      const body = JSON.stringify({ ...JSON.parse(ASKED), max_tokens: 5 })
      const answer = await call(port, { path, body })
      expect(answer.body.endsWith(last)).toBe(true)
      expect(await nextEvent()).toMatchObject({ status: 200, error: undefined })
      const [connection] = upstream.connections
      if (connection?.destroyed === false) await new Promise(resolve => connection.once('close', resolve))
    },
  )

  it('that ends soon after its last event leaves its connection to the next', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, TYPE).write(Buffer.concat([START, text('a'), ...END]))
      setTimeout(() => response.end(), 50)
    })
    const { port } = await startTestGateway(config(upstream.port))
    for (let i = 0; i < 2; i++) {
      expect((await call(port, { path: '/v1/chat/completions', body: ASKED })).body).toContain('[DONE]')
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    expect(upstream.connections.length).toBe(1)
  })

  it('that is cut breaks the connection of the client', async () => {
    let cut = (): void => {}
    const upstream = await startUpstream(response => {
      response.writeHead(200, TYPE).write(Buffer.concat([START, text('a')]))
      cut = () => response.end(text('b').subarray(0, 20))
    })
    const { port, nextEvent } = await startTestGateway(config(upstream.port))
    const answer = await openChat(port, ASKED)
    cut()
    await expect(answer.toArray()).rejects.toThrow('aborted')
    expect(await nextEvent()).toMatchObject({ reason: 'UpstreamFailure', error: NO_END })
  })

  it.each<[string, object, string]>([
    ['held', { buffer: { response: {} } }, ''],
    [
      'changed as a whole',
      { transformations: { response: { set: { 'x-a': 'string(size(response.body))' } } } },
      NO_END,
    ],
  ])('that is cut is a 502 where it is %s', async (_, policy, body) => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, TYPE).end(Buffer.concat([START, text('a')]))
    })
    const targeted = { name: { name: 'p', namespace: 'd' }, target: ALL, policy }
    const { port } = await startTestGateway(
      JSON.stringify({ ...JSON.parse(config(upstream.port)), policies: [targeted] }),
    )
    expect(await call(port, { path: '/v1/chat/completions', body: ASKED })).toMatchObject({
      status: 502,
      body,
    })
  })

  it('is looked at by guards', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, TYPE).end(Buffer.concat([START, text('a hid'), text('den word'), ...END]))
    })
    const guardrails = {
      streaming: 'Enabled',
      response: [{ regex: { action: 'reject', rules: [{ pattern: 'hidden' }] } }],
    }
    const { port } = await startTestGateway(config(upstream.port, { guardrails }))
    const received = (await (await openChat(port, ASKED)).toArray()).join('')
    expect(received).not.toContain('den word')
    expect(received).toContain('error')
  })

  it('is refused as a whole where the status says so', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"bad model"}')
    })
    const { port } = await startTestGateway(config(upstream.port))
    const { status, body } = await call(port, { path: '/v1/chat/completions', body: ASKED })
    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ error: { message: 'bad model' } })
  })
})
