import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Answer, post } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import {
  CHAT,
  CHAT_USAGE,
  CHUNK,
  CLAUDE_ANSWER,
  CLAUDE_STREAM,
  candidates,
  charged,
  chat,
  claude,
  GEMINI_USAGE,
  GPT_ANSWER,
  json,
  MESSAGES,
  STOPPED,
  stream,
  type Upstream,
} from '../kit/token-cost.ts'
import { startUpstream } from '../kit/upstream.ts'

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
