import { describe, expect, it } from 'vitest'
import { removeValue } from '../../src/config/remove.ts'

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
