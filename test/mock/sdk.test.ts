import OpenAI, { AzureOpenAI } from 'openai'
import { describe, expect, test } from 'vitest'
import { AZURE_KEY, mock, OPENAI_KEY } from './harness.ts'

const messages = [{ role: 'user', content: 'hello' }] as const
const ANSWER = 'mock answer to: hello'

async function client(options: Parameters<typeof mock>[0] = {}, apiKey = OPENAI_KEY): Promise<OpenAI> {
  const { url } = await mock({ keys: [OPENAI_KEY], ...options })
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
}

describe('the openai package', () => {
  test('chat.completions.create', async () => {
    const openai = await client()
    const completion = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    expect(completion.choices[0]?.message.content).toBe(ANSWER)
    expect(completion.usage?.total_tokens).toBe(8)
    expect(completion._request_id).toMatch(/^req_/)
  })

  test('chat.completions.create, streamed', async () => {
    const openai = await client()
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let total: number | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      total = chunk.usage?.total_tokens ?? total
    }
    expect([text, total]).toEqual([ANSWER, 8])
  })

  test('responses.create, whole and streamed', async () => {
    const openai = await client()
    const response = await openai.responses.create({ model: 'gpt-5-mini', input: 'hello' })
    expect(response.output_text).toBe(ANSWER)
    const stream = openai.responses.stream({ model: 'gpt-5-mini', input: 'hello' })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(ANSWER)
    expect(final.usage?.total_tokens).toBe(8)
  })

  test('models.list', async () => {
    const openai = await client()
    const ids: string[] = []
    for await (const model of openai.models.list()) ids.push(model.id)
    expect(ids).toContain('gpt-4o-mini')
  })

  test('embeddings.create, decoded from the base64 it asks for', async () => {
    const openai = await client()
    const asked = { model: 'text-embedding-3-small', input: 'hello', dimensions: 16 }
    const decoded = await openai.embeddings.create(asked)
    const plain = await openai.embeddings.create({ ...asked, encoding_format: 'float' })
    expect(decoded.data[0]?.embedding).toHaveLength(16)
    expect(decoded.data[0]?.embedding).toEqual(plain.data[0]?.embedding)
  })

  test.each([
    {
      name: 'a wrong key',
      options: {},
      key: 'sk-wrong',
      error: OpenAI.AuthenticationError,
      code: 'invalid_api_key',
    },
    {
      name: '429',
      options: { failStatus: 429 },
      key: OPENAI_KEY,
      error: OpenAI.RateLimitError,
      code: 'rate_limit_exceeded',
    },
    {
      name: '500',
      options: { failStatus: 500 },
      key: OPENAI_KEY,
      error: OpenAI.InternalServerError,
      code: null,
    },
  ])('$name is its $error.name', async ({ options, key, error, code }) => {
    const openai = await client(options, key)
    const failure = await openai.models.list().then(
      () => undefined,
      reason => reason,
    )
    expect(failure).toBeInstanceOf(error)
    expect(failure.code).toBe(code)
  })

  test('an unknown model is its NotFoundError', async () => {
    const openai = await client()
    const asked = openai.chat.completions.create({ model: 'does-not-exist', messages: [...messages] })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  test('its Azure client', async () => {
    const { url } = await mock({ keys: [AZURE_KEY] })
    const azure = new AzureOpenAI({
      endpoint: url,
      apiKey: AZURE_KEY,
      apiVersion: '2024-10-21',
      maxRetries: 0,
    })
    const completion = await azure.chat.completions.create({ model: 'my-gpt', messages: [...messages] })
    expect([completion.model, completion.choices[0]?.message.content]).toEqual(['my-gpt', ANSWER])
  })
})
