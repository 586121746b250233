import { describe, expect, it } from 'vitest'
import { isModelCall } from '../../../src/gateway/telemetry/model-call.ts'
import { call, openChat, post, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const EVENTS = ['data: {"choices":[]}\n\n', 'data: [DONE]\n\n']
const STREAMED = JSON.stringify({ model: 'm', stream: true, messages: [] })

async function streaming(): ReturnType<typeof startUpstream> {
  return startUpstream(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of EVENTS) response.write(event)
    response.end()
  })
}

describe('a buffer for answers', () => {
  it('makes one piece of a stream', async () => {
    const upstream = await streaming()
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { buffer: { response: {} } }),
    )
    const answer = await openChat(port, STREAMED)
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'content-length': String(EVENTS.join('').length),
    })
    expect(String(await answer.toArray())).toBe(EVENTS.join(''))
  })

  it('shows nothing of an answer that breaks off', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'x-a': '1' })
      response.write('half', () => response.destroy())
    })
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { buffer: { response: { failureMode: 'failOpen' } } }),
    )
    const got = await call(port)
    expect(got).toMatchObject({ status: 502, body: '' })
    expect(got.headers).not.toHaveProperty('x-a')
  })

  it('that may be too small lets the rest go as it comes', async () => {
    let finish: (() => void) | undefined
    const upstream = await startUpstream(response => {
      response.write('0123456789')
      finish = () => response.end('the end')
    })
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, {
        buffer: { response: { maxBytes: 4, failureMode: 'failOpen' } },
      }),
    )
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.until(text => text.includes('0123456789'))
    finish?.()
    await client.closed
    expect(client.received()).toContain('the end')
  })

  it('that may be too small makes a call of a model no less of one', async () => {
    const answer = JSON.stringify({ model: 'm', usage: { prompt_tokens: 3, completion_tokens: 4 } })
    const upstream = await startUpstream(response => void response.end(answer))
    const policies = { buffer: { response: { maxBytes: 4, failureMode: 'failOpen' } } }
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`, policies))
    await post(port, '/v1/chat/completions', { model: 'm', messages: [] })
    const event = await nextEvent()
    expect(event).toMatchObject({ status: 200, usage: { inputTokens: 3, outputTokens: 4 } })
    expect(isModelCall(event)).toBe(true)
  })

  it('that is too small for a stream gives its client nothing but a 502', async () => {
    const upstream = await streaming()
    const policies = { buffer: { response: { maxBytes: 30 } } }
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`, policies))
    expect(await post(port, '/v1/chat/completions', JSON.parse(STREAMED))).toMatchObject({
      status: 502,
      body: '',
    })
  })

  it('that is too small for a stream in another format neither', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const message = { id: 'x', type: 'message', role: 'assistant', model: 'c', content: [], usage: {} }
      response.end(`event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message })}\n\n`)
    })
    const config = JSON.parse(
      toModel(`127.0.0.1:${upstream.port}`, { buffer: { response: { maxBytes: 30 } } }),
    )
    config.binds[0].listeners[0].routes[0].backends[0].ai.provider = { anthropic: {} }
    const { port } = await startTestGateway(JSON.stringify(config))
    const asked = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }
    expect(await post(port, '/v1/chat/completions', asked)).toMatchObject({ status: 502, body: '' })
  })

  it('may hold more than is held where no policy says how much', async () => {
    const upstream = await startUpstream(response => void response.end(LARGE))
    const address = `127.0.0.1:${upstream.port}`
    const held = await startTestGateway(toHost(address, { buffer: { response: { maxBytes: 20_000_000 } } }))
    expect((await call(held.port)).body.length).toBe(LARGE.length)
    const transformations = { response: { set: { 'x-size': 'string(size(response.body))' } } }
    const changed = await startTestGateway(toHost(address, { transformations }))
    expect(await call(changed.port)).toMatchObject({
      status: 502,
      body: 'the answer of the upstream is too large',
    })
  })
})

/** More than is held by itself. */
const LARGE = Buffer.alloc(17 * 1024 * 1024, 'a')
