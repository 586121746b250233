import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/config/diagnostic.ts'
import { quoteLiteral, quoteVariable, setValue } from '../../src/config/edit.ts'

describe('setValue changes one stretch and nothing else', () => {
  const table: [name: string, before: string, path: Path, value: string, after: string][] = [
    [
      'a scalar, its comment kept',
      'a:\n  key: "x" # mine\n  b: 1\n',
      ['a', 'key'],
      '"$K"',
      'a:\n  key: "$K" # mine\n  b: 1\n',
    ],
    [
      'a nested map by a scalar',
      'a:\n  key: \n    file: "key.txt" # f\n  b: 1\n',
      ['a', 'key'],
      '"$K"',
      'a:\n  key: "$K" # f\n  b: 1\n',
    ],
    [
      'a key without a value, its comment kept',
      'a:\n  key: # to come\n  b: 1\n',
      ['a', 'key'],
      '"$K"',
      'a:\n  key: "$K" # to come\n  b: 1\n',
    ],
    [
      'a scalar by a flow map',
      'a:\n    key: $X\n',
      ['a', 'key'],
      '{ file: "k" }',
      'a:\n    key: { file: "k" }\n',
    ],
    [
      'a flow map entry',
      'p: {apiKey: "x", model: m}\n',
      ['p', 'apiKey'],
      '"$K"',
      'p: {apiKey: "$K", model: m}\n',
    ],
    [
      'a missing key in a block map',
      'p:\n  - name: m\n    provider: openAI # here\n\n# tail\n',
      ['p', 0, 'params'],
      '{ apiKey: "$K" }',
      'p:\n  - name: m\n    provider: openAI # here\n    params: { apiKey: "$K" }\n\n# tail\n',
    ],
    [
      'a missing key in a flow map',
      'p: { model: m }\n',
      ['p', 'apiKey'],
      '"$K"',
      'p: { model: m, apiKey: "$K" }\n',
    ],
    [
      'a missing parent',
      'p:\n  model: m\n',
      ['p', 'policies', 'backendAuth'],
      '{ key: "$K" }',
      'p:\n  model: m\n  policies: { backendAuth: { key: "$K" } }\n',
    ],
    ['an empty value', 'p:\n  key:\n  b: 1\n', ['p', 'key'], '"$K"', 'p:\n  key: "$K"\n  b: 1\n'],
    ['Windows line ends', 'a:\r\n  b: 1\r\n', ['a', 'c'], '2', 'a:\r\n  b: 1\r\n  c: 2\r\n'],
    ['a file without a last line end', 'a:\n  b: 1', ['a', 'c'], '2', 'a:\n  b: 1\n  c: 2'],
    ['a sequence item', 'a:\n- x\n- y # why\n', ['a', 1], '"z"', 'a:\n- x\n- "z" # why\n'],
    [
      'a block scalar',
      'a:\n  key: |\n    one\n    two\n  b: 1\n',
      ['a', 'key'],
      '"$K"',
      'a:\n  key: "$K"\n  b: 1\n',
    ],
    [
      'a missing key behind a block scalar',
      'a:\n  k: |\n    one\n\nb: 1\n',
      ['a', 'c'],
      '2',
      'a:\n  k: |\n    one\n  c: 2\n\nb: 1\n',
    ],
    ['an empty flow map', 'a: {}\n', ['a', 'b'], '1', 'a: { b: 1 }\n'],
    ['a value of JSON', '{"a":{"b":"x"}}\n', ['a', 'b'], '{ file: "k" }', '{"a":{"b": {"file":"k"}}}\n'],
    ['a missing key of JSON', '{\n\t"a": 1\n}\n', ['m'], 'strict', '{\n\t"a": 1,\n\t"m": "strict"\n}\n'],
    ['a missing map of JSON', '{ "a": {} }', ['a', 'b', 'c'], '"$K"', '{ "a": { "b": { "c": "$K" } } }'],
  ]
  it.each(table)('%s', (_, before, path, value, after) => {
    expect(setValue(before, path, value)).toBe(after)
  })

  it.each([
    ['what an alias stands for', 'a: &p { key: x, more: 1 }\nb: *p\n', ['b', 'key']],
    ['what an alias stands for elsewhere', 'a: &p\n  key: x\nb: *p\n', ['a', 'key']],
  ])('leaves %s alone', (_, text, path) => {
    expect(() => setValue(text, path, '"y"')).toThrow(/cannot edit [ab]\.key in this file/)
  })

  it('refuses a text that is not YAML', () => {
    expect(() => setValue('a: [1', ['a'], '2')).toThrow(/not valid YAML/)
  })
})

it('quotes so that the value survives YAML and expansion', () => {
  expect(quoteLiteral('a"b$c\\')).toBe('"a\\"b$$c\\\\"')
  expect(quoteVariable('OPENAI_API_KEY')).toBe('"$OPENAI_API_KEY"')
})
