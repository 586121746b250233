import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Answer, post } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

/** One provider of each dialect behind one token limit that fills once an hour. */
const LIMIT = 1_000_000
const CONFIG = JSON.stringify({
  llm: {
    policies: {
      localRateLimit: [{ maxTokens: LIMIT, tokensPerFill: 1, fillInterval: '1h', type: 'tokens' }],
    },
    models: [
      { name: 'gpt', provider: 'openAI', params: { apiKey: 'k' } },
      { name: 'claude', provider: 'anthropic', params: { apiKey: 'k' } },
      { name: 'gemini', provider: 'gemini', params: { apiKey: 'k' } },
      { name: 'cohere', provider: 'cohere', params: { apiKey: 'k' } },
    ],
  },
})

const CHAT = '/v1/chat/completions'
const MESSAGES = '/v1/messages'
const messages = [{ role: 'user', content: 'hi' }]

/** What the upstream does with a request. */
type Upstream = (response: ServerResponse) => void

interface Ground {
  readonly port: number
  /** How many tokens are left, as a request that costs none is told. */
  left(): Promise<number>
}

/** A gateway whose upstream answers as it is told; probes are answered by themselves. */
async function ground(answer: Upstream): Promise<Ground> {
  const upstream = await startUpstream((response, seen) => {
    if (!seen.body.includes('"probe"')) return answer(response)
    response.setHeader('content-type', 'application/json')
    response.end('{"usage":{"prompt_tokens":0,"completion_tokens":0}}')
  })
  const { port, events } = await startTestGateway(CONFIG, {
    standIn: { host: '127.0.0.1', port: upstream.port },
  })
  const left = async (): Promise<number> => {
    // Each request before this one is settled once it is told of.
    await eventually(() => events.length === upstream.seen.length)
    const told = await post(port, CHAT, { model: 'gpt', max_tokens: 1, user: 'probe' })
    return Number(told.headers['x-ratelimit-remaining'])
  }
  return { port, left }
}

/** Tokens that are charged for what `act` does. */
async function charged(answer: Upstream, act: (port: number) => Promise<unknown>): Promise<number> {
  const { port, left } = await ground(answer)
  const before = await left()
  await act(port)
  return before - (await left())
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Upstream =>
  response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

/** A stream of those events, each in a write of its own and some in two. */
const stream =
  (...events: unknown[]): Upstream =>
  async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) {
      const text = `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
      const half = Math.floor(text.length / 2)
      response.write(text.slice(0, half))
      await new Promise(resolve => setImmediate(resolve))
      response.write(text.slice(half))
    }
    response.end()
  }

const CHUNK = { choices: [{ index: 0, delta: { content: 'hello' }, finish_reason: null }] }
const CHAT_USAGE = { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 }
const STOPPED = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
const CACHED = { input_tokens: 5, cache_read_input_tokens: 70, cache_creation_input_tokens: 20 }
const START = {
  type: 'message_start',
  message: {
    id: 'm',
    type: 'message',
    role: 'assistant',
    content: [],
    model: 'c',
    usage: { ...CACHED, output_tokens: 1 },
  },
}
const DELTA = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } }
const CLAUDE_STREAM = [
  START,
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  DELTA,
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 12 } },
  { type: 'message_stop' },
]
const CLAUDE_ANSWER = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  usage: { ...CACHED, output_tokens: 12 },
}
const GPT_ANSWER = {
  id: 'x',
  model: 'gpt',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: CHAT_USAGE,
}
const GEMINI_USAGE = {
  promptTokenCount: 30,
  candidatesTokenCount: 10,
  thoughtsTokenCount: 2,
  totalTokenCount: 42,
}
const candidates = [{ content: { parts: [{ text: 'hello' }] } }]

const chat = { model: 'gpt', messages, max_tokens: 500 }
const claude = { model: 'claude', messages, max_tokens: 500 }

describe('a request costs what its provider tells', () => {
  it.each<[string, string, object, Upstream, number]>([
    ['Chat Completions', CHAT, chat, json(GPT_ANSWER), 42],
    [
      'Chat Completions, streamed',
      CHAT,
      { ...chat, stream: true },
      stream(CHUNK, STOPPED, { choices: [], usage: CHAT_USAGE }, '[DONE]'),
      42,
    ],
    ['Messages, with what is cached', MESSAGES, claude, json(CLAUDE_ANSWER), 107],
    ['Messages, streamed', MESSAGES, { ...claude, stream: true }, stream(...CLAUDE_STREAM), 107],
    ['Messages for Chat Completions', MESSAGES, { ...claude, model: 'gpt' }, json(GPT_ANSWER), 42],
    [
      'Messages for Chat Completions, streamed',
      MESSAGES,
      { ...claude, model: 'gpt', stream: true },
      stream(CHUNK, STOPPED, { choices: [], usage: CHAT_USAGE }, '[DONE]'),
      42,
    ],
    ['Chat Completions for Messages', CHAT, { ...chat, model: 'claude' }, json(CLAUDE_ANSWER), 107],
    [
      'Chat Completions for Messages, streamed',
      CHAT,
      { ...chat, model: 'claude', stream: true },
      stream(...CLAUDE_STREAM),
      107,
    ],
    [
      'Responses',
      '/v1/responses',
      { model: 'gpt', input: 'hi' },
      json({
        output: [],
        usage: { input_tokens: 30, input_tokens_details: { cached_tokens: 20 }, output_tokens: 12 },
      }),
      42,
    ],
    [
      'Responses, streamed',
      '/v1/responses',
      { model: 'gpt', input: 'hi', stream: true },
      stream(
        { type: 'response.created', response: { usage: null } },
        { type: 'response.completed', response: { usage: { input_tokens: 30, output_tokens: 12 } } },
      ),
      42,
    ],
    [
      'generateContent',
      '/v1beta/models/gemini:generateContent',
      {},
      json({ candidates, usageMetadata: GEMINI_USAGE }),
      42,
    ],
    [
      'streamGenerateContent, whose counts run',
      '/v1beta/models/gemini:streamGenerateContent',
      {},
      stream(
        { candidates, usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 3 } },
        { candidates, usageMetadata: GEMINI_USAGE },
      ),
      42,
    ],
    [
      'Embeddings',
      '/v1/embeddings',
      { model: 'gpt', input: 'hi' },
      json({ data: [], usage: { prompt_tokens: 8, total_tokens: 8 } }),
      8,
    ],
    ['counting tokens', '/v1/messages/count_tokens', claude, json({ input_tokens: 900 }), 0],
    ['counting tokens for Gemini', '/v1beta/models/gemini:countTokens', {}, json({ totalTokens: 900 }), 0],
    ['an answer that fails', CHAT, chat, json({ error: { message: 'no' } }, 500), 0],
    [
      'an answer that refuses, whatever it says of tokens',
      CHAT,
      chat,
      json({ error: {}, usage: CHAT_USAGE }, 429),
      42,
    ],
  ])('%s', async (_, path, body, answer, cost) => {
    expect(await charged(answer, port => post(port, path, body))).toBe(cost)
  })
})

describe('where it tells nothing', () => {
  /** As estimated: a token for four bytes of the request as it goes, and the longest answer it allows. */
  const reserved = (body: object) => Math.ceil(JSON.stringify(body).length / 4) + 500

  it('what was reserved stays charged', async () => {
    expect(await charged(json({ choices: [] }), port => post(port, CHAT, chat))).toBe(reserved(chat))
  })

  it('because the answer is compressed though nobody asked, too', async () => {
    const gzipped: Upstream = response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync(JSON.stringify(GPT_ANSWER)))
    }
    expect(await charged(gzipped, port => post(port, CHAT, chat))).toBe(reserved(chat))
  })

  it('because there is no provider to be reached, nothing is', async () => {
    expect(
      await charged(
        response => void response.destroy(),
        port => post(port, CHAT, chat),
      ),
    ).toBe(0)
  })

  it('because the client did not wait, what was reserved is', async () => {
    let begun = false
    const hangs: Upstream = () => {
      begun = true
    }
    const cost = await charged(hangs, async port => {
      const { sent } = open(port, CHAT, chat)
      await eventually(() => begun)
      sent.destroy()
    })
    expect(cost).toBe(reserved(chat))
  })
})

/** A request whose answer the test takes as it likes. */
function open(port: number, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers })
  sent.on('error', () => {})
  const answer = new Promise<IncomingMessage>(resolve => sent.once('response', resolve))
  sent.end(JSON.stringify(body))
  return { sent, answer }
}

describe('an answer that is cut off', () => {
  const body = { ...claude, stream: true }
  /** Messages up to so many events, which then stay out. */
  const hangsAfter =
    (count: number): Upstream =>
    response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(START)}\n\n`)
      for (let i = 0; i < count; i++) response.write(`data: ${JSON.stringify(DELTA)}\n\n`)
    }
  /** Reads until so many bytes have come, then goes. */
  const leaveAfter = (bytes: number) => async (port: number) => {
    const { sent, answer } = open(port, MESSAGES, body)
    const got = await answer
    let read = 0
    got.on('error', () => {})
    await new Promise<void>(resolve =>
      got.on('data', chunk => {
        read += chunk.length
        if (read >= bytes) resolve()
      }),
    )
    sent.destroy()
  }
  const bytesOf = (count: number) => count * `data: ${JSON.stringify(DELTA)}\n\n`.length

  it('by the client costs what was told, and an estimate of what came since', async () => {
    const cost = await charged(hangsAfter(40), leaveAfter(bytesOf(40)))
    const told = 5 + 70 + 20 + 1
    expect(cost).toBeGreaterThanOrEqual(told + Math.floor(bytesOf(40) / 32))
    expect(cost).toBeLessThanOrEqual(told + Math.ceil(bytesOf(40) / 32) + 2)
  })

  it('by the client costs no more than was reserved', async () => {
    const cost = await charged(hangsAfter(2000), leaveAfter(bytesOf(2000)))
    expect(cost).toBe(Math.ceil(JSON.stringify(body).length / 4) + 500)
  })

  it('behind its counts costs what they say', async () => {
    const all: Upstream = async response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ ...CHUNK, usage: CHAT_USAGE })}\n\n`)
    }
    const cost = await charged(all, async port => {
      const { sent, answer } = open(port, CHAT, { ...chat, stream: true })
      const got = await answer
      await new Promise(resolve => got.once('data', resolve))
      sent.destroy()
    })
    expect(cost).toBeGreaterThanOrEqual(42)
    expect(cost).toBeLessThan(45)
  })

  it('by the upstream costs the same', async () => {
    const half: Upstream = response => {
      hangsAfter(40)(response)
      setTimeout(() => response.destroy(), 20)
    }
    const cost = await charged(half, async port => {
      const got = await open(port, MESSAGES, body).answer
      got.on('error', () => {}).resume()
      await new Promise(resolve => got.once('close', resolve))
    })
    expect(cost).toBeGreaterThan(5 + 70 + 20 + 1 + 40)
  })
})

describe('many at once', () => {
  it('are charged to the token', async () => {
    const cost = await charged(json(GPT_ANSWER), port =>
      Promise.all(Array.from({ length: 100 }, (): Promise<Answer> => post(port, CHAT, chat))),
    )
    expect(cost).toBe(100 * 42)
  })
})

describe('answers of models', () => {
  it('are asked for without compression, and so their tokens are told', async () => {
    const upstream = await startUpstream((response, seen) => {
      const isPlain = seen.headers['accept-encoding'] === 'identity'
      const body = Buffer.from(JSON.stringify(GPT_ANSWER))
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(isPlain ? {} : { 'content-encoding': 'gzip' }),
      })
      response.end(isPlain ? body : gzipSync(body))
    })
    const config = JSON.stringify({
      llm: { models: [{ name: 'gpt', provider: 'openAI', params: { apiKey: 'k' } }] },
    })
    const { port, nextEvent } = await startTestGateway(config, {
      standIn: { host: '127.0.0.1', port: upstream.port },
    })
    await post(port, CHAT, chat, { 'accept-encoding': 'gzip, deflate' })
    expect((await nextEvent()).usage).toEqual({ inputTokens: 30, outputTokens: 12 })
  })
})
