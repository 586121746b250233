import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { ANTHROPIC_KEY, GEMINI_KEY, json, mock, OPENAI_KEY, post } from './harness.ts'

const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { enum: ['kelvin', 'celsius'] }, days: { type: 'integer' } },
  required: ['city', 'unit'],
  additionalProperties: false,
}
const SMALLEST = { city: 'mock', unit: 'kelvin' }
const question = { role: 'user', content: 'How warm is it?' } as const

describe('an answer that is wanted in JSON is the smallest that fits', () => {
  const openai = async () =>
    new OpenAI({ baseURL: `${(await mock()).url}/v1`, apiKey: OPENAI_KEY, maxRetries: 0 })

  test('Chat Completions', async () => {
    const client = await openai()
    const response_format = { type: 'json_schema', json_schema: { name: 'weather', schema } } as const
    const body = { model: 'gpt-4o-mini', messages: [question], response_format }
    const whole = await client.chat.completions.parse(body)
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop', message: { parsed: SMALLEST } })
    const streamed = await client.chat.completions.stream(body).finalChatCompletion()
    expect(JSON.parse(streamed.choices[0]?.message.content ?? '')).toEqual(SMALLEST)
    const any = await client.chat.completions.create({ ...body, response_format: { type: 'json_object' } })
    expect(any.choices[0]?.message.content).toBe('{}')
  })

  test('Chat Completions, after a tool has answered, and cut by a limit', async () => {
    const client = await openai()
    const response_format = { type: 'json_schema', json_schema: { name: 'weather', schema } } as const
    const tool_calls = [{ id: 'c', type: 'function' as const, function: { name: 'f', arguments: '{}' } }]
    const messages = [
      question,
      { role: 'assistant' as const, tool_calls },
      { role: 'tool' as const, tool_call_id: 'c', content: '280 K' },
    ]
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages, response_format })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual(SMALLEST)
    const cut = { model: 'gpt-4o-mini', messages, response_format, max_tokens: 2 }
    expect((await client.chat.completions.create(cut)).choices[0]?.finish_reason).toBe('length')
  })

  test('Responses', async () => {
    const client = await openai()
    const format = { type: 'json_schema', name: 'weather', schema } as const
    const answer = await client.responses.create({ model: 'gpt-4o-mini', input: 'hi', text: { format } })
    expect(JSON.parse(answer.output_text)).toEqual(SMALLEST)
  })

  test('Messages', async () => {
    const client = new Anthropic({ baseURL: (await mock()).url, apiKey: ANTHROPIC_KEY, maxRetries: 0 })
    const answer = await client.messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      messages: [question],
      output_config: { format: { type: 'json_schema', schema } },
    })
    const [block] = answer.content
    expect(block?.type === 'text' && JSON.parse(block.text)).toEqual(SMALLEST)
  })

  test.each([
    { responseMimeType: 'application/json', responseSchema: schema },
    { response_mime_type: 'application/json', response_json_schema: schema },
  ])('Gemini: %j', async generationConfig => {
    const { url } = await mock()
    const body = { contents: [{ parts: [{ text: 'hi' }] }], generationConfig }
    const path = '/v1beta/models/gemini-2.5-flash:generateContent'
    const answer = await json(await fetch(`${url}${path}`, post({ 'x-goog-api-key': GEMINI_KEY }, body)))
    expect(JSON.parse(answer.candidates[0].content.parts[0].text)).toEqual(SMALLEST)
  })

  test.each([
    [JSON.stringify(schema), SMALLEST],
    ['{', {}],
  ])('Bedrock: %s', async (text, smallest) => {
    const { url } = await mock()
    const textFormat = { type: 'json_schema', structure: { jsonSchema: { schema: text } } }
    const body = { messages: [{ role: 'user', content: [{ text: 'hi' }] }], outputConfig: { textFormat } }
    const auth = { authorization: 'Bearer ABSKcanaryBEDROCK0123456789abcdefghij' }
    const answer = await json(await fetch(`${url}/model/m/converse`, post(auth, body)))
    expect(JSON.parse(answer.output.message.content[0].text)).toEqual(smallest)
  })
})
