import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { makeCertificate } from '../../helpers/tls.ts'
import { call, rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { AGREED, closed, handshake, openSocket, startSocketUpstream } from '../kit/websocket.ts'

const KEY = 'sk-provider-key-1234'
const VIRTUAL = 'vk-team-1'

const usage = (input: number, output: number) => ({
  total_tokens: input + output,
  input_tokens: input,
  output_tokens: output,
  input_token_details: {
    text_tokens: input,
    audio_tokens: 0,
    cached_tokens: 4,
    cached_tokens_details: { text_tokens: 4 },
  },
  output_token_details: { text_tokens: output, audio_tokens: 0 },
})

/** A session of OpenAI: each `response.create` is answered in three events. */
function session(socket: WebSocket): void {
  socket.send(JSON.stringify({ type: 'session.created', event_id: 'e0', session: {} }))
  socket.on('message', data => {
    const event = JSON.parse(data.toString()) as { type: string }
    if (event.type !== 'response.create') return
    const said = 'what stands in "response.done" {"usage":{"input_tokens":9999}} is no usage'
    socket.send(JSON.stringify({ type: 'response.output_text.delta', delta: said }))
    const transcribed = {
      type: 'conversation.item.input_audio_transcription.completed',
      usage: usage(500, 500),
    }
    socket.send(JSON.stringify(transcribed))
    socket.send(
      JSON.stringify({ type: 'response.done', response: { id: 'r', output: [], usage: usage(10, 7) } }),
    )
  })
}

/** The `llm` section with two models, for those who have a virtual key. */
function llm(port: number, policies: object = {}, model: object = {}): string {
  const params = { apiKey: KEY, baseUrl: `http://127.0.0.1:${port}` }
  const keys = [
    { key: VIRTUAL, metadata: { team: 'one' } },
    { key: 'vk-narrow', allowedModels: ['other'] },
  ]
  return JSON.stringify({
    llm: {
      policies: { apiKey: { mode: 'strict', keys }, ...policies },
      models: [
        { name: 'gpt-realtime', provider: 'openAI', params, ...model },
        { name: 'renamed', provider: 'openAI', params: { ...params, model: 'gpt-realtime-mini' } },
      ],
    },
  })
}

/** A route with an OpenAI backend. */
function route(port: number, policies: object = {}, routes: object = { '/v1/realtime': 'realtime' }): string {
  const ai = { name: 'openai', hostOverride: `127.0.0.1:${port}`, provider: { openAI: {} } }
  const all = { ai: { routes }, backendAuth: { key: KEY }, ...policies }
  return JSON.stringify({
    binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ ai }], policies: all }] }] }],
  })
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

/** The status with which a handshake is refused. */
function refusal(port: number, path: string, key = VIRTUAL): Promise<{ status: number; body: string }> {
  const headers = {
    ...bearer(key).headers,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  return call(port, { method: 'GET', path, headers })
}

it("OpenAI's own client has a session, over TLS, and the log tells what its answers have cost", async () => {
  const upstream = await startSocketUpstream(session)
  const { ca, cert, key } = makeCertificate(['localhost'])
  const config = JSON.parse(route(upstream.port))
  Object.assign(config.binds[0].listeners[0], {
    protocol: 'HTTPS',
    tls: { cert: 'a.pem', key: 'a.key' },
    policies: { apiKey: { mode: 'strict', keys: [{ key: VIRTUAL }] } },
  })
  const { port, nextEvent } = await startTestGateway(JSON.stringify(config), {
    compile: { readFile: path => (path.endsWith('.pem') ? cert : key) },
  })
  const client = new OpenAI({ apiKey: VIRTUAL, baseURL: `https://localhost:${port}/v1` })
  const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { ca } }, client)
  onTestFinished(() => realtime.socket.terminate())
  const failed = new Promise((_, reject) => realtime.on('error', reject))
  const event = (type: 'session.created' | 'response.done') =>
    Promise.race([failed, new Promise(resolve => realtime.on(type, resolve))])
  await event('session.created')
  for (let i = 0; i < 2; i++) {
    const done = event('response.done')
    realtime.send({ type: 'response.create' })
    expect(await done).toMatchObject({ response: { usage: { total_tokens: 17 } } })
  }
  realtime.close()
  const [seen] = upstream.handshakes
  expect(seen?.url).toBe('/v1/realtime?model=gpt-realtime')
  expect(seen?.headers.authorization).toBe(`Bearer ${KEY}`)
  expect(JSON.stringify(seen?.rawHeaders)).not.toContain(VIRTUAL)
  expect(await nextEvent()).toMatchObject({
    status: 101,
    protocol: 'llm',
    provider: 'openai',
    operation: 'chat',
    model: 'gpt-realtime',
    usage: { inputTokens: 20, outputTokens: 14, cacheReadTokens: 8 },
  })
})

it('each answer of a session costs what its own prompt makes of it, however long the session is', async () => {
  const upstream = await startSocketUpstream(session)
  const rates = { input: '4', output: '16', cacheRead: '1' }
  const models = {
    'gpt-realtime': { rates, tiers: [{ contextOver: 15, rates: { input: '4000', output: '16000' } }] },
  }
  const config = JSON.parse(route(upstream.port))
  config.config = { modelCatalog: [{ inline: { providers: { openai: { models } } } }] }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(config))
  for (const [answers, total] of [
    [3, 420_000_000n],
    [0, 0n],
  ] as const) {
    const socket = await openSocket(port, '/v1/realtime?model=gpt-realtime')
    for (let i = 0; i < answers; i++) socket.send(JSON.stringify({ type: 'response.create' }))
    let done = 0
    if (answers > 0)
      await new Promise<void>(resolve =>
        socket.on('message', data => {
          if (JSON.parse(data.toString()).type === 'response.done' && ++done === answers) resolve()
        }),
      )
    socket.close()
    const { cost } = await nextEvent()
    expect(cost).toMatchObject({ status: 'Exact', total })
    expect(cost?.parts).toMatchObject({
      input: BigInt(answers) * 24_000_000n,
      cacheRead: BigInt(answers) * 4_000_000n,
    })
  }
})

describe('the key that a client in a browser offers among the protocols', () => {
  const protocols = ['realtime', `openai-insecure-api-key.${VIRTUAL}`, 'openai-beta.realtime-v1']

  it('does not go upstream where the gateway has the key, and can be what the client is known by', async () => {
    const upstream = await startSocketUpstream(session)
    const expression =
      'request.headers["sec-websocket-protocol"].split("openai-insecure-api-key.")[1].split(",")[0]'
    const keys = [{ key: VIRTUAL }]
    const apiKey = { mode: 'strict', keys, location: { expression } }
    const { port } = await startTestGateway(route(upstream.port, { apiKey }))
    await expect(openSocket(port, '/v1/realtime?model=m')).rejects.toThrow('401')
    const socket = await openSocket(port, '/v1/realtime?model=m', { protocols })
    expect(socket.protocol).toBe('realtime')
    const [seen] = upstream.handshakes
    expect(seen?.headers['sec-websocket-protocol']).toBe('realtime, openai-beta.realtime-v1')
    expect(seen?.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  it('goes upstream where nobody else brings one', async () => {
    const upstream = await startSocketUpstream(session)
    const { port } = await startTestGateway(route(upstream.port, { backendAuth: undefined }))
    await openSocket(port, '/v1/realtime?model=m', { protocols })
    expect(upstream.handshakes[0]?.headers['sec-websocket-protocol']).toBe(protocols.join(','))
  })
})

describe('where models are chosen by name', () => {
  it.each([
    ['/v1/realtime?model=gpt-realtime', '/v1/realtime?model=gpt-realtime'],
    ['/v1/realtime?a=1&mod%65l=gpt-realtime&b=2', '/v1/realtime?a=1&mod%65l=gpt-realtime&b=2'],
    ['/v1/realtime?model=renamed', '/v1/realtime?model=gpt-realtime-mini'],
    ['/v1/realtime?a=1&deployment=renamed', '/v1/realtime?a=1&deployment=gpt-realtime-mini'],
  ])('%s becomes %s', async (path, sent) => {
    const upstream = await startSocketUpstream(session)
    const { port } = await startTestGateway(llm(upstream.port))
    await openSocket(port, path, bearer(VIRTUAL))
    expect(upstream.handshakes[0]?.url).toBe(sent)
  })

  it.each<[string, string, number, string?]>([
    ['without a key', '/v1/realtime?model=gpt-realtime', 401, 'nobody'],
    ['a model that is not for this key', '/v1/realtime?model=gpt-realtime', 403, 'vk-narrow'],
    ['a model that there is not', '/v1/realtime?model=gpt', 404],
    ['no model', '/v1/realtime?call_id=rtc_1', 400],
    ['two models', '/v1/realtime?model=gpt-realtime&model=gpt-4', 400],
    ['two models in two words', '/v1/realtime?model=gpt-realtime&Deployment=gpt-4', 400],
    ['a path on which frames name the model', '/v1/responses?model=gpt-realtime', 400],
    ['a path that nobody knows', '/v1/realtime/?model=gpt-realtime', 400],
    ['a path that is a chat', '/v1/chat/completions?model=gpt-realtime', 400],
  ])('%s: %s is %i', async (_title, path, status, key) => {
    const upstream = await startSocketUpstream(session)
    const { port } = await startTestGateway(llm(upstream.port))
    expect(await refusal(port, path, key)).toMatchObject({ status })
    expect(upstream.sockets).toHaveLength(0)
  })

  it('a virtual model stands for another one', async () => {
    const upstream = await startSocketUpstream(session)
    const config = JSON.parse(llm(upstream.port))
    const targets = [{ model: 'gpt-realtime', weight: 1 }]
    config.llm.virtualModels = [{ name: 'voice', routing: { weighted: { targets } } }]
    const { port } = await startTestGateway(JSON.stringify(config))
    await openSocket(port, '/v1/realtime?model=voice', bearer(VIRTUAL))
    expect(upstream.handshakes[0]?.url).toBe('/v1/realtime?model=gpt-realtime')
  })
})

const PATTERN = { regex: { rules: [{ pattern: 'secret' }] } }

describe('what cannot be kept to for frames is not passed around:', () => {
  it.each<[string, (port: number) => string]>([
    ['a guard of prompts', port => llm(port, { guardrails: { request: [PATTERN] } })],
    ['a guard of answers', port => llm(port, { guardrails: { response: [PATTERN] } })],
    [
      'a token limit',
      port =>
        llm(port, {
          localRateLimit: [{ maxTokens: 100, tokensPerFill: 1, fillInterval: '1h', type: 'tokens' }],
        }),
    ],
    ['fields that are set', port => llm(port, {}, { defaults: { temperature: 1 } })],
    [
      'a guard on a route',
      port => route(port, { ai: { promptGuard: { request: [PATTERN] }, routes: { '*': 'passthrough' } } }),
    ],
    ['a body that is made anew', port => route(port, { transformations: { request: { body: '"x"' } } })],
    ['an answer that is made anew', port => route(port, { transformations: { response: { body: '"x"' } } })],
  ])('%s', async (_title, config) => {
    const upstream = await startSocketUpstream(session)
    const { port } = await startTestGateway(config(upstream.port))
    expect(await refusal(port, '/v1/realtime?model=gpt-realtime')).toMatchObject({
      status: 501,
      body: expect.stringMatching(/^WebSockets are not taken where bodies are guarded|^x$/),
    })
    expect(upstream.sockets).toHaveLength(0)
  })
})

it('the limit of requests counts handshakes, and tells the clients', async () => {
  const upstream = await startSocketUpstream(session)
  const localRateLimit = [{ maxTokens: 1, tokensPerFill: 1, fillInterval: '1h' }]
  const { port } = await startTestGateway(route(upstream.port, { localRateLimit }))
  const socket = await openSocket(port, '/v1/realtime?model=m')
  expect(await refusal(port, '/v1/realtime?model=m')).toMatchObject({ status: 429 })
  const gone = closed(socket)
  socket.close(1000)
  expect(await gone).toBe(1000)
})

describe('retries', () => {
  const retry = { retry: { attempts: 2, codes: [503] } }

  it('make a handshake again that came to nothing', async () => {
    let calls = 0
    const upstream = await startRawUpstream(socket => {
      calls++
      if (calls === 1) socket.resetAndDestroy()
      else if (calls === 2) socket.end('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n')
      else socket.end(AGREED)
    })
    const { port, nextEvent } = await startTestGateway(route(upstream.port, retry))
    const client = await rawClient(port)
    client.socket.write(handshake('/v1/realtime?model=m'))
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1\.1 101 /)
    expect(await nextEvent()).toMatchObject({ status: 101, retries: 2 })
  })

  it('do not touch a socket that was open', async () => {
    const upstream = await startSocketUpstream(socket => socket.terminate())
    const { port, nextEvent } = await startTestGateway(route(upstream.port, retry))
    await closed(await openSocket(port, '/v1/realtime?model=m'))
    expect(await nextEvent()).toMatchObject({ status: 101, retries: 0 })
    expect(upstream.handshakes).toHaveLength(1)
  })
})
