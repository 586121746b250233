import { get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../src/providers/event-frames.ts'
import { json, mock, post } from './harness.ts'

const KEY = 'ABSKcanaryBEDROCK0123456789abcdefghij'
const auth = { authorization: `Bearer ${KEY}` }
const body = {
  system: [{ text: 'Be brief.' }],
  messages: [{ role: 'user', content: [{ text: 'hello' }] }],
  inferenceConfig: { maxTokens: 100 },
}
const ANSWER = 'mock answer to: hello'

describe('Converse', () => {
  test('answers', async () => {
    const { url } = await mock({ keys: [KEY] })
    const response = await fetch(`${url}/model/amazon.nova-pro-v1:0/converse`, post(auth, body))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await json(response)).toMatchObject({
      output: { message: { role: 'assistant', content: [{ text: ANSWER }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 4, outputTokens: 6, totalTokens: 10 },
    })
  })

  test('streams frames that say the same', async () => {
    const { url } = await mock()
    const response = await fetch(`${url}/model/m/converse-stream`, post(auth, body))
    expect(response.headers.get('content-type')).toBe('application/vnd.amazon.eventstream')
    const seen: [string | undefined, Record<string, unknown>][] = []
    const reader = new FrameReader(({ headers, payload }) =>
      seen.push([headers.get(':event-type'), JSON.parse(payload.toString())]),
    )
    expect(reader.push(new Uint8Array(await response.arrayBuffer()))).toBeUndefined()
    const types = seen.map(([type]) => type)
    expect([...new Set(types)]).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ])
    const texts = seen.map(([, event]) => (event['delta'] as { text?: string } | undefined)?.text ?? '')
    expect(texts.join('')).toBe(ANSWER)
    expect(seen.at(-1)?.[1]).toMatchObject({ usage: { inputTokens: 4, outputTokens: 6, totalTokens: 10 } })
  })

  test('stops at the limit', async () => {
    const { url } = await mock()
    const limited = { ...body, inferenceConfig: { maxTokens: 2 } }
    const answer = await json(await fetch(`${url}/model/m/converse`, post(auth, limited)))
    expect(answer).toMatchObject({ stopReason: 'max_tokens', usage: { outputTokens: 2 } })
  })
})

test('counts the tokens of a request', async () => {
  const { url } = await mock()
  const asked = { messages: [{ role: 'user', content: 'hello' }], system: 'Be brief.' }
  const wrapped = Buffer.from(JSON.stringify(asked)).toString('base64')
  const count = (input: unknown) => fetch(`${url}/model/m/count-tokens`, post(auth, { input }))
  expect(await json(await count({ invokeModel: { body: wrapped } }))).toEqual({ inputTokens: 4 })
  expect(await json(await count({ converse: body }))).toEqual({ inputTokens: 4 })
  expect((await count({ invokeModel: { body: '{' } })).status).toBe(400)
})

test.each([
  ['one text', { inputText: 'hello' }, { embedding: expect.any(Array), inputTextTokenCount: 2 }, null],
  ['a list', { texts: ['a', 'b'] }, { embeddings: [expect.any(Array), expect.any(Array)] }, '1'],
  [
    'a section',
    { singleEmbeddingParams: { text: { value: 'hello' } } },
    { embeddings: [{ embedding: expect.any(Array) }] },
    '2',
  ],
])('makes vectors of %s', async (_title, asked, wanted, tokens) => {
  const { url } = await mock()
  const response = await fetch(`${url}/model/m/invoke`, post(auth, asked))
  expect(response.headers.get('x-amzn-bedrock-input-token-count')).toBe(tokens)
  expect(await json(response)).toMatchObject(wanted)
  expect((await fetch(`${url}/model/m/invoke`, post(auth, { texts: [1] }))).status).toBe(400)
})

test('lists models', async () => {
  const { url } = await mock({ keys: [KEY] })
  const headers = { ...auth, host: 'bedrock.us-east-1.amazonaws.com' }
  const answer = await new Promise<string>((resolve, reject) => {
    get(`${url}/foundation-models`, { headers }, response => {
      response.setEncoding('utf8').once('data', resolve)
    }).on('error', reject)
  })
  expect(JSON.parse(answer).modelSummaries.length).toBeGreaterThan(1)
})

describe('refusals', () => {
  test.each([
    ['no key', {}, 'm/converse', body, 403, 'Missing Authentication Token'],
    [
      'a wrong key',
      { authorization: 'Bearer other-key' },
      'm/converse',
      body,
      403,
      /make sure your API Key is valid/,
    ],
    ['an unknown model', auth, 'does-not-exist/converse', body, 400, /model identifier is invalid/],
    ['no messages', auth, 'm/converse', { messages: [] }, 400, /must start with a user message/],
  ] as const)('%s', async (_title, headers, path, sent, status, message) => {
    const { url } = await mock({ keys: [KEY] })
    const response = await fetch(`${url}/model/${path}`, post(headers, sent))
    expect(response.status).toBe(status)
    expect(response.headers.get('x-amzn-errortype')).toMatch(/Exception$/)
    expect((await json(response)).message).toMatch(message)
  })

  test('that are asked for', async () => {
    const { url } = await mock({ failStatus: 429 })
    const response = await fetch(`${url}/model/m/converse`, post(auth, body))
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([429, 'ThrottlingException'])
  })
})
