import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { events, GEMINI_KEY, json, mock, post } from './harness.ts'

const TOKEN = 'ya29.canaryTOKEN0123456789'
const auth = { 'x-goog-api-key': GEMINI_KEY }
const body = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
}
const MODEL = '/v1beta/models/gemini-2.5-flash'
const ANSWER = 'mock answer to: hello'

test.each([
  { path: `${MODEL}:generateContent`, headers: auth },
  { path: `${MODEL}:generateContent?key=${GEMINI_KEY}`, headers: {} },
  { path: `${MODEL}:generateContent`, headers: { authorization: `Bearer ${TOKEN}` } },
  {
    path: '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-flash:generateContent',
    headers: { authorization: `Bearer ${TOKEN}` },
  },
])('generateContent answers $path with $headers', async ({ path, headers }) => {
  const prints: (string | undefined)[] = []
  const { url } = await mock({
    keys: [GEMINI_KEY, TOKEN],
    onRequest: seen => prints.push(seen.keyFingerprint),
  })
  const response = await fetch(url + path, post({ ...headers }, body))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8')
  expect(await json(response)).toMatchObject({
    candidates: [{ content: { parts: [{ text: ANSWER }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 6, totalTokenCount: 10 },
    modelVersion: 'gemini-2.5-flash',
    responseId: expect.stringMatching(/^\w{22}$/),
  })
  expect(prints).toEqual([fingerprint('authorization' in headers ? TOKEN : GEMINI_KEY)])
})

test('a token limit is the finish reason', async () => {
  const { url } = await mock()
  const asked = { ...body, generationConfig: { maxOutputTokens: 1 } }
  const answer = await json(await fetch(`${url}${MODEL}:generateContent`, post(auth, asked)))
  expect(answer.candidates[0]).toMatchObject({
    finishReason: 'MAX_TOKENS',
    content: { parts: [{ text: 'mock' }] },
  })
})

interface Part {
  readonly candidates: { finishReason?: string; content: { parts: { text: string }[] } }[]
  readonly usageMetadata: { candidatesTokenCount: number; totalTokenCount: number }
}

function expectParts(parts: Part[]): void {
  expect(parts.length).toBeGreaterThan(2)
  expect(parts.map(part => part.candidates[0]?.content.parts[0]?.text).join('')).toBe(ANSWER)
  const reasons = parts.map(part => part.candidates[0]?.finishReason)
  expect(reasons.filter(Boolean)).toEqual(['STOP'])
  expect(reasons.at(-1)).toBe('STOP')
  expect(parts.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: 6, totalTokenCount: 10 })
}

test('streamGenerateContent?alt=sse sends data lines, the usage so far in each', async () => {
  const { url } = await mock()
  const response = await fetch(`${url}${MODEL}:streamGenerateContent?alt=sse`, post(auth, body))
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('content-length')).toBeNull()
  expectParts((await events(response)).map(one => JSON.parse(one.data)))
})

test('streamGenerateContent without alt=sse sends one JSON array', async () => {
  const streams: boolean[] = []
  const { url } = await mock({ onRequest: seen => streams.push(seen.stream) })
  const response = await fetch(`${url}${MODEL}:streamGenerateContent`, post(auth, body))
  expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8')
  expect(response.headers.get('content-length')).toBeNull()
  expectParts(await json(response))
  expect(streams).toEqual([true])
})

test.each([
  { name: 'contents', asked: body },
  { name: 'a request', asked: { generateContentRequest: { model: 'models/m', ...body } } },
])('countTokens counts $name', async ({ asked }) => {
  const { url } = await mock()
  const answer = await json(await fetch(`${url}${MODEL}:countTokens`, post(auth, asked)))
  expect(answer).toEqual({ totalTokens: 4, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 4 }] })
})

test('models are listed and found', async () => {
  const { url } = await mock()
  const list = await json(await fetch(`${url}/v1beta/models`, { headers: auth }))
  expect(list.models[0].name).toMatch(/^models\/gemini-/)
  expect(list.models[0].supportedGenerationMethods).toContain('generateContent')
  const one = await json(await fetch(`${url}${MODEL}`, { headers: auth }))
  expect(one.name).toBe('models/gemini-2.5-flash')
})

describe('refusals', () => {
  const path = `${MODEL}:generateContent`
  const info = (reason: string) => ({
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason,
        domain: 'googleapis.com',
        metadata: { service: 'generativelanguage.googleapis.com' },
      },
    ],
  })
  const BAD_KEY = 'API key not valid. Please pass a valid API key.'
  test.each([
    {
      name: 'no key',
      path,
      init: post({}, body),
      code: 403,
      status: 'PERMISSION_DENIED',
      message: /^Method doesn't allow unregistered callers/,
    },
    {
      name: 'a wrong key',
      path,
      init: post({ 'x-goog-api-key': 'AIzaWrong' }, body),
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: BAD_KEY,
      reason: 'API_KEY_INVALID',
    },
    {
      name: 'a wrong key in the query',
      path: `${path}?key=AIzaWrong`,
      init: post({}, body),
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: BAD_KEY,
      reason: 'API_KEY_INVALID',
    },
    {
      name: 'an API key as a Bearer',
      path,
      init: post({ authorization: `Bearer ${GEMINI_KEY}` }, body),
      code: 401,
      status: 'UNAUTHENTICATED',
      message: /^Request had invalid authentication/,
      reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
    },
    {
      name: "a client's Bearer beside a good key",
      path,
      init: post({ ...auth, authorization: 'Bearer sk-client' }, body),
      code: 401,
      status: 'UNAUTHENTICATED',
      message: /^Request had invalid authentication/,
      reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
    },
    {
      name: 'broken JSON',
      path,
      init: post(auth, '{'),
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: /^Invalid JSON payload/,
    },
    {
      name: 'no contents',
      path,
      init: post(auth, {}),
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: /contents is not specified/,
    },
    {
      name: 'an unknown model',
      path: '/v1beta/models/does-not-exist:generateContent',
      init: post(auth, body),
      code: 404,
      status: 'NOT_FOUND',
      message: /^models\/does-not-exist is not found for API version v1beta/,
    },
    {
      name: 'an unknown method',
      path: `${MODEL}:brewTea`,
      init: post(auth, body),
      code: 404,
      status: 'NOT_FOUND',
      message: /brewTea/,
    },
    {
      name: 'an unknown path',
      path: '/v1beta/teapots',
      init: post(auth, body),
      code: 404,
      status: 'NOT_FOUND',
      message: /teapots/,
    },
  ])('$name', async ({ path, init, code, status, message, reason }) => {
    const { url } = await mock({ keys: [GEMINI_KEY] })
    const response = await fetch(url + path, init)
    expect(response.status).toBe(code)
    const expected = typeof message === 'string' ? message : expect.stringMatching(message)
    const details = reason === undefined ? {} : info(reason)
    expect(await json(response)).toEqual({ error: { code, message: expected, status, ...details } })
  })

  test('an error in the array form is an array', async () => {
    const { url } = await mock({ keys: [] })
    const response = await fetch(`${url}${MODEL}:streamGenerateContent`, post(auth, body))
    expect(await json(response)).toMatchObject([{ error: { code: 400, status: 'INVALID_ARGUMENT' } }])
  })
})

test('predicts embeddings as on Vertex AI', async () => {
  const { url } = await mock()
  const path = '/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict'
  const token = { authorization: 'Bearer ya29.canary0123456789' }
  const response = await fetch(url + path, post(token, { instances: [{ content: 'hello' }] }))
  expect(await json(response)).toMatchObject({
    predictions: [{ embeddings: { values: expect.any(Array), statistics: { token_count: 2 } } }],
  })
  expect((await fetch(url + path, post(token, { instances: [] }))).status).toBe(400)
})
