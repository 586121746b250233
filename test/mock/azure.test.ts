import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { AZURE_KEY, events, json, mock, post } from './harness.ts'

const auth = { 'api-key': AZURE_KEY }
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }
const DATED = '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21'
const ANSWER = 'mock answer to: hello'

test.each([
  { path: DATED, headers: auth, model: 'my-gpt' },
  { path: DATED, headers: { authorization: `Bearer ${AZURE_KEY}` }, model: 'my-gpt' },
  { path: '/openai/v1/chat/completions', headers: auth, model: 'gpt-4o' },
  {
    path: '/api/projects/p/openai/v1/chat/completions',
    headers: { authorization: `Bearer ${AZURE_KEY}` },
    model: 'gpt-4o',
  },
])('chat at $path with $headers', async ({ path, headers, model }) => {
  const seen: unknown[] = []
  const { url } = await mock({ keys: [AZURE_KEY], onRequest: one => seen.push(one) })
  const response = await fetch(url + path, post({ ...headers }, chat))
  expect(response.status).toBe(200)
  expect(response.headers.get('apim-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  const answer = await json(response)
  expect(answer.model).toBe(model)
  expect(answer.choices[0]).toMatchObject({ message: { content: ANSWER }, finish_reason: 'stop' })
  expect(answer.choices[0].content_filter_results.hate).toEqual({ filtered: false, severity: 'safe' })
  expect(answer.prompt_filter_results).toHaveLength(1)
  expect(seen).toMatchObject([{ shape: 'azure', keyFingerprint: fingerprint(AZURE_KEY), model }])
})

test('a stream opens with the filter results of the prompt', async () => {
  const { url } = await mock()
  const seen = await events(await fetch(url + DATED, post(auth, { ...chat, stream: true })))
  const chunks = seen.slice(0, -1).map(one => JSON.parse(one.data))
  expect(chunks[0]).toMatchObject({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] })
  expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toBe(ANSWER)
})

test('models are listed', async () => {
  const { url } = await mock()
  for (const path of ['/openai/models?api-version=2024-10-21', '/openai/v1/models']) {
    const list = await json(await fetch(url + path, { headers: auth }))
    expect(list.data[0].object).toBe('model')
  }
})

describe('refusals', () => {
  const denied = /^Access denied due to invalid subscription key/
  const v1 = '/openai/v1/chat/completions'
  test.each([
    ['no key', DATED, post({}, chat), 401, '401', denied],
    ['a wrong key', DATED, post({ 'api-key': 'wrong' }, chat), 401, '401', denied],
    ['a wrong key at v1', v1, post({ 'api-key': 'wrong' }, chat), 401, '401', denied],
    [
      'a wrong Bearer',
      DATED,
      post({ authorization: 'Bearer wrong' }, chat),
      401,
      '401',
      /^Unauthorized\. Access token/,
    ],
    [
      'no api-version',
      '/openai/deployments/d/chat/completions',
      post(auth, chat),
      404,
      '404',
      /^Resource not found$/,
    ],
    [
      'an unknown deployment',
      DATED.replace('my-gpt', 'does-not-exist'),
      post(auth, chat),
      404,
      'DeploymentNotFound',
      /does not exist/,
    ],
    ['broken JSON', DATED, post(auth, '{'), 400, '400', /could not parse/],
  ])('%s', async (_, path, init, status, code, message) => {
    const { url } = await mock({ keys: [AZURE_KEY] })
    const response = await fetch(url + path, init)
    expect(response.status).toBe(status)
    expect(await json(response)).toEqual({ error: { code, message: expect.stringMatching(message) } })
  })
})
