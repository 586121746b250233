import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { ANTHROPIC_KEY, events, json, mock, post } from './harness.ts'

const OAUTH = 'sk-ant-oat01-canaryOAUTH0123456789'
const version = { 'anthropic-version': '2023-06-01' }
const auth = { 'x-api-key': ANTHROPIC_KEY, ...version }
const body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 100,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [{ role: 'user', content: 'hello' }],
}
const ANSWER = 'mock answer to: hello'

describe('messages', () => {
  test.each(['/v1/messages', '/v1/messages?beta=true', '/anthropic/v1/messages'])(
    'answers at %s',
    async path => {
      const { url } = await mock({ keys: [ANTHROPIC_KEY] })
      const response = await fetch(url + path, post(auth, body))
      expect(response.status).toBe(200)
      expect(response.headers.get('request-id')).toMatch(/^req_011\w{21}$/)
      const answer = await json(response)
      expect(answer).toMatchObject({
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [{ type: 'text', text: ANSWER }],
        stop_reason: 'end_turn',
        stop_sequence: null,
      })
      expect(answer.id).toMatch(/^msg_01\w{22}$/)
      expect(answer.usage).toMatchObject({ input_tokens: 4, output_tokens: 6 })
    },
  )

  test('streams the events of the API with usage at both ends', async () => {
    const { url } = await mock()
    const response = await fetch(`${url}/v1/messages`, post(auth, { ...body, stream: true }))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('content-length')).toBeNull()
    const seen = await events(response)
    const values = seen.map(one => JSON.parse(one.data))
    expect(values.map(value => value.type)).toEqual(seen.map(one => one.event))
    const delta = 'content_block_delta'
    expect(
      values.map(value => value.type).filter((type, at, all) => type !== delta || all[at - 1] !== delta),
    ).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      delta,
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(values[0].message).toMatchObject({ content: [], usage: { input_tokens: 4, output_tokens: 1 } })
    const deltas = values.filter(value => value.type === delta)
    expect(deltas.map(value => value.delta.text).join('')).toBe(ANSWER)
    expect(deltas.length).toBeGreaterThan(1)
    expect(values.at(-2)).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 6 } })
  })

  test('a token limit is the stop reason', async () => {
    const { url } = await mock()
    const answer = await json(await fetch(`${url}/v1/messages`, post(auth, { ...body, max_tokens: 1 })))
    expect(answer).toMatchObject({ stop_reason: 'max_tokens', content: [{ text: 'mock' }] })
    expect(answer.usage.output_tokens).toBe(1)
  })

  test('tokens are counted without max_tokens', async () => {
    const { url } = await mock()
    const { max_tokens: _, ...asked } = body
    const answer = await json(await fetch(`${url}/v1/messages/count_tokens`, post(auth, asked)))
    expect(answer).toEqual({ input_tokens: 4 })
  })

  // The package of Anthropic itself sends API keys so.
  test.each([
    ['an OAuth token', OAUTH],
    ['an API key', ANTHROPIC_KEY],
  ])('%s is taken as a Bearer', async (_, key) => {
    const prints: (string | undefined)[] = []
    const { url } = await mock({ keys: [key], onRequest: seen => prints.push(seen.keyFingerprint) })
    const init = post({ authorization: `Bearer ${key}`, ...version }, body)
    expect((await fetch(`${url}/v1/messages`, init)).status).toBe(200)
    expect(prints).toEqual([fingerprint(key)])
  })
})

describe('models', () => {
  test('are listed in this form where anthropic-version is sent, else as OpenAI lists them', async () => {
    const { url } = await mock()
    const list = await json(await fetch(`${url}/v1/models`, { headers: auth }))
    expect(list).toMatchObject({ has_more: false, first_id: list.data[0].id, last_id: list.data.at(-1).id })
    expect(list.data[0]).toMatchObject({ type: 'model', display_name: expect.any(String) })
    const one = await json(await fetch(`${url}/v1/models/claude-x`, { headers: auth }))
    expect(one).toMatchObject({ type: 'model', id: 'claude-x' })
    const plain = await json(await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer k' } }))
    expect(plain.object).toBe('list')
  })
})

describe('refusals', () => {
  const authentication = 'authentication_error'
  const invalid = 'invalid_request_error'
  const without = (field: keyof typeof body) => ({ ...body, [field]: undefined })
  test.each([
    ['no key', post(version, body), 401, authentication, 'x-api-key header is required'],
    [
      'a wrong key',
      post({ ...version, 'x-api-key': 'sk-ant-api03-wrong' }, body),
      401,
      authentication,
      'invalid x-api-key',
    ],
    [
      'a wrong key as a Bearer',
      post({ ...version, authorization: 'Bearer sk-ant-api03-wrong' }, body),
      401,
      authentication,
      'Invalid bearer token',
    ],
    [
      'an OAuth token as an API key',
      post({ ...version, 'x-api-key': OAUTH }, body),
      401,
      authentication,
      'invalid x-api-key',
    ],
    [
      'no version',
      post({ 'x-api-key': ANTHROPIC_KEY }, body),
      400,
      invalid,
      'anthropic-version: header is required',
    ],
    ['no max_tokens', post(auth, without('max_tokens')), 400, invalid, 'max_tokens: Field required'],
    ['no messages', post(auth, without('messages')), 400, invalid, 'messages: Field required'],
    ['no model', post(auth, without('model')), 400, invalid, 'model: Field required'],
    [
      'max_tokens of 0',
      post(auth, { ...body, max_tokens: 0 }),
      400,
      invalid,
      expect.stringContaining('max_tokens'),
    ],
    [
      'empty messages',
      post(auth, { ...body, messages: [] }),
      400,
      invalid,
      expect.stringContaining('messages'),
    ],
    ['broken JSON', post(auth, '{'), 400, invalid, expect.stringContaining('not valid JSON')],
    [
      'an unknown model',
      post(auth, { ...body, model: 'does-not-exist' }),
      404,
      'not_found_error',
      'model: does-not-exist',
    ],
    ['another method', { headers: auth }, 405, invalid, 'Method Not Allowed'],
  ])('%s', async (_, init, status, type, message) => {
    const { url } = await mock({ keys: [ANTHROPIC_KEY, OAUTH] })
    const response = await fetch(`${url}/v1/messages`, init)
    expect(response.status).toBe(status)
    const answer = await json(response)
    const request_id = response.headers.get('request-id')
    expect(answer).toEqual({ type: 'error', error: { type, message }, request_id })
    expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null)
  })

  test('an unknown path', async () => {
    const { url } = await mock()
    const response = await fetch(`${url}/v1/teapots`, post(auth, body))
    expect([response.status, (await json(response)).error.type]).toEqual([404, 'not_found_error'])
  })
})

describe('Claude on Vertex AI', () => {
  const base = '/v1/projects/p/locations/l/publishers/anthropic/models'
  const token = { authorization: 'Bearer ya29.canary0123456789' }
  const { model: _, ...rest } = body
  const asked = { ...rest, anthropic_version: 'vertex-2023-10-16' }

  test('answers with a bearer, the model in the path and the version in the body', async () => {
    const { url } = await mock({ keys: ['ya29.canary0123456789'] })
    const response = await fetch(`${url}${base}/claude-x@20250101:rawPredict`, post(token, asked))
    expect(await json(response)).toMatchObject({
      model: 'claude-x@20250101',
      content: [{ type: 'text', text: ANSWER }],
    })
  })

  test('streams, and counts tokens', async () => {
    const { url } = await mock()
    const streamed = await events(await fetch(`${url}${base}/m:streamRawPredict`, post(token, asked)))
    expect(streamed.at(-1)?.event).toBe('message_stop')
    const { max_tokens: __, ...counted } = { ...asked, model: 'claude-x' }
    const response = await fetch(`${url}${base}/count-tokens:rawPredict`, post(token, counted))
    expect(await json(response)).toEqual({ input_tokens: 4 })
  })

  test.each([
    ['a model in the body', { ...asked, model: 'm' }],
    ['no version', rest],
  ])('refuses %s', async (_title, sent) => {
    const { url } = await mock()
    expect((await fetch(`${url}${base}/m:rawPredict`, post(token, sent))).status).toBe(400)
  })
})
