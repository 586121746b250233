import { describe, expect, test } from 'vitest'
import { events, json, mock, OPENAI_KEY, post } from './harness.ts'
import { ANSWER, auth, chat } from './openai-chat.ts'

describe('chat completions', () => {
  test('answers with the last user message and usage that adds up', async () => {
    const { url } = await mock({ keys: [OPENAI_KEY], now: () => 1_700_000_000_900 })
    const response = await fetch(`${url}/v1/chat/completions`, post(auth, chat))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-request-id')).toMatch(/^req_\w{24}$/)
    expect(response.headers.get('openai-processing-ms')).toBe('1')
    const text = await response.text()
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(text))
    const body = JSON.parse(text)
    expect(body).toMatchObject({ object: 'chat.completion', created: 1_700_000_000, model: 'gpt-4o-mini' })
    expect(body.id).toMatch(/^chatcmpl-\w{29}$/)
    expect(body.choices).toHaveLength(1)
    expect(body.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } })
    expect(body.choices[0].message.content).toBe(ANSWER)
    const { prompt_tokens, completion_tokens, total_tokens } = body.usage
    const asked = 'Be brief.firstyes?Is the  second\none echoed?'
    expect(prompt_tokens).toBe(Math.ceil(asked.length / 4))
    expect(completion_tokens).toBe(Math.ceil(ANSWER.length / 4))
    expect(total_tokens).toBe(prompt_tokens + completion_tokens)
  })

  test('echoes at most 60 characters and never half of one', async () => {
    const { url } = await mock()
    const body = { model: 'm', messages: [{ role: 'user', content: '🙂'.repeat(70) }] }
    const answer = await json(await fetch(`${url}/v1/chat/completions`, post(auth, body)))
    expect(answer.choices[0].message.content).toBe(`mock answer to: ${'🙂'.repeat(60)}`)
  })

  test('a token limit cuts the answer and says so', async () => {
    const { url } = await mock()
    const answer = await json(
      await fetch(`${url}/v1/chat/completions`, post(auth, { ...chat, max_tokens: 2 })),
    )
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'mock ans' } })
    expect(answer.usage.completion_tokens).toBe(2)
  })

  test('ids differ between requests and repeat between runs', async () => {
    const ids = async () => {
      const { url } = await mock()
      const one = await json(await fetch(`${url}/v1/chat/completions`, post(auth, chat)))
      const two = await json(await fetch(`${url}/v1/chat/completions`, post(auth, chat)))
      return [one.id, two.id]
    }
    const first = await ids()
    expect(new Set(first).size).toBe(2)
    expect(await ids()).toEqual(first)
  })

  test.each([
    { name: 'without usage', options: undefined },
    { name: 'with usage', options: { include_usage: true } },
  ])('streams role, words, reason and [DONE], $name', async ({ options }) => {
    const { url } = await mock()
    const asked = { ...chat, stream: true, ...(options ? { stream_options: options } : {}) }
    const response = await fetch(`${url}/v1/chat/completions`, post(auth, asked))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('content-length')).toBeNull()
    const seen = await events(response)
    expect(seen.every(one => one.event === undefined)).toBe(true)
    expect(seen.at(-1)?.data).toBe('[DONE]')
    const chunks = seen.slice(0, -1).map(one => JSON.parse(one.data))
    expect(new Set(chunks.map(chunk => `${chunk.id} ${chunk.object} ${chunk.model}`)).size).toBe(1)
    expect(chunks[0].object).toBe('chat.completion.chunk')
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '', refusal: null })
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toBe(ANSWER)
    const reasons = chunks.map(chunk => chunk.choices[0]?.finish_reason)
    expect(reasons.filter(reason => reason === 'stop')).toHaveLength(1)
    const last = chunks.at(-1)
    if (!options) {
      expect(chunks.every(chunk => !('usage' in chunk))).toBe(true)
      expect(last.choices[0].finish_reason).toBe('stop')
    } else {
      expect(chunks.slice(0, -1).every(chunk => chunk.usage === null)).toBe(true)
      expect(last.choices).toEqual([])
      expect(last.usage.total_tokens).toBe(last.usage.prompt_tokens + last.usage.completion_tokens)
      expect(last.usage.completion_tokens).toBe(Math.ceil(ANSWER.length / 4))
    }
  })
})

describe('the same API below other paths', () => {
  test.each([
    '/v1/chat/completions',
    '/openai/v1/chat/completions',
    '/api/v1/chat/completions',
    '/v1beta/openai/chat/completions',
    '/inference/v1/chat/completions',
    '/chat/completions',
    '/v1/chat/completions?beta=true',
  ])('%s', async path => {
    const shapes: string[] = []
    const { url } = await mock({ onRequest: seen => shapes.push(`${seen.shape} ${seen.path}`) })
    const response = await fetch(url + path, post(auth, chat))
    expect((await json(response)).choices[0].message.content).toBe(ANSWER)
    expect(shapes).toEqual([`openai ${path}`])
  })
})

describe('responses', () => {
  test.each([
    { name: 'a text', input: 'hello' },
    { name: 'messages', input: [{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }] },
  ])('answers $name', async ({ input }) => {
    const { url } = await mock()
    const body = await json(await fetch(`${url}/v1/responses`, post(auth, { model: 'gpt-5-mini', input })))
    expect(body).toMatchObject({ object: 'response', status: 'completed', error: null, model: 'gpt-5-mini' })
    expect(body.id).toMatch(/^resp_\w{48}$/)
    expect(body.output[0]).toMatchObject({ type: 'message', role: 'assistant', status: 'completed' })
    expect(body.output[0].content[0]).toMatchObject({ type: 'output_text', text: 'mock answer to: hello' })
    expect(body.usage).toMatchObject({ input_tokens: 2, output_tokens: 6, total_tokens: 8 })
  })

  test('streams its events in the order of the API, numbered', async () => {
    const { url } = await mock()
    const asked = { model: 'gpt-5-mini', input: 'hello', stream: true }
    const response = await fetch(`${url}/v1/responses`, post(auth, asked))
    const seen = await events(response)
    const values = seen.map(one => JSON.parse(one.data))
    expect(values.map(value => value.type)).toEqual(seen.map(one => one.event))
    expect(values.map(value => value.sequence_number)).toEqual(values.map((_, index) => index))
    const delta = 'response.output_text.delta'
    const deltas = values.filter(value => value.type === delta)
    expect(deltas.map(value => value.delta).join('')).toBe('mock answer to: hello')
    expect(
      values.map(value => value.type).filter((type, at, all) => type !== delta || all[at - 1] !== delta),
    ).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      delta,
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(values[0].response).toMatchObject({ status: 'in_progress', output: [], usage: null })
    expect(values.at(-1).response).toMatchObject({ status: 'completed', usage: { total_tokens: 8 } })
  })

  test('a token limit makes it incomplete', async () => {
    const { url } = await mock()
    const asked = { model: 'm', input: 'hello', max_output_tokens: 1 }
    const body = await json(await fetch(`${url}/v1/responses`, post(auth, asked)))
    expect(body).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    const stream = await events(await fetch(`${url}/v1/responses`, post(auth, { ...asked, stream: true })))
    expect(stream.at(-1)?.event).toBe('response.incomplete')
  })
})

describe('embeddings', () => {
  const embed = async (url: string, fields: object) =>
    json(await fetch(`${url}/v1/embeddings`, post(auth, { model: 'text-embedding-3-small', ...fields })))

  test('are unit vectors of eight numbers that depend on the text alone', async () => {
    const { url } = await mock()
    const body = await embed(url, { input: ['a', 'b', 'a'] })
    const [a, b, again] = body.data.map((one: { embedding: number[] }) => one.embedding)
    expect(a).toHaveLength(8)
    expect(Math.hypot(...a)).toBeCloseTo(1, 5)
    expect(again).toEqual(a)
    expect(b).not.toEqual(a)
    expect(body.data.map((one: { index: number }) => one.index)).toEqual([0, 1, 2])
    expect(body.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
  })

  test('base64 holds the same numbers, of the dimensions asked', async () => {
    const { url } = await mock()
    const plain = await embed(url, { input: 'text', dimensions: 11 })
    const packed = await embed(url, { input: 'text', dimensions: 11, encoding_format: 'base64' })
    const bytes = Buffer.from(packed.data[0].embedding, 'base64')
    expect(bytes).toHaveLength(44)
    const numbers = Array.from({ length: 11 }, (_, index) => bytes.readFloatLE(index * 4))
    expect(numbers).toEqual(plain.data[0].embedding)
  })

  test('take tokens too', async () => {
    const { url } = await mock()
    const body = await embed(url, { input: [[1, 2, 3], [4]] })
    expect(body.data).toHaveLength(2)
    expect(body.usage.prompt_tokens).toBe(4)
  })
})

describe('models', () => {
  test('are listed, and any one is found but the one that does not exist', async () => {
    const { url } = await mock()
    const list = await json(await fetch(`${url}/v1/models`, { headers: auth }))
    expect(list.object).toBe('list')
    expect(list.data.length).toBeGreaterThan(2)
    expect(list.data[0]).toMatchObject({
      object: 'model',
      id: expect.any(String),
      owned_by: expect.any(String),
    })
    const one = await json(await fetch(`${url}/v1/models/meta-llama/Llama-3`, { headers: auth }))
    expect(one).toMatchObject({ id: 'meta-llama/Llama-3', object: 'model' })
    const none = await fetch(`${url}/v1/models/does-not-exist`, { headers: auth })
    expect(none.status).toBe(404)
    expect((await json(none)).error.code).toBe('model_not_found')
  })
})
