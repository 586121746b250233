import type { ServerResponse } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { startTestGateway } from '../gateway/kit/gateway.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'

/** What every gateway of these tests has: a key, and models that clients of both packages ask for. */
const KEY = 'agw_sk_sdk'
const keys = [{ key: KEY, allowedModels: ['gpt', 'claude', 'nobody', 'guarded', 'slow'] }]
const models = [
  { name: 'gpt', provider: 'openAI', params: { apiKey: 'k' } },
  { name: 'claude', provider: 'anthropic', params: { apiKey: 'k' } },
  { name: 'secret', provider: 'openAI', params: { apiKey: 'k' } },
  {
    name: 'guarded',
    provider: 'openAI',
    guardrails: { request: [{ regex: { action: 'reject', rules: [{ pattern: 'Who' }] } }] },
  },
]

type Answer = (response: ServerResponse) => void

async function clients(policies: object, answer: Answer, key: string) {
  const upstream = await startUpstream(answer)
  const apiKey = { mode: 'strict', keys }
  const config = JSON.stringify({ llm: { policies: { apiKey, ...policies }, models } })
  const { url } = await startTestGateway(config, { standIn: { host: '127.0.0.1', port: upstream.port } })
  const common = { apiKey: key, maxRetries: 0 }
  return {
    openai: new OpenAI({ baseURL: `${url}/v1`, ...common }),
    anthropic: new Anthropic({ baseURL: url, apiKey: null, authToken: key, maxRetries: 0 }),
  }
}

const fail =
  (status: number, body: string, type = 'application/json'): Answer =>
  response =>
    void response.writeHead(status, { 'content-type': type }).end(body)

const NO_TOKENS = { localRateLimit: [{ maxTokens: 0, tokensPerFill: 0, fillInterval: '1h' }] }
/** A picture of more than 2 MiB, as base64. */
const PICTURE = 'A'.repeat(3 * 1024 * 1024)

interface Row {
  readonly title: string
  readonly key?: string
  readonly model?: string
  readonly content?: string
  readonly policies?: object
  readonly answer?: Answer
  readonly status: number
  readonly message: RegExp
  /** Name of the class in both packages. */
  readonly type:
    | 'BadRequestError'
    | 'AuthenticationError'
    | 'PermissionDeniedError'
    | 'NotFoundError'
    | 'RateLimitError'
    | 'InternalServerError'
    | 'APIError'
}

const ROWS: readonly Row[] = [
  {
    title: 'a wrong virtual key',
    key: 'agw_sk_wrong',
    status: 401,
    type: 'AuthenticationError',
    message: /invalid credentials/,
  },
  {
    title: 'a model that the key may not use',
    model: 'secret',
    status: 403,
    type: 'PermissionDeniedError',
    message: /Model is not allowed for this API key/,
  },
  {
    title: 'what a guard rejects',
    model: 'guarded',
    status: 403,
    type: 'PermissionDeniedError',
    message: /rejected due to inappropriate content/,
  },
  {
    title: 'what a rule denies',
    policies: { authorization: { rules: [{ deny: 'true' }] } },
    status: 403,
    type: 'PermissionDeniedError',
    message: /authorization failed/,
  },
  {
    title: 'an unknown model',
    model: 'nobody',
    status: 404,
    type: 'NotFoundError',
    message: /Model not found/,
  },
  {
    title: 'a picture above the limit of bodies',
    content: PICTURE,
    status: 413,
    type: 'APIError',
    message: /exceeded the buffer limit/,
  },
  {
    title: 'a rate limit of the gateway',
    policies: NO_TOKENS,
    status: 429,
    type: 'RateLimitError',
    message: /rate limit exceeded/,
  },
  {
    title: 'a provider that is not there',
    answer: response => void response.destroy(),
    status: 503,
    type: 'InternalServerError',
    message: /upstream call failed/,
  },
  {
    title: 'an answer that is none of the format',
    model: 'other',
    answer: fail(200, '<html>'),
    status: 502,
    type: 'InternalServerError',
    message: /failed to parse response/,
  },
  {
    title: 'a refusal of the provider',
    model: 'other',
    answer: fail(
      400,
      '{"type":"error","error":{"type":"invalid_request_error","message":"too long","code":"x"}}',
    ),
    status: 400,
    type: 'BadRequestError',
    message: /too long/,
  },
  {
    title: 'a provider that is overloaded',
    model: 'other',
    answer: fail(529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    status: 529,
    type: 'InternalServerError',
    message: /Overloaded/,
  },
  {
    title: 'a page of something before the provider',
    model: 'other',
    answer: fail(502, '<html>Bad Gateway</html>', 'text/html'),
    status: 502,
    type: 'InternalServerError',
    message: /answered with status 502/,
  },
]

/** `other` is the model whose provider speaks the other format. */
const named = (model: string | undefined, own: string, other: string) =>
  model === 'other' ? other : (model ?? own)

describe.each(ROWS)('$title', ({ key, model, content = 'Who?', policies = {}, answer, status, ...row }) => {
  const say = [{ role: 'user' as const, content }]
  const upstream = answer ?? fail(200, '{}')

  it('is the right error of the OpenAI package', async () => {
    const { openai } = await clients(policies, upstream, key ?? KEY)
    const call = openai.chat.completions.create({ model: named(model, 'gpt', 'claude'), messages: say })
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(OpenAI[row.type])
    expect(error).toMatchObject({ status, message: expect.stringMatching(row.message) })
  })

  it('is the right error of the Anthropic package', async () => {
    const { anthropic } = await clients(policies, upstream, key ?? KEY)
    const call = anthropic.messages.create({
      model: named(model, 'claude', 'gpt'),
      messages: say,
      max_tokens: 9,
    })
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Anthropic[row.type])
    expect(error).toMatchObject({ status, message: expect.stringMatching(row.message) })
  })
})

describe('the router tells', () => {
  it.each([
    ['nobody', 404, 'model_not_found'],
    ['secret', 403, 'model_not_allowed'],
  ])('the OpenAI package a code for %s', async (model, status, code) => {
    const { openai } = await clients({}, fail(200, '{}'), KEY)
    const call = openai.chat.completions.create({ model, messages: [] })
    await expect(call).rejects.toMatchObject({ status, code, type: 'invalid_request_error' })
  })
})

describe('a time limit', () => {
  it('is a 504 that both packages take for an error of the server', async () => {
    const upstream = await startUpstream(() => {})
    const ai = { name: 'openai', hostOverride: `127.0.0.1:${upstream.port}`, provider: { openAI: {} } }
    const routes = { '/v1/messages': 'messages', '/v1/chat/completions': 'completions' }
    const policies = { timeout: { requestTimeout: '50ms' }, ai: { routes } }
    const route = { backends: [{ ai }], policies }
    const { url } = await startTestGateway(
      JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [route] }] }] }),
    )
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 })
    const anthropic = new Anthropic({ baseURL: url, apiKey: 'k', maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'hi' }]
    const wanted = { status: 504, message: expect.stringContaining('request timeout') }
    const chat = openai.chat.completions.create({ model: 'm', messages })
    await expect(chat).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    await expect(chat).rejects.toMatchObject(wanted)
    const message = anthropic.messages.create({ model: 'm', max_tokens: 9, messages })
    await expect(message).rejects.toBeInstanceOf(Anthropic.InternalServerError)
    await expect(message).rejects.toMatchObject(wanted)
  })
})
