import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CODES } from '../../src/config/codes.ts'
import { findingsOf, only } from './findings-of.ts'

describe('one mistake is one finding', () => {
  test.each([
    ['a required key misspelt', 'llm: {modles: []}', 'UNKNOWN_KEY'],
    [
      'a required parameter misspelt',
      'llm: {models: [{name: m, provider: vertex, params: {vertexproject: p}}]}',
      'UNKNOWN_KEY',
    ],
    ['the only alternative misspelt', 'routes: [{backends: [{hots: "a:1"}]}]', 'UNKNOWN_KEY'],
    ['a key of one form misspelt', 'llm: {models: [], policies: {jwtAuth: {provders: []}}}', 'UNKNOWN_KEY'],
    [
      'a key inside a conditional entry',
      'routes: [{policies: {extAuthz: {conditional: [{host: 1}]}}}]',
      'WRONG_TYPE',
    ],
    [
      'a key inside a group',
      'backends: [{name: a, ai: {groups: [{providers: [{name: 1, provider: {openAI: {}}}]}]}}]',
      'WRONG_TYPE',
    ],
  ])('%s', (_, yaml, code) => {
    expect(only(yaml).code).toBe(code)
  })

  test.each([
    [
      'binds: [{port: 1, listeners: [{routes: }]}]',
      'routes',
      /needs it$/,
      /^write "routes", .*: routes: \[\]$/,
    ],
    ['binds: [{port: , listeners: []}]', 'port', /only a bind/, /^write "port"/],
    ['gateways: {a: {port: }}', 'port', /a gateway needs one/, /^write "port"/],
    ['gateways: {a: {port: 1, tls: {cert: c, key: }}}', 'key', /a TLS listener/, /^write "key"/],
    [
      'llm: {models: [{name: m, provider: vertex, params: {vertexProject: }}]}',
      'vertexProject',
      /needs it$/,
      /^write/,
    ],
  ])('a key without a value is told to be empty, at its place: %s', (yaml, key, why, hint) => {
    const { path, at, message, hint: todo } = only(yaml)
    expect([path.at(-1), at]).toEqual([key, 'key'])
    expect(message).toMatch(new RegExp(`^"(?:params\\.)?${key}" is empty: `))
    expect(message).toMatch(why)
    expect(todo).toMatch(hint)
  })

  test('several mistakes are all found at once', () => {
    const found = findingsOf(
      parse(`
        binds: [{prot: 80, listeners: [{protocol: HTPS, routes: [{backends: [{host: a}, {}], matches: {}}]}]}]
        llm: {gateways: a, port: 1, models: [{name: a*b, provider: vertex}]}
      `),
    )
    expect(found.map(one => `${one.code} ${one.path.join('.')}`).sort()).toEqual([
      'BAD_HOST binds.0.listeners.0.routes.0.backends.0.host',
      'BAD_MODEL_NAME llm.models.0.name',
      'KEY_CONFLICT llm.port',
      'MISSING_KEY llm.models.0',
      'NO_BRANCH binds.0.listeners.0.routes.0.backends.1',
      'UNKNOWN_KEY binds.0.prot',
      'UNKNOWN_VALUE binds.0.listeners.0.protocol',
      'WRONG_TYPE binds.0.listeners.0.routes.0.matches',
    ])
  })
})

describe('no value of the file is repeated', () => {
  const canary = 'sk-proj-canaryA1b2C3d4E5f6G7h8'

  test('a key that is a secret is neither named nor on the path', () => {
    for (const word of [
      canary,
      'AKIAIOSFODNN7EXAMPLE',
      'q8f3kZ0w7Lr2Vx9TbN4mJ6pY1sD5',
      'user:pa55@host.example/path',
    ]) {
      const [finding] = findingsOf({ llm: { models: [], [word]: 'x' } })
      expect(finding).toMatchObject({ code: 'UNKNOWN_KEY', path: ['llm'], at: 'value' })
      expect(JSON.stringify(finding)).not.toContain(word)
    }
  })

  test('a secret as the key of a free map is not on the path of what is wrong below it', () => {
    const data = { routes: [{ policies: { requestHeaderModifier: { set: { [canary]: 5 } } } }] }
    const [finding] = findingsOf(data)
    expect(finding?.path).toEqual(['routes', 0, 'policies', 'requestHeaderModifier', 'set'])
    expect(JSON.stringify(finding)).not.toContain('canary')
  })

  test('wherever in a config a secret stands by mistake', () => {
    const config = {
      binds: [
        {
          port: 80,
          listeners: [{ routes: [{ backends: [{ host: 'a:1' }], matches: [{ path: { exact: '/' } }] }] }],
        },
      ],
      llm: {
        models: [{ name: 'm', provider: 'openAI', params: { apiKey: 'a' }, auth: { key: { value: 'b' } } }],
      },
    }
    const places = (value: unknown): [object, string][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, item]) => [[value, key] as [object, string], ...places(item)])
        : []
    for (const [at] of places(config).entries()) {
      const copy = structuredClone(config)
      const [owner, key] = places(copy)[at] ?? [copy, 'llm']
      Object.assign(owner, { [key]: canary })
      expect(JSON.stringify(findingsOf(copy))).not.toContain('canary')
    }
  })
})

test('any data gives findings with codes of the table and places that lie in it, and never throws', () => {
  const words = [
    'llm',
    'models',
    'binds',
    'routes',
    'name',
    'provider',
    'auth',
    'key',
    'file',
    'backends',
    'ai',
    'host',
    'policies',
  ]
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      fc.oneof(fc.constantFrom(null, true, 80, 1.5, '', 'openAI', 'a:1', '10s', '*'), fc.string()),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('tree'), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    ),
  }))
  const config = fc.dictionary(
    fc.constantFrom('llm', 'binds', 'routes', 'backends', 'gateways', 'mcp', 'config'),
    tree,
  )
  fc.assert(
    fc.property(config, data => {
      for (const { code, message, hint, path } of findingsOf(data)) {
        expect(Object.keys(CODES)).toContain(code)
        expect(message).not.toBe('')
        expect(hint).not.toBe('')
        expect(message + hint).not.toContain('undefined')
        expect(path.length).toBeLessThan(12)
      }
    }),
    { numRuns: 500 },
  )
})
