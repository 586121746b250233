import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../../src/gateway/index.ts'
import { call } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { type Answering, startUpstream } from '../kit/upstream.ts'

const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 10,
  prompt_tokens_details: { cached_tokens: 200 },
  completion_tokens_details: { reasoning_tokens: 4 },
}
const RATES = { input: '2', output: '10', cacheRead: '0.5' }
const CATALOG = [{ inline: { providers: { openai: { models: { 'gpt-2026': { rates: RATES } } } } } }]
const WHOLE: Answering = response =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ model: 'gpt-2026', usage: USAGE }))
const STREAM: Answering = response => {
  const events = [
    { model: 'gpt-2026', choices: [] },
    { model: 'gpt-2026', choices: [], usage: USAGE },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${events.map(one => `data: ${JSON.stringify(one)}\n\n`).join('')}data: [DONE]\n\n`)
}

interface Asked {
  readonly answer?: Answering
  readonly policies?: object
  readonly config?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly to?: typeof toModel
  readonly filter?: string
  readonly path?: string
}

/** A request that is over: the same expressions in its log, the log for a collector, its span and its labels. */
async function told(add: Readonly<Record<string, string>>, asked: Asked = {}): Promise<AccessEvent> {
  const { answer = WHOLE, policies, config = {}, headers = {}, to = toModel, filter } = asked
  const { path = '/v1/chat/completions' } = asked
  const upstream = await startUpstream(answer)
  const host = '127.0.0.1:1'
  const whole = {
    ...JSON.parse(to(`127.0.0.1:${upstream.port}`, policies)),
    config: { metrics: { fields: { add } }, modelCatalog: CATALOG, ...config },
    frontendPolicies: {
      accessLog: { add, filter, otlp: { host } },
      tracing: { host, randomSampling: true, attributes: add },
    },
  }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] })
  const sent = { 'content-type': 'application/json', ...headers }
  await call(port, { method: 'POST', path, headers: sent, body })
  return nextEvent()
}

const ALL: Readonly<Record<string, readonly [source: string, value: unknown]>> = {
  model: ['llm.responseModel', 'gpt-2026'],
  asked: ['llm.requestModel', 'gpt-4o'],
  input: ['llm.inputTokens', 1000],
  output: ['llm.outputTokens', 10],
  total: ['llm.totalTokens', 1010],
  cached: ['llm.cachedInputTokens', 200],
  thought: ['llm.reasoningTokens', 4],
  many: ['llm.totalTokens + 1 > 1010 ? "many" : "few"', 'many'],
  cost: ['llm.cost.total', 0.0018],
  parts: ['[llm.cost.input, llm.cost.cacheRead, llm.cost.output]', [0.0016, 0.0001, 0.00006]],
  rates: ['llm.costRates', { input: 2, output: 10, cacheRead: 0.5 }],
  text: ['string(llm.cost.total)', '0.0018'],
  type: ['response.headers["Content-Type"].split("; ")[0]', 'application/json'],
  code: ['response.code', 200],
}
const SOURCES = Object.fromEntries(Object.entries(ALL).map(([name, [source]]) => [name, source]))
const VALUES = Object.fromEntries(Object.entries(ALL).map(([name, [, value]]) => [name, value]))

describe('expressions that are told of a request', () => {
  it.each<[string, Answering, object]>([
    ['whole', WHOLE, {}],
    ['as a stream', STREAM, { type: 'text/event-stream' }],
  ])('see the answer of a model that came %s', async (_, answer, more) => {
    const { log, otlpLog, span, labels } = await told(SOURCES, { answer })
    const wanted = { ...VALUES, ...more }
    expect([log?.added, otlpLog?.added, span?.added]).toEqual([wanted, wanted, wanted])
    // A label is text.
    const texts = Object.entries(wanted).map(([name, v]) => [name, typeof v === 'string' ? v : undefined])
    expect(labels).toEqual(texts)
  })

  it.each<[filter: string, isWanted: boolean]>([
    ['llm.totalTokens == 1010', true],
    ['llm.totalTokens > 1010', false],
    ['llm.cost.total > 0.001', true],
    ['response.headers["content-type"] == "application/json"', true],
    ['llm.cacheCreationInputTokens > 0', false],
  ])('choose by it: %s is %s', async (filter, isWanted) => {
    expect((await told({}, { filter })).log?.isWanted).toBe(isWanted)
  })

  it.each<[string, Answering, object, unknown]>([
    [
      'an answer that tells no tokens',
      response => response.writeHead(500, { 'content-type': 'application/json' }).end('{"model":"gpt-2026"}'),
      {},
      { has: false, none: 0, cost: 0 },
    ],
    [
      'a model without prices',
      WHOLE,
      { modelCatalog: [{ inline: { providers: {} } }] },
      { has: true, none: 1010 },
    ],
    ['no catalog', WHOLE, { modelCatalog: [] }, { has: true, none: 1010 }],
  ])('have nothing where there is nothing: %s', async (_, answer, config, wanted) => {
    const add = {
      has: 'has(llm.totalTokens)',
      none: 'default(llm.totalTokens, 0)',
      cost: 'llm.cost.total',
    }
    expect((await told(add, { answer, config })).log?.added).toEqual(wanted)
  })

  it('know of no model where none was asked', async () => {
    const add = { none: 'default(llm.responseModel, "none")', is: 'llm == null' }
    expect((await told(add, { to: toHost })).log?.added).toEqual({ none: 'none', is: true })
  })

  it('see headers as the client got them, those that are repeated as a list', async () => {
    const answer: Answering = response =>
      response.writeHead(200, ['X-A', '1', 'x-a', '2', 'x-b', '3', 'x-c', '4']).end('{}')
    const policies = {
      responseHeaderModifier: { set: { 'x-b': 'new' }, add: { 'x-d': '5' }, remove: ['x-c'] },
    }
    const add = {
      a: 'response.headers["X-a"]',
      joined: 'response.headers.join()["x-a"]',
      b: 'response.headers["x-b"]',
      c: 'response.headers["x-c"]',
      d: 'response.headers["x-d"]',
    }
    const { log } = await told(add, { answer, policies, to: toHost })
    expect(log?.added).toEqual({ a: ['1', '2'], joined: '1,2', b: 'new', d: '5' })
  })

  it('see the headers of an answer of the gateway itself', async () => {
    const directResponse = { status: 418, body: 'no' }
    const policies = { directResponse, responseHeaderModifier: { set: { 'x-b': 'new' } } }
    const add = {
      type: 'response.headers["content-type"]',
      b: 'response.headers["x-b"]',
      code: 'response.code',
    }
    const { log } = await told(add, { policies, to: toHost })
    expect(log?.added).toMatchObject({ b: 'new', code: 418 })
  })
})

describe('no credential is told', () => {
  const KEY = 'canary-of-a-client-0123456789'
  const CLIENT = 'canary-of-another-9876543210'
  const everywhere = ({ log, otlpLog, span, labels }: AccessEvent): string =>
    JSON.stringify([log?.added, otlpLog?.added, span?.added, labels])

  it('that an answer gives to the client', async () => {
    const answer: Answering = response =>
      response
        .writeHead(302, [
          ...['Set-Cookie', 'session=canary-a', 'set-cookie', 'other=canary-b'],
          ...['location', 'https://app.test/back?code=canary-c&state=7#access_token=canary-d'],
          ...['X-Own-Secret', 'canary-e', 'x-subject-token', 'x', 'authentication-info', 'canary-f'],
        ])
        .end()
    const add = {
      cookie: 'response.headers["set-cookie"][0]',
      raw: 'response.headers.raw()["set-cookie"]',
      all: 'response.headers',
      whole: 'string(variables().response.headers["set-cookie"][1])',
      to: 'response.headers["location"]',
      own: 'response.headers["x-own-secret"]',
    }
    const event = await told(add, { answer, to: toHost, config: { sensitiveHeaders: ['X-Own-Secret'] } })
    expect(event.log?.added).toMatchObject({
      cookie: '<redacted>',
      to: 'https://app.test/back?code=<redacted>&state=7#access_token=<redacted>',
      own: '<redacted>',
    })
    expect(everywhere(event)).not.toContain('canary')
  })

  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['a header', { 'x-api-key': KEY }, {}],
    ['a token', { authorization: `Bearer ${KEY}` }, {}],
    ['a cookie', { cookie: `a=1; session=${KEY}` }, {}],
    [
      'a key that was taken out of the request',
      { authorization: `Bearer ${KEY}` },
      { apiKey: { mode: 'strict', keys: [{ key: KEY }] } },
    ],
    ['a password', { authorization: `Basic ${Buffer.from(`user:${KEY}`).toString('base64')}` }, {}],
  ])('that an upstream repeats of %s', async (_, headers, policies) => {
    const answer: Answering = response =>
      response.writeHead(200, { 'x-echo': `${KEY} ${encodeURIComponent(KEY)}`, 'x-b': 'plain' }).end('{}')
    const add = { echo: 'response.headers["x-echo"]', b: 'response.headers["x-b"]', all: 'response.headers' }
    const event = await told(add, { answer, headers, policies, to: toHost })
    expect(event.log?.added).toMatchObject({ b: 'plain' })
    expect(everywhere(event)).not.toContain('canary')
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a header', 'request.headers["x-api-key"]', { 'x-api-key': KEY }],
    ['a whole list', '[{"a": request.headers["x-api-key"]}]', { 'x-api-key': KEY }],
    ['a name', '{request.headers["x-api-key"]: 1}', { 'x-api-key': KEY }],
    ['a coded one', 'base64.encode(bytes(request.headers["x-api-key"]))', { 'x-api-key': KEY }],
    [
      'a token',
      '"token: " + request.headers["proxy-authorization"]',
      { 'proxy-authorization': `Bearer ${KEY}` },
    ],
    ['the key that was checked', 'apiKey.key.unredacted()', { authorization: `Bearer ${CLIENT}` }],
    ['the query', 'request.uri', {}],
  ])('that the config keeps in metadata: %s', async (_, source, headers) => {
    const apiKey = { mode: 'optional', keys: [{ key: CLIENT }] }
    const metadata = { kept: source, plain: '"plain text"', count: '7' }
    const remove = ['x-api-key', 'authorization']
    const transformations = { request: { metadata, remove } }
    const add = {
      kept: 'metadata.kept',
      all: 'metadata',
      whole: 'variables().metadata',
      part: 'string(metadata.kept).substring(0, 14)',
      plain: 'metadata.plain',
      count: 'metadata.count + 1',
    }
    const policies = { apiKey, transformations }
    const event = await told(add, { headers, policies, to: toHost, path: `/a?key=${KEY}` })
    expect(event.log?.added).toMatchObject({ plain: 'plain text', count: 8, all: { count: 7 } })
    expect(event.log?.added).toHaveProperty(['all', 'kept'])
    expect(everywhere(event)).not.toMatch(/canary|Y2FuYXJ5/)
  })

  it.each<[string, object]>([
    ['set', { set: { 'x-copy': 'request.headers["x-api-key"]' }, remove: ['x-api-key'] }],
    ['added', { add: { 'x-copy': '"key " + request.headers["x-api-key"]' } }],
    ['all anew', { replace: '{"x-copy": request.headers["x-api-key"], "x-plain": "plain"}' }],
    ['coded', { set: { 'x-copy': 'base64.encode(bytes(request.headers["x-api-key"]))' } }],
  ])('that the config copies to another header of the request: %s', async (_, request) => {
    const add = {
      copy: 'request.headers["x-copy"]',
      all: 'request.headers',
      plain: 'request.headers["x-plain"]',
    }
    const policies = { transformations: { request } }
    const headers = { 'x-api-key': KEY, 'x-plain': 'plain' }
    const event = await told(add, { headers, policies, to: toHost })
    expect(event.log?.added).toMatchObject({ plain: 'plain', copy: expect.stringContaining('<redacted>') })
    expect(everywhere(event)).not.toMatch(/canary|Y2FuYXJ5/)
  })

  it.each(['strict', 'permissive'])(
    'in a header where the config looks for keys, be it wrong: %s',
    async mode => {
      const location = { header: { name: 'X-Team-Key' } }
      const policies = { apiKey: { mode, keys: [{ key: CLIENT }], location } }
      const add = { key: 'request.headers["x-team-key"]', all: 'request.headers' }
      const event = await told(add, { headers: { 'x-team-key': KEY }, policies, to: toHost })
      expect(event.log?.added).toMatchObject({ key: '<redacted>' })
      expect(everywhere(event)).not.toContain('canary')
    },
  )

  it('of the request, and still rules can go by it', async () => {
    const transformations = { request: { metadata: { kept: 'request.headers["x-api-key"]' } } }
    const filter = `metadata.kept == "${KEY}"`
    const asked = { filter, headers: { 'x-api-key': KEY }, policies: { transformations }, to: toHost }
    expect((await told({}, asked)).log?.isWanted).toBe(true)
  })
})
