import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { post } from './client.ts'
import { startTestGateway } from './gateway.ts'
import { startUpstream } from './upstream.ts'
import { eventually } from './wait.ts'

/** One provider of each dialect behind one token limit that fills once an hour. */
const LIMIT = 1_000_000
const config = (policies: object) => ({
  llm: {
    policies: {
      localRateLimit: [{ maxTokens: LIMIT, tokensPerFill: 1, fillInterval: '1h', type: 'tokens' }],
      ...policies,
    },
    models: [
      { name: 'gpt', provider: 'openAI', params: { apiKey: 'k' } },
      { name: 'claude', provider: 'anthropic', params: { apiKey: 'k' } },
      { name: 'gemini', provider: 'gemini', params: { apiKey: 'k' } },
      { name: 'cohere', provider: 'cohere', params: { apiKey: 'k' } },
    ],
  },
})

export const CHAT = '/v1/chat/completions'
export const MESSAGES = '/v1/messages'
export const messages = [{ role: 'user', content: 'hi' }]

/** What the upstream does with a request. */
export type Upstream = (response: ServerResponse) => void

interface Ground {
  readonly port: number
  /** How many tokens are left, as a request that costs none is told. */
  left(): Promise<number>
}

/** A gateway whose upstream answers as it is told; probes are answered by themselves. */
async function ground(answer: Upstream, policies: object): Promise<Ground> {
  const upstream = await startUpstream((response, seen) => {
    if (!seen.body.includes('"probe"')) return answer(response)
    response.setHeader('content-type', 'application/json')
    response.end('{"usage":{"prompt_tokens":0,"completion_tokens":0}}')
  })
  const { port, events } = await startTestGateway(JSON.stringify(config(policies)), {
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

/** Tokens that are charged for what `act` does; `policies` stand beside the limit. */
export async function charged(
  answer: Upstream,
  act: (port: number) => Promise<unknown>,
  policies: object = {},
): Promise<number> {
  const { port, left } = await ground(answer, policies)
  const before = await left()
  await act(port)
  return before - (await left())
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Upstream =>
  response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

/** A stream of those events, each in a write of its own and some in two. */
export const stream =
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

export const CHUNK = { choices: [{ index: 0, delta: { content: 'hello' }, finish_reason: null }] }
export const CHAT_USAGE = { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 }
export const STOPPED = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
export const CACHED = { input_tokens: 5, cache_read_input_tokens: 70, cache_creation_input_tokens: 20 }
export const START = {
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
export const DELTA = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } }
export const CLAUDE_STREAM = [
  START,
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  DELTA,
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 12 } },
  { type: 'message_stop' },
]
export const CLAUDE_ANSWER = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  usage: { ...CACHED, output_tokens: 12 },
}
export const GPT_ANSWER = {
  id: 'x',
  model: 'gpt',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: CHAT_USAGE,
}
export const GEMINI_USAGE = {
  promptTokenCount: 30,
  candidatesTokenCount: 10,
  thoughtsTokenCount: 2,
  totalTokenCount: 42,
}
export const candidates = [{ content: { parts: [{ text: 'hello' }] } }]

export const chat = { model: 'gpt', messages, max_tokens: 500 }
export const claude = { model: 'claude', messages, max_tokens: 500 }

/** A request whose answer the test takes as it likes. */
export function open(port: number, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers })
  sent.on('error', () => {})
  const answer = new Promise<IncomingMessage>(resolve => sent.once('response', resolve))
  sent.end(JSON.stringify(body))
  return { sent, answer }
}
