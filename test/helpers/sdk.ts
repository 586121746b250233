import type { ServerResponse } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { startTestGateway } from '../gateway/kit/gateway.ts'
import { type Seen, startUpstream } from '../gateway/kit/upstream.ts'

export type Answer = (response: ServerResponse, seen: Seen) => void

/** Both packages in front of a gateway whose providers are one server; `limit` is the largest body. */
export async function clients(answer: Answer, options: { maxRetries?: number; limit?: number } = {}) {
  const upstream = await startUpstream(answer)
  const { limit, maxRetries = 0 } = options
  const config = JSON.stringify({
    llm: {
      models: [
        { name: 'claude*', provider: 'anthropic', params: { apiKey: 'k' } },
        { name: '*', provider: 'openAI', params: { apiKey: 'k' } },
      ],
    },
    ...(limit !== undefined && { frontendPolicies: { http: { maxBufferSize: limit } } }),
  })
  const gateway = await startTestGateway(config, { standIn: { host: '127.0.0.1', port: upstream.port } })
  const { url } = gateway
  return {
    ...gateway,
    upstream,
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries }),
    anthropic: new Anthropic({ baseURL: url, apiKey: 'none', maxRetries }),
  }
}

export const json =
  (body: unknown): Answer =>
  response =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** Events of a stream, each in a chunk of its own; those of Anthropic carry their name. */
export const events =
  (...list: (object | string)[]): Answer =>
  async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of list) {
      if (typeof event === 'object' && 'type' in event) response.write(`event: ${event.type}\n`)
      response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }

export const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt',
  choices: [{ index: 0, delta, finish_reason }],
})
const toolChunk = (index: number, call: object) => chunk({ tool_calls: [{ index, ...call }] })

/** Two calls of a tool, as OpenAI streams them. */
export const OPENAI_TOOLS = [
  chunk({ role: 'assistant', content: null }),
  toolChunk(0, { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }),
  toolChunk(0, { function: { arguments: '{"city":' } }),
  toolChunk(0, { function: { arguments: '"Pâris"}' } }),
  toolChunk(1, {
    id: 'call_2',
    type: 'function',
    function: { name: 'weather', arguments: '{"city":"Rome"}' },
  }),
  chunk({}, 'tool_calls'),
  { ...chunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 } },
  '[DONE]',
]
const block = (index: number, id: string) => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'tool_use', id, name: 'weather', input: {} },
})
const partial = (index: number, partial_json: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
})
/** The same, as Anthropic does. */
export const ANTHROPIC_TOOLS = [
  {
    type: 'message_start',
    message: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 1 },
    },
  },
  block(0, 'call_1'),
  { type: 'ping' },
  partial(0, '{"city":'),
  partial(0, '"Pâris"}'),
  { type: 'content_block_stop', index: 0 },
  block(1, 'call_2'),
  partial(1, '{"city":"Rome"}'),
  { type: 'content_block_stop', index: 1 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 7 },
  },
  { type: 'message_stop' },
]
export const messages = [{ role: 'user' as const, content: 'Weather?' }]
export const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } }
export const openaiTools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
export const anthropicTools = [{ name: 'weather', input_schema: parameters }]
