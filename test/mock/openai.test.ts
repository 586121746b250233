import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { events, json, mock, OPENAI_KEY, post } from './harness.ts'

const auth = { authorization: `Bearer ${OPENAI_KEY}` }
const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'first' },
  { role: 'assistant', content: 'yes?' },
  { role: 'user', content: [{ type: 'text', text: 'Is the  second\none echoed?' }] },
]
const chat = { model: 'gpt-4o-mini', messages }
const ANSWER = 'mock answer to: Is the second one echoed?'

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

interface Refusal {
  readonly name: string
  readonly path?: string
  readonly init: RequestInit
  readonly status: number
  readonly error: Record<string, unknown>
}

const invalid = { type: 'invalid_request_error', param: null, code: null }

describe('refusals', () => {
  const refusals: Refusal[] = [
    {
      name: 'no key',
      init: post({}, chat),
      status: 401,
      error: { ...invalid, message: expect.stringMatching(/^You didn't provide an API key/) },
    },
    {
      name: 'a key without Bearer',
      init: post({ authorization: OPENAI_KEY }, chat),
      status: 401,
      error: { ...invalid, message: expect.stringMatching(/^You didn't provide/) },
    },
    {
      name: 'a key in the header of another provider',
      init: post({ 'x-api-key': OPENAI_KEY }, chat),
      status: 401,
      error: { ...invalid, message: expect.stringMatching(/^You didn't provide/) },
    },
    {
      name: 'a wrong key',
      init: post({ authorization: 'Bearer sk-proj-wrongwrongwrongwrongZZZZ' }, chat),
      status: 401,
      error: {
        ...invalid,
        code: 'invalid_api_key',
        message: expect.stringMatching(/^Incorrect API key provided: sk-pr\*\*\*ZZZZ\. /),
      },
    },
    {
      name: 'a short wrong key, of which nothing is shown',
      init: post({ authorization: 'Bearer wrong' }, chat),
      status: 401,
      error: { ...invalid, code: 'invalid_api_key', message: expect.stringMatching(/provided: \*\*\*\. /) },
    },
    {
      name: 'an unknown model',
      init: post(auth, { ...chat, model: 'does-not-exist' }),
      status: 404,
      error: { ...invalid, code: 'model_not_found', message: expect.stringContaining('`does-not-exist`') },
    },
    {
      name: 'broken JSON',
      init: post(auth, '{"model": '),
      status: 400,
      error: { ...invalid, message: expect.stringMatching(/^We could not parse the JSON body/) },
    },
    {
      name: 'JSON that is no object',
      init: post(auth, '[]'),
      status: 400,
      error: { ...invalid, message: expect.stringMatching(/^We could not parse the JSON body/) },
    },
    {
      name: 'JSON nested deeper than a stack',
      init: post(auth, '['.repeat(200_000) + ']'.repeat(200_000)),
      status: 400,
      error: { ...invalid, message: expect.stringMatching(/^We could not parse the JSON body/) },
    },
    {
      name: 'no model',
      init: post(auth, { messages }),
      status: 400,
      error: { ...invalid, message: 'you must provide a model parameter' },
    },
    {
      name: 'no messages',
      init: post(auth, { model: 'm' }),
      status: 400,
      error: {
        ...invalid,
        param: 'messages',
        code: 'missing_required_parameter',
        message: expect.any(String),
      },
    },
    {
      name: 'empty messages',
      init: post(auth, { model: 'm', messages: [] }),
      status: 400,
      error: { ...invalid, param: 'messages', code: 'invalid_type', message: expect.any(String) },
    },
    {
      name: 'no input',
      path: '/v1/responses',
      init: post(auth, { model: 'm' }),
      status: 400,
      error: { ...invalid, param: 'input', code: 'missing_required_parameter', message: expect.any(String) },
    },
    {
      name: 'too many dimensions',
      path: '/v1/embeddings',
      init: post(auth, { model: 'm', input: 'a', dimensions: 5000 }),
      status: 400,
      error: { ...invalid, param: 'dimensions', message: expect.stringContaining('3072') },
    },
    {
      name: 'an input that is neither text nor tokens',
      path: '/v1/embeddings',
      init: post(auth, { model: 'm', input: [['a', 'b']] }),
      status: 400,
      error: { ...invalid, param: 'input', code: 'missing_required_parameter', message: expect.any(String) },
    },
    {
      name: 'another method',
      init: { headers: auth },
      status: 405,
      error: { ...invalid, code: 'method_not_supported', message: expect.stringContaining('GET') },
    },
    {
      name: 'an unknown path',
      path: '/v1/teapots',
      init: post(auth, chat),
      status: 404,
      error: { ...invalid, message: 'Invalid URL (POST /v1/teapots)' },
    },
  ]
  test.each(refusals)('$name', async ({ path = '/v1/chat/completions', init, status, error }) => {
    const { url } = await mock({ keys: [OPENAI_KEY] })
    const response = await fetch(url + path, init)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await json(response)).toEqual({ error })
  })

  test('a missing key is refused even where any key is good', async () => {
    const { url } = await mock()
    expect((await fetch(`${url}/v1/models`)).status).toBe(401)
    expect((await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer any' } })).status).toBe(200)
  })

  test('keys given as a function are read for every request', async () => {
    let good = ['sk-old']
    const { url } = await mock({ keys: () => good })
    const status = async (key: string) =>
      (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status
    expect([await status('sk-old'), await status('sk-new')]).toEqual([200, 401])
    good = ['sk-new']
    expect([await status('sk-old'), await status('sk-new')]).toEqual([401, 200])
  })
})

describe('request bodies', () => {
  test('gzip is decompressed', async () => {
    const { url } = await mock()
    const init = post({ ...auth, 'content-encoding': 'gzip' }, chat)
    const response = await fetch(`${url}/v1/chat/completions`, {
      ...init,
      body: gzipSync(JSON.stringify(chat)),
    })
    expect((await json(response)).choices[0].message.content).toBe(ANSWER)
  })

  test.each([
    { name: 'one byte over 32 MiB', headers: {}, body: Buffer.alloc(32 * 1024 * 1024 + 1, ' ') },
    {
      name: 'gzip that grows over it',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(33 * 1024 * 1024, ' ')),
    },
  ])('$name is 413', async ({ headers, body }) => {
    const sizes: number[] = []
    const { url } = await mock({ onRequest: seen => sizes.push(seen.bodyBytes) })
    const init = { method: 'POST', headers: { ...auth, ...headers }, body }
    const response = await fetch(`${url}/v1/chat/completions`, init)
    expect(response.status).toBe(413)
    expect((await json(response)).error.code).toBe('request_too_large')
    expect(sizes).toEqual([body.length])
  })

  test('32 MiB exactly is read', async () => {
    const { url } = await mock()
    const head = JSON.stringify(chat)
    const init = { method: 'POST', headers: auth, body: head.padEnd(32 * 1024 * 1024, ' ') }
    expect((await fetch(`${url}/v1/chat/completions`, init)).status).toBe(200)
  })
})

test('what was seen is told, with fingerprints in the place of keys', async () => {
  const seen: unknown[] = []
  const { url } = await mock({ onRequest: one => seen.push(one) })
  const body = JSON.stringify({ ...chat, stream: true })
  const init = { method: 'POST', headers: { ...auth, 'X-Team': 'blue' }, body }
  const running = await fetch(`${url}/v1/chat/completions?a=1&a=2`, init)
  await running.text()
  const print = fingerprint(OPENAI_KEY)
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({
    method: 'POST',
    path: '/v1/chat/completions?a=1&a=2',
    shape: 'openai',
    keyFingerprint: print,
    model: 'gpt-4o-mini',
    stream: true,
    bodyBytes: Buffer.byteLength(body),
    body: JSON.parse(body),
    headers: { authorization: `Bearer ${print}`, 'x-team': 'blue' },
  })
  expect(seen[0]).toMatchObject({
    rawHeaders: expect.arrayContaining([['authorization', `Bearer ${print}`]]),
  })
})
