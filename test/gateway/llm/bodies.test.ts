import { describe, expect, it } from 'vitest'
import { Cel } from '../../../src/gateway/cel/cel.ts'
import type { Exchange } from '../../../src/gateway/exchange.ts'
import { isModelAllowed, shownNames, usableNames } from '../../../src/gateway/llm/allowed-models.ts'
import { BodyChanges, type BodyPolicy } from '../../../src/gateway/llm/body-changes.ts'
import { ModelAliases } from '../../../src/gateway/llm/model-aliases.ts'
import { addPrompts } from '../../../src/gateway/llm/prompts.ts'
import type { JsonObject } from '../../../src/json.ts'

/** Expressions that look at the body alone never ask for more of the exchange. */
const NO_EXCHANGE = { generation: { runtime: { settings: { tellsExpressions: false } } } } as Exchange

function fields(policy: BodyPolicy, body: JsonObject): JsonObject {
  BodyChanges.compile(policy, new Cel())?.setFields(body, NO_EXCHANGE)
  return body
}

const transformations = (value: Record<string, string>) => [{ value, path: ['t'] }]

describe('fields of a body', () => {
  it.each<[string, BodyPolicy, JsonObject, JsonObject]>([
    ['defaults where there is nothing', { defaults: { a: 1, b: 2 } }, { a: 0 }, { a: 0, b: 2 }],
    ['no default over a null', { defaults: { a: 1 } }, { a: null }, { a: null }],
    ['overrides whatever is there', { overrides: { a: 1 } }, { a: 0, b: 0 }, { a: 1, b: 0 }],
    [
      'what expressions yield',
      { transformations: transformations({ model: 'llmRequest.model.stripPrefix("x/")' }) },
      { model: 'x/m' },
      { model: 'm' },
    ],
    [
      'expressions that see the client’s body, not the overrides',
      { overrides: { a: 5 }, transformations: transformations({ b: 'llmRequest.a + 1' }) },
      { a: 1 },
      { a: 5, b: 2 },
    ],
    [
      'expressions over overrides',
      { overrides: { a: 5 }, transformations: transformations({ a: '7' }) },
      { a: 1 },
      { a: 7 },
    ],
    [
      'none that see what another one did',
      { transformations: transformations({ a: 'llmRequest.b', b: 'llmRequest.a' }) },
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [
      'nothing where an expression fails',
      { transformations: transformations({ a: 'llmRequest.missing' }) },
      { a: 1, b: 2 },
      { b: 2 },
    ],
    [
      'a default where an expression fails',
      { defaults: { a: 9 }, transformations: transformations({ a: 'llmRequest.missing' }) },
      { a: 1 },
      { a: 9 },
    ],
    [
      'lists and maps',
      { transformations: transformations({ tags: '["a", "b"]', meta: '{"n": 1, "deep": {"x": 0.5}}' }) },
      {},
      { tags: ['a', 'b'], meta: { n: 1, deep: { x: 0.5 } } },
    ],
  ])('%s', (_, policy, body, wanted) => {
    expect(fields(policy, body)).toEqual(wanted)
  })

  it('of one request are not those of the next', () => {
    const changes = BodyChanges.compile({ overrides: { list: [1] } }, new Cel())
    const first: JsonObject = {}
    changes?.setFields(first, NO_EXCHANGE)
    ;(first['list'] as number[]).push(2)
    const second: JsonObject = {}
    changes?.setFields(second, NO_EXCHANGE)
    expect(second).toEqual({ list: [1] })
  })

  it('named __proto__ are fields like others', () => {
    const body = fields({ overrides: JSON.parse('{"__proto__": {"evil": true}}') as JsonObject }, {})
    expect(JSON.stringify(body)).toBe('{"__proto__":{"evil":true}}')
    expect('evil' in body).toBe(false)
  })

  it('cost nothing where the config says nothing', () => {
    expect(BodyChanges.compile({}, new Cel())).toBeUndefined()
  })
})

describe('a model alias', () => {
  const aliases = new ModelAliases({
    fast: 'gpt-4o-mini',
    'claude-*': 'claude-any',
    'claude-haiku-*': 'haiku',
    '*-latest': 'newest',
    'a.*': 'dot',
  })
  it.each([
    ['fast', 'gpt-4o-mini'],
    ['claude-x', 'claude-any'],
    ['claude-haiku-4', 'haiku'],
    ['claude-', 'claude-any'],
    ['gpt-latest', 'newest'],
    ['a.b', 'dot'],
    ['axb', undefined],
    ['faster', undefined],
  ])('of %s is %s', (model, wanted) => {
    expect(aliases.of(model)).toBe(wanted)
  })
})

describe('prompts are added to', () => {
  const prepend = [
    { role: 'system', content: 'S1' },
    { role: 'user', content: 'U1' },
  ]
  const append = [
    { role: 'assistant', content: 'A2' },
    { role: 'system', content: 'S2' },
  ]
  type Row = [Parameters<typeof addPrompts>[1], JsonObject, JsonObject]
  it.each<Row>([
    [
      'completions',
      { messages: [{ role: 'user', content: 'hi' }] },
      { messages: [...prepend, { role: 'user', content: 'hi' }, ...append] },
    ],
    [
      'messages',
      { system: 'own', messages: [{ role: 'user', content: 'hi' }] },
      {
        system: [
          { type: 'text', text: 'S1' },
          { type: 'text', text: 'own' },
          { type: 'text', text: 'S2' },
        ],
        messages: [
          { role: 'user', content: 'U1' },
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: 'A2' },
        ],
      },
    ],
    [
      'responses',
      { input: 'hi' },
      {
        input: [
          { type: 'message', ...prepend[0] },
          { type: 'message', ...prepend[1] },
          { type: 'message', role: 'user', content: 'hi' },
          { type: 'message', ...append[0] },
          { type: 'message', ...append[1] },
        ],
      },
    ],
    [
      'generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
      {
        systemInstruction: { parts: [{ text: 'S1' }, { text: 'S2' }] },
        contents: [
          { role: 'user', parts: [{ text: 'U1' }] },
          { role: 'user', parts: [{ text: 'hi' }] },
          { role: 'model', parts: [{ text: 'A2' }] },
        ],
      },
    ],
    ['embeddings', { input: 'x' }, { input: 'x' }],
  ])('%s', (type, body, wanted) => {
    addPrompts(body, type, { prepend, append })
    expect(body).toEqual(wanted)
  })
})

describe('the models of a key', () => {
  it.each<[string[] | undefined, string, boolean]>([
    [undefined, 'any', true],
    [[], 'any', false],
    [['*'], 'any', true],
    [['gpt-4o'], 'gpt-4o', true],
    [['gpt-4o'], 'gpt-4o-mini', false],
    [['gpt-*', '*-x'], 'gpt-4', true],
    [['gpt-*', '*-x'], 'claude-x', true],
    [['gpt-*', '*-x'], 'claude', false],
  ])('%j allow %s: %s', (allowed, model, wanted) => {
    expect(isModelAllowed(allowed, model)).toBe(wanted)
  })

  it.each<[string, string[] | undefined, string[]]>([
    ['gpt-4o', undefined, ['gpt-4o']],
    ['gpt-*', undefined, ['gpt-*']],
    ['gpt-4o', ['gpt-*'], ['gpt-4o']],
    ['claude', ['gpt-*'], []],
    ['gpt-*', [], []],
    ['gpt-*', ['gpt-4o', 'gpt-4', 'claude'], ['gpt-4o', 'gpt-4']],
    ['gpt-*', ['gpt-4*'], ['gpt-*']],
    ['gpt-*', ['claude-*'], []],
    ['gpt-*', ['*-mini', 'gpt-4o'], ['gpt-*', 'gpt-4o']],
    ['*', ['claude-*', 'gpt-4o'], ['*', 'gpt-4o']],
  ])('%s is shown to %j as %j', (name, allowed, wanted) => {
    expect(shownNames(name, allowed)).toEqual(wanted)
  })

  it.each<[string, string[], string[]]>([
    ['*', ['gpt-4o*'], ['gpt-4o*']],
    ['*', ['claude-*', 'gpt-4o'], ['claude-*', 'gpt-4o']],
    ['gpt-*', ['gpt-4o*', '*'], ['gpt-4o*', 'gpt-*']],
    ['gpt-*', ['*-mini', 'claude-*', 'o1'], ['gpt-*']],
    ['claude-*', ['gpt-4o'], []],
    ['*-mini', ['*4o-mini', 'o4-mini', 'gpt-*'], ['*4o-mini', 'o4-mini', '*-mini']],
    ['gpt-4o', ['gpt-*'], ['gpt-4o']],
    ['gpt-4o', ['o1'], []],
  ])('of %s, %j may use %j', (name, allowed, wanted) => {
    expect(usableNames(name, allowed)).toEqual(wanted)
  })
})
