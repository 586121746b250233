import { describe, expect, it } from 'vitest'
import { toHost } from '../kit/configs.ts'
import { STREAM, told, WHOLE } from '../kit/told.ts'
import type { Answering } from '../kit/upstream.ts'

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
