import { describe, expect, test } from 'vitest'
import { json, mock, OPENAI_KEY, post } from './harness.ts'
import { auth, chat, messages } from './openai-chat.ts'

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
    expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null)
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
