import { describe, expect, test } from 'vitest'
import type { SeenRequest } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { ANTHROPIC_KEY, AZURE_KEY, GEMINI_KEY, mock, OPENAI_KEY, post } from './harness.ts'

const KEYS = [OPENAI_KEY, ANTHROPIC_KEY, GEMINI_KEY, AZURE_KEY, 'kéy "with" quotes\\ and 100% more']
const PATHS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/models/KEY',
  '/openai/deployments/KEY/chat/completions?api-version=1',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/projects/KEY/locations/l/publishers/anthropic/models/KEY:rawPredict',
  '/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict',
  '/model/KEY/converse',
  '/model/m/converse-stream',
  '/v1beta/models/KEY:generateContent',
  '/v1beta/models/m:streamGenerateContent?alt=sse&key=KEY',
  '/v1beta/models/m:streamGenerateContent?key=KEY',
  '/v1/teapots/KEY?token=KEY&x=KEY&KEY=1',
]

/** The key wherever a careless client might put it. */
function bodies(key: string): string[] {
  const text = `my key is ${key}`.slice(0, 60)
  const value = {
    model: key,
    max_tokens: 100,
    input: key,
    instructions: key,
    previous_response_id: key,
    messages: [{ role: 'user', content: key }],
    contents: [{ role: 'user', parts: [{ text }] }],
    [key]: { api_key: key },
  }
  const streamed = { ...value, model: 'm', stream: true, stream_options: { include_usage: true } }
  return [JSON.stringify(value), JSON.stringify(streamed), `not JSON: ${key}`]
}

function headersWith(key: string): Record<string, string>[] {
  const version = { 'anthropic-version': '2023-06-01' }
  return [
    { authorization: `Bearer ${key}` },
    { 'x-api-key': key, ...version },
    { 'x-goog-api-key': key },
    { 'api-key': key },
    { 'x-custom-token': key, cookie: `session=${key}` },
    { authorization: `Basic ${key}`, 'x-mock': `status=${key}` },
  ]
}

describe.each([
  { name: 'good', keys: KEYS },
  { name: 'wrong', keys: ['sk-another-key-entirely'] },
  { name: 'any', keys: undefined },
])('no answer, error or seen request holds a key that is $name', ({ keys }) => {
  test.each(KEYS.filter(key => /^[!-~]+$/.test(key)))('%s', async key => {
    const seen: SeenRequest[] = []
    const { url } = await mock({ control: true, ...(keys ? { keys } : {}), onRequest: one => seen.push(one) })
    const statuses = new Set<number>()
    for (const path of PATHS) {
      for (const headers of headersWith(key)) {
        for (const body of bodies(key)) {
          const response = await fetch(url + path.replaceAll('KEY', key), post(headers, body))
          const text = JSON.stringify([...response.headers]) + (await response.text())
          expect(text).not.toContain(key)
          statuses.add(response.status)
        }
      }
    }
    expect(seen).toHaveLength(PATHS.length * headersWith(key).length * bodies(key).length)
    expect(JSON.stringify(seen)).not.toContain(key)
    expect(JSON.stringify(seen)).toContain(fingerprint(key))
    expect(statuses.has(200)).toBe(keys?.includes(key) ?? true)
  })
})

test('a key with characters that JSON and URLs escape is found too', async () => {
  const key = KEYS.at(-1) ?? ''
  const seen: SeenRequest[] = []
  const { url } = await mock({ keys: KEYS, onRequest: one => seen.push(one) })
  const path = `/v1/chat/completions/${encodeURIComponent(key)}?key=${encodeURIComponent(key)}`
  const response = await fetch(
    url + path,
    post({ authorization: 'Bearer k' }, { messages: [{ content: key }] }),
  )
  const all = JSON.stringify(seen) + (await response.text())
  for (const form of [key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key)]) {
    expect(all).not.toContain(form)
  }
  expect(seen[0]?.path).toContain(`key=${fingerprint(key)}`)
  expect(seen[0]?.body).toEqual({ messages: [{ content: fingerprint(key) }] })
})

test('a header that no key is read from is still told by its fingerprint', async () => {
  const seen: SeenRequest[] = []
  const { url } = await mock({ onRequest: one => seen.push(one) })
  const headers = { 'x-my-key': OPENAI_KEY, 'idempotency-key': 'retry-1', authorization: 'Bearer other' }
  await fetch(`${url}/v1/models`, { headers })
  expect(seen[0]?.keyFingerprint).toBe(fingerprint('other'))
  expect(seen[0]?.headers).toMatchObject({
    'x-my-key': fingerprint(OPENAI_KEY),
    'idempotency-key': 'retry-1',
    authorization: `Bearer ${fingerprint('other')}`,
  })
})
