import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { startTestGateway } from '../gateway/kit/gateway.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { clients, events, json, messages } from '../helpers/sdk.ts'

describe('other calls of the OpenAI package', () => {
  it('responses.create, streamed', async () => {
    const response = {
      id: 'r1',
      object: 'response',
      status: 'completed',
      model: 'gpt',
      output: [
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'hello', annotations: [] }],
        },
      ],
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
    }
    const { openai, upstream, nextEvent } = await clients(
      events(
        { type: 'response.created', response: { ...response, status: 'in_progress', usage: null } },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'hello' },
        { type: 'response.completed', response },
      ),
    )
    const types: string[] = []
    for await (const event of await openai.responses.create({ model: 'gpt', input: 'hi', stream: true }))
      types.push(event.type)
    expect(types).toEqual(['response.created', 'response.output_text.delta', 'response.completed'])
    expect(upstream.seen[0]?.url).toBe('/v1/responses')
    expect((await nextEvent()).usage).toEqual({ inputTokens: 3, outputTokens: 4 })
  })

  it('embeddings.create, whose numbers come as base64', async () => {
    const numbers = Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64')
    const { openai, upstream } = await clients(
      json({
        object: 'list',
        data: [{ index: 0, embedding: numbers }],
        usage: { prompt_tokens: 2, total_tokens: 2 },
      }),
    )
    const { data } = await openai.embeddings.create({ model: 'text-embedding-3-small', input: ['a'] })
    expect(data[0]?.embedding).toEqual([0.5, -1])
    expect(JSON.parse(upstream.seen[0]?.body ?? '')).toMatchObject({ encoding_format: 'base64' })
  })

  it('audio.transcriptions.create: a form with a file', async () => {
    const { openai, upstream } = await clients(json({ text: 'hello' }))
    const file = await toFile(Buffer.from([0, 1, 2, 255, 13, 10]), 'a.wav')
    const { text } = await openai.audio.transcriptions.create({ model: 'whisper-1', file })
    expect(text).toBe('hello')
    const [seen] = upstream.seen
    expect(seen?.url).toBe('/v1/audio/transcriptions')
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer k',
      'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/),
    })
    expect(seen?.body).toContain('filename="a.wav"')
  })

  it('files.create: a form that names no model has nowhere to go', async () => {
    const { openai } = await clients(json({}))
    const file = await toFile(Buffer.from('{}'), 'a.jsonl')
    await expect(openai.files.create({ file, purpose: 'batch' })).rejects.toMatchObject({
      status: 400,
      code: 'missing_model',
    })
  })

  it('files.create through a route: the form arrives as it was sent', async () => {
    const upstream = await startUpstream(json({ id: 'file-1', object: 'file' }))
    const ai = { name: 'openai', provider: { openAI: {} } }
    const policies = { ai: { routes: { '*': 'passthrough' } }, backendAuth: { key: 'k' } }
    const route = { backends: [{ ai }], policies }
    const { url } = await startTestGateway(
      JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [route] }] }] }),
      { standIn: { host: '127.0.0.1', port: upstream.port } },
    )
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
    const lines = '{"n":1}\n'.repeat(400_000)
    const file = await toFile(Buffer.from(lines), 'a.jsonl')
    expect((await openai.files.create({ file, purpose: 'batch' })).id).toBe('file-1')
    // More than the gateway ever looks into, whole.
    expect(upstream.seen[0]?.body.length).toBeGreaterThan(lines.length)
    expect(upstream.seen[0]?.headers['authorization']).toBe('Bearer k')
  })

  it('chat.completions.create with a picture, once the config allows for it', async () => {
    const { openai, upstream } = await clients(json({ id: 'x', choices: [] }), { limit: 8 * 1024 * 1024 })
    const url = `data:image/png;base64,${'A'.repeat(4 * 1024 * 1024)}`
    const content = [{ type: 'image_url' as const, image_url: { url } }]
    await openai.chat.completions.create({ model: 'gpt', messages: [{ role: 'user', content }] })
    expect(upstream.seen[0]?.body).toContain(url)
  })
})

describe('other calls of the Anthropic package', () => {
  it('messages.countTokens', async () => {
    const { anthropic, upstream } = await clients(json({ input_tokens: 14 }))
    expect(await anthropic.messages.countTokens({ model: 'claude-x', messages })).toEqual({
      input_tokens: 14,
    })
    expect(upstream.seen[0]?.url).toBe('/v1/messages/count_tokens')
  })

  it('messages.countTokens for a provider that cannot', async () => {
    const { anthropic, upstream } = await clients(json({}))
    await expect(anthropic.messages.countTokens({ model: 'gpt', messages })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    )
    expect(upstream.seen).toEqual([])
  })
})
