import { describe, expect, it } from 'vitest'
import { concrete } from '../../src/test-route/request.ts'

const asked = (path: string, more: object = {}) =>
  concrete({ path, prompt: 'hi', model: 'm', headers: [], stream: false, ...more })

describe('the request of a path', () => {
  it.each<[path: string, body: object]>([
    ['/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
    ['/v1/completions', { model: 'm', prompt: 'hi' }],
    ['/v1/messages', { model: 'm', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }],
    ['/v1/messages/count_tokens', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
    ['/v1/responses?x=1', { model: 'm', input: 'hi' }],
    ['/v1/embeddings', { model: 'm', input: 'hi' }],
    ['/v1/rerank', { model: 'm', query: 'hi', documents: ['hi'] }],
    ['/v1/images/generations', { model: 'm', prompt: 'hi' }],
    ['/v1beta/models/m:generateContent', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
    [
      '/v1beta/models/m:streamGenerateContent?alt=sse',
      { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    ],
    ['/models/org/m/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
    ['/v1beta/models/m:countTokens', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
  ])('%s has the smallest body of its kind', (path, body) => {
    const { method, body: text = '' } = asked(path)
    expect(method).toBe('POST')
    expect(JSON.parse(text)).toEqual(body)
  })

  it.each(['/v1/models', '/v1/models?limit=2', '/v1/models/gpt-4o', '/v1beta/models/gemini-2.5-flash'])(
    '%s is fetched',
    path => {
      expect(asked(path)).toMatchObject({ method: 'GET' })
      expect(asked(path).body).toBeUndefined()
    },
  )

  it('asks for a stream where one is wanted', () => {
    expect(asked('/v1/completions', { stream: true }).body).toContain('"stream":true')
  })
})

it('a header that is given again makes a list, as far as there may be several', () => {
  const headers = [
    'x-a: 1',
    'X-A: 2',
    'cookie: a=1',
    'cookie: b=2',
    'content-type: text/plain',
    'content-type: a/b',
  ]
  expect(asked('/', { headers }).headers).toMatchObject({
    'x-a': '1, 2',
    cookie: 'a=1; b=2',
    'content-type': 'a/b',
  })
})
