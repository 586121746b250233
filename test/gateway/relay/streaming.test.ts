import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { openChat, post, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const STREAMED = JSON.stringify({ model: 'm', stream: true })

describe('a streamed answer', () => {
  it('arrives chunk by chunk: each one before the next is sent', async () => {
    const next: (() => void)[] = []
    const upstream = await startUpstream(async response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let i = 0; i < 5; i++) {
        response.write(`data: ${i}\n\n`)
        await new Promise<void>(resolve => next.push(resolve))
      }
      response.end('data: [DONE]\n\n')
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, STREAMED)
    expect(answer.headers['content-type']).toBe('text/event-stream')
    let received = ''
    for await (const chunk of answer) {
      received += chunk
      // The upstream goes on only once the client has what was sent before.
      next.shift()?.()
    }
    expect(received).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: [DONE]\n\n')
  })

  it('shows its head before its first chunk', async () => {
    let finish: (() => void) | undefined
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      finish = () => response.end('data: x\n\n')
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, STREAMED)
    expect(answer.statusCode).toBe(200)
    finish?.()
    expect(await answer.toArray()).toHaveLength(1)
  })

  it('tells its usage in the log, from the last event that has one', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[{"delta":{"content":"say \\"usage\\""}}],"usage":null}\n\n')
      response.write('data: {"choices":[],"usage":{"prompt_tokens":7,"compl')
      setTimeout(() => response.end('etion_tokens":9,"total_tokens":16}}\n\ndata: [DONE]\n\n'), 20)
    })
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    await (await openChat(port, STREAMED)).toArray()
    expect((await nextEvent()).usage).toEqual({ inputTokens: 7, outputTokens: 9 })
  })

  it('is cut off for the client where the upstream cuts it off', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
      setTimeout(() => socket.destroy(), 20)
    })
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, STREAMED)
    await expect(answer.toArray()).rejects.toThrow('aborted')
    const event = await nextEvent()
    expect(event).toMatchObject({ status: 200, reason: 'UpstreamFailure' })
    expect(event.error).toContain('upstream call failed')
  })

  it('of anthropic becomes one of OpenAI on the way', async () => {
    const events = [
      [
        'message_start',
        {
          type: 'message_start',
          message: { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 3, output_tokens: 1 } },
        },
      ],
      [
        'content_block_start',
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ],
      [
        'content_block_delta',
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      ],
      ['content_block_stop', { type: 'content_block_stop', index: 0 }],
      [
        'message_delta',
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
      ],
      ['message_stop', { type: 'message_stop' }],
    ] as const
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      for (const [name, data] of events) response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
      response.end()
    })
    const config = JSON.stringify({
      llm: { models: [{ name: '*', provider: 'anthropic', params: { apiKey: 'sk-ant-x' } }] },
    })
    const { port, nextEvent } = await startTestGateway(config, {
      standIn: { host: '127.0.0.1', port: upstream.port },
    })
    const answer = await post(port, '/v1/chat/completions', {
      model: 'claude-x',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(answer.headers['content-type']).toBe('text/event-stream')
    const data = answer.body
      .split('\n\n')
      .filter(Boolean)
      .map(line => line.replace('data: ', ''))
    expect(data.at(-1)).toBe('[DONE]')
    const chunks = data.slice(0, -1).map(text => JSON.parse(text))
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content).join('')).toBe('Hello')
    expect(chunks.at(-1).usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 })
    expect((await nextEvent()).usage).toEqual({ inputTokens: 3, outputTokens: 4 })
  })

  it('of anthropic that is cut off breaks the connection instead of ending well', async () => {
    let cut: (() => void) | undefined
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"type":"message_start","message":{"id":"a","model":"m"}}\n\n')
      cut = () => response.end()
    })
    const config = JSON.stringify({ llm: { models: [{ name: '*', provider: 'anthropic' }] } })
    const { port } = await startTestGateway(config, { standIn: { host: '127.0.0.1', port: upstream.port } })
    const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] })
    const answer = await openChat(port, body)
    answer.once('data', () => cut?.())
    await expect(answer.toArray()).rejects.toThrow('aborted')
  })
})

describe('an answer that breaks off before any of it has left', () => {
  const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n'
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
  const START = 'data: {"type":"message_start","message":{"id":"a","model":"m"}}\n\n'
  const NO_END = 'failed to process LLM response: the stream has ended before its last event'
  const CUT = 'upstream call failed: connection closed before the answer'
  const NO_HTTP = 'upstream call failed: the answer is not HTTP/1.1'

  it.each<[string, string, 'anthropic' | 'openAI', number, string]>([
    ['without a byte of those it tells', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', 'openAI', 503, CUT],
    ['with what is no chunk right behind its head', `${CHUNKED}zz\r\nhello\r\n`, 'openAI', 503, NO_HTTP],
    [
      'with what is none behind its first chunk',
      `${CHUNKED}${chunk('data: 1\n\n')}zz\r\n`,
      'openAI',
      503,
      NO_HTTP,
    ],
    ['translated, without an event', `${CHUNKED}0\r\n\r\n`, 'anthropic', 502, NO_END],
    ['translated, without its last event', `${CHUNKED}${chunk(START)}0\r\n\r\n`, 'anthropic', 502, NO_END],
  ])('is told with a status: %s', async (_, answer, provider, status, body) => {
    const upstream = await startRawUpstream(socket => socket.end(answer))
    const config = JSON.stringify({ llm: { models: [{ name: '*', provider }] } })
    const { port, nextEvent } = await startTestGateway(config, {
      standIn: { host: '127.0.0.1', port: upstream.port },
    })
    const messages = [{ role: 'user', content: 'hi' }]
    expect(await post(port, '/v1/chat/completions', { model: 'm', stream: true, messages })).toMatchObject({
      status,
      body,
    })
    expect(await nextEvent()).toMatchObject({ status, error: body, bytes: body.length })
  })

  it('and what breaks off later is cut off there', async () => {
    let cut: (() => void) | undefined
    const upstream = await startRawUpstream(socket => {
      socket.write(CHUNKED + chunk('data: 1\n\n'))
      cut = () => socket.end('no chunk\r\n')
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, STREAMED)
    expect(answer.statusCode).toBe(200)
    answer.once('data', () => cut?.())
    await expect(answer.toArray()).rejects.toThrow('aborted')
  })

  it('is no whole answer for a client of HTTP/1.0, to which an end of the connection is the end of it', async () => {
    let cut: (() => void) | undefined
    const upstream = await startRawUpstream(socket => {
      socket.write(CHUNKED + chunk('data: 1\n\n'))
      cut = () => socket.end('no chunk\r\n')
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const reset = once(client.socket, 'error')
    client.socket.write('GET / HTTP/1.0\r\nhost: a\r\n\r\n')
    await client.until(text => text.endsWith('data: 1\n\n'))
    cut?.()
    expect(await reset).toMatchObject([{ code: 'ECONNRESET' }])
  })
})

describe('an answer with a length', () => {
  it('leaves in one piece, head and body together', async () => {
    const upstream = await startUpstream(response =>
      response.writeHead(200, { 'content-length': 5 }).end('hello'),
    )
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const pieces: string[] = []
    client.socket.on('data', chunk => pieces.push(chunk.toString()))
    client.socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\n\r\n{"model":"m"}')
    await client.until(text => text.endsWith('hello'))
    expect(pieces).toHaveLength(1)
  })

  it('is cut off for the client where it ends too early', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello')
    })
    const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.closed
    expect(client.received()).toMatch(/content-length: 10[\s\S]*hello$/)
    expect((await nextEvent()).error).toContain('upstream call failed')
  })

  it('that is binary is the same, byte by byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256))
    const upstream = await startUpstream(response =>
      response.writeHead(200, { 'content-length': 1024 }).end(bytes),
    )
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await openChat(port, '{"model":"m"}')
    expect(Buffer.concat(await answer.toArray())).toEqual(bytes)
  })
})
