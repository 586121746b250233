import { describe, expect, it } from 'vitest'
import { removeItem, removeValue } from '../../src/config/remove.ts'

const CASES: [title: string, text: string, after: string][] = [
  ['one of several', 'secrets:\n  A: { file: a } # mine\n  B: { file: b }\n', 'secrets:\n  B: { file: b }\n'],
  [
    'the last',
    'secrets:\n  B: { file: b }\n\n  # about A\n  A: { file: a }',
    'secrets:\n  B: { file: b }\n\n  # about A\n',
  ],
  ['one of several lines', 'secrets:\n  A:\n    file: a\n    refresh: 5m\n  B: 1\n', 'secrets:\n  B: 1\n'],
  [
    'the only one',
    '# top\nsecrets:\n  A: { file: a }\nsources: {}\n',
    '# top\nsecrets:\n  {}\nsources: {}\n',
  ],
  ['in a flow map', 'secrets: { A: { file: a }, B: 1 }\n', 'secrets: { B: 1 }\n'],
  ['the last of a flow map', 'secrets: { B: 1, A: { file: a } }\n', 'secrets: { B: 1 }\n'],
  ['the only one of a flow map', 'secrets: { A: 1 }\n', 'secrets: { }\n'],
  ['with other line ends', 'secrets:\r\n  A: 1\r\n  B: 2\r\n', 'secrets:\r\n  B: 2\r\n'],
]

describe('removeValue', () => {
  it.each(CASES)('takes out %s and leaves the rest as it is written', (_, text, after) => {
    expect(removeValue(text, ['secrets', 'A'])).toBe(after)
  })

  it.each(['secrets:\n  B: 1\n', 'secrets: [A]\n', 'secrets: {', ''])(
    'refuses what it cannot do: %j',
    text => {
      expect(() => removeValue(text, ['secrets', 'A'])).toThrow(/cannot take secrets.A out/)
    },
  )
})

describe('removeItem', () => {
  const table: [title: string, text: string, index: number, after: string][] = [
    [
      'one of several, with its lines',
      'a:\n  - k: 1\n    # of the first\n    m: { n: 1 } # x\n\n  # about the second\n  - k: 2\n',
      0,
      'a:\n\n  # about the second\n  - k: 2\n',
    ],
    ['the last', 'a:\n- k: 1\n- k: 2 # two\n# tail\nb: 1\n', 1, 'a:\n- k: 1\n# tail\nb: 1\n'],
    ['one whose dash stands alone', 'a:\n  -\n    k: 1\n  - k: 2\n', 0, 'a:\n  - k: 2\n'],
    ['the only one', 'a: # who: x\n  # yours\n  - k: 1\nb: 1\n', 0, 'a: [] # who: x\n  # yours\nb: 1\n'],
    ['one in brackets', 'a: [{ k: 1 }, { k: 2 }] # why\n', 0, 'a: [{ k: 2 }] # why\n'],
    ['the last in brackets', 'a: [{ k: 1 }, { k: 2 }]\n', 1, 'a: [{ k: 1 }]\n'],
    ['the only one in brackets', 'a: [ { k: 1 } ]\n', 0, 'a: [ ]\n'],
    [
      'one on lines of its own in brackets, and its comment with it',
      'a: [\n  # all\n  { k: 1 }, # one\n  { k: 2 }, # two\n]\n',
      0,
      'a: [\n  # all\n  { k: 2 }, # two\n]\n',
    ],
    [
      'the last of these',
      'a: [\n  { k: 1 }, # one\n  { k: 2 } # two\n]\n',
      1,
      'a: [\n  { k: 1 }, # one\n]\n',
    ],
    ['one of these in JSON', '{"a": [\n  {"k": 1},\n  {"k": 2}\n]}\n', 0, '{"a": [\n  {"k": 2}\n]}\n'],
    ['the last of these', '{"a": [\n  {"k": 1},\n  {"k": 2}\n]}\n', 1, '{"a": [\n  {"k": 1}\n]}\n'],
    [
      'one in brackets with other line ends',
      'a: [\r\n  { k: 1 },\r\n  { k: 2 }\r\n]\r\n',
      0,
      'a: [\r\n  { k: 2 }\r\n]\r\n',
    ],
    ['the first behind a bracket', 'a: [ { k: 1 },\r\n  { k: 2 } ]\r\n', 0, 'a: [ { k: 2 } ]\r\n'],
    ['one with other line ends', 'a:\r\n  - k: 1\r\n  - k: 2\r\n', 0, 'a:\r\n  - k: 2\r\n'],
    ['one that ends with a block scalar', 'a:\n  - k: |\n      x\n  - k: 2\n', 0, 'a:\n  - k: 2\n'],
  ]
  it.each(table)('takes out %s', (_, text, index, after) => {
    expect(removeItem(text, ['a'], index)).toBe(after)
  })

  it.each(['a: 1\n', 'a: []\n', 'a: &x [{ k: 1 }]\nb: *x\n', 'a: ['])('leaves %j alone', text => {
    expect(() => removeItem(text, ['a'], 0)).toThrow(/cannot take a\[0\] out/)
  })
})
