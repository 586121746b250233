import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  CompletionsFromMessagesStream,
  completionsError,
  errorFromMessages,
  fromMessages,
  TranslationError,
  toMessages,
} from '../../src/providers/anthropic-completions.ts'

/*
 * The official OpenAI client against the translator behind a real socket. The Messages side is played by a script: a
 * JSON answer, an error, or the events of a stream. What the client sent is kept as the Messages API would see it.
 */

interface Script {
  readonly status?: number
  readonly answer?: Record<string, unknown>
  readonly text?: string
  readonly events?: readonly Record<string, unknown>[]
}

let script: Script = {}
let received: Record<string, unknown> = {}
let server: Server
let client: OpenAI

beforeAll(async () => {
  server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${address.port}/v1`, maxRetries: 0 })
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
  const json = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  }
  try {
    received = toMessages(body, { defaultMaxTokens: 1000 })
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error
    json(error.status, completionsError(error.message, 'invalid_request_error', error.param))
    return
  }
  if (script.events === undefined) {
    if (script.answer) json(200, JSON.stringify(fromMessages(script.answer, { created: 5 })))
    else json(script.status ?? 500, errorFromMessages(script.status ?? 500, script.text ?? ''))
    return
  }
  const options = body['stream_options'] as { include_usage?: boolean } | undefined
  const translator = new CompletionsFromMessagesStream({
    created: 5,
    includeUsage: options?.include_usage === true,
  })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const bytes = Buffer.from(
    script.events.map(event => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  )
  // Seven bytes at a time: no event, and hardly a character, comes whole.
  for (let i = 0; i < bytes.length; i += 7) response.write(translator.push(bytes.subarray(i, i + 7)))
  response.write(translator.end())
  if (translator.complete) response.end()
  else setImmediate(() => response.destroy())
}

const MESSAGES = [{ role: 'user' as const, content: 'Wie ist das Wetter?' }]
const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
]
const start = {
  type: 'message_start',
  message: { id: 'msg_9', model: 'claude', usage: { input_tokens: 11, output_tokens: 1 } },
}
const delta = (text: string) => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text },
})
const finish = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 6 } },
  { type: 'message_stop' },
]

test('a plain answer', async () => {
  script = {
    answer: {
      id: 'msg_1',
      model: 'claude',
      content: [{ type: 'text', text: 'Regen.' }],
      stop_reason: 'max_tokens',
      usage: { input_tokens: 4, output_tokens: 2 },
    },
  }
  const completion = await client.chat.completions.create({
    model: 'claude',
    messages: [{ role: 'developer', content: 'Kurz.' }, ...MESSAGES],
    max_completion_tokens: 2,
    temperature: 2,
  })
  expect(completion).toMatchObject({ id: 'msg_1', object: 'chat.completion', created: 5, model: 'claude' })
  expect(completion.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Regen.' } })
  expect(completion.usage?.total_tokens).toBe(6)
  expect(received).toEqual({
    model: 'claude',
    system: 'Kurz.',
    max_tokens: 2,
    temperature: 1,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Wie ist das Wetter?' }] }],
  })
})

test('a streamed text with usage', async () => {
  script = { events: [start, { type: 'ping' }, delta('Grüße '), delta('🌧'), ...finish('end_turn')] }
  const stream = await client.chat.completions.create({
    model: 'claude',
    messages: MESSAGES,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let usage: OpenAI.CompletionUsage | null | undefined
  const finishes: unknown[] = []
  for await (const part of stream) {
    text += part.choices[0]?.delta.content ?? ''
    if (part.choices[0]?.finish_reason) finishes.push(part.choices[0].finish_reason)
    usage = part.usage
  }
  expect(text).toBe('Grüße 🌧')
  expect(finishes).toEqual(['stop'])
  expect(usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 6, total_tokens: 17 })
  expect(received['stream']).toBe(true)
})

test("the client's own accumulator builds streamed tool calls, and its message makes the next request", async () => {
  const tool = (index: number, id: string) => ({
    type: 'content_block_start',
    index,
    content_block: { type: 'tool_use', id, name: 'weather', input: {} },
  })
  const json = (index: number, partial_json: string) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  })
  script = {
    events: [
      start,
      delta('Moment.'),
      tool(1, 'toolu_a'),
      json(1, '{"city":'),
      json(1, '"Köln"}'),
      { type: 'content_block_stop', index: 1 },
      tool(2, 'toolu_b'),
      { type: 'content_block_stop', index: 2 },
      ...finish('tool_use'),
    ],
  }
  const first = await client.chat.completions
    .stream({
      model: 'claude',
      messages: MESSAGES,
      tools: TOOLS,
      tool_choice: 'required',
      parallel_tool_calls: false,
    })
    .finalChatCompletion()
  const message = first.choices[0]?.message
  expect(first.choices[0]?.finish_reason).toBe('tool_calls')
  expect(message?.content).toBe('Moment.')
  expect(message?.tool_calls).toMatchObject([
    { id: 'toolu_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
    { id: 'toolu_b', type: 'function', function: { name: 'weather', arguments: '{}' } },
  ])
  expect(received['tool_choice']).toEqual({ type: 'any', disable_parallel_tool_use: true })

  if (message === undefined) throw new Error('no message')
  script = { events: [start, delta('Regen.'), ...finish('end_turn')] }
  const second = await client.chat.completions
    .stream({
      model: 'claude',
      messages: [
        ...MESSAGES,
        message,
        { role: 'tool', tool_call_id: 'toolu_a', content: 'Regen' },
        { role: 'tool', tool_call_id: 'toolu_b', content: 'Sonne' },
      ],
      tools: TOOLS,
    })
    .finalContent()
  expect(second).toBe('Regen.')
  expect(received['messages']).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'Wie ist das Wetter?' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Moment.' },
        { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Köln' } },
        { type: 'tool_use', id: 'toolu_b', name: 'weather', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_a', content: [{ type: 'text', text: 'Regen' }] },
        { type: 'tool_result', tool_use_id: 'toolu_b', content: [{ type: 'text', text: 'Sonne' }] },
      ],
    },
  ])
})

test('an error in the middle of a stream is an APIError with the provider’s words', async () => {
  script = {
    events: [
      start,
      delta('a'),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ],
  }
  const stream = await client.chat.completions.create({ model: 'claude', messages: MESSAGES, stream: true })
  const seen: unknown[] = []
  const failure = await (async () => {
    for await (const part of stream) seen.push(part.choices[0]?.delta.content)
  })().catch((error: unknown) => error)
  expect(seen).toEqual(['', 'a'])
  expect(failure).toBeInstanceOf(APIError)
  expect(failure).toMatchObject({ type: 'overloaded_error', message: expect.stringContaining('Overloaded') })
})

test('a stream that was cut fails in the client', async () => {
  script = { events: [start, delta('half')] }
  await expect(
    client.chat.completions.stream({ model: 'claude', messages: MESSAGES }).finalContent(),
  ).rejects.toThrow()
})

test('a provider error is the right error class', async () => {
  script = { status: 429, text: '{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}' }
  const failure = await client.chat.completions
    .create({ model: 'claude', messages: MESSAGES })
    .catch((e: unknown) => e)
  expect(failure).toBeInstanceOf(RateLimitError)
  expect(failure).toMatchObject({ status: 429, type: 'rate_limit_error', message: '429 Slow down' })
})

test('a request without an equivalent is a BadRequestError with the field', async () => {
  const failure = await client.chat.completions
    .create({ model: 'claude', messages: MESSAGES, n: 3 })
    .catch((e: unknown) => e)
  expect(failure).toBeInstanceOf(BadRequestError)
  expect(failure).toMatchObject({ status: 400, param: 'n' })
})
