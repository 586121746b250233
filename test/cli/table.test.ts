import { expect, test } from 'vitest'
import { table } from '../../src/cli/table.ts'
import { wrapped } from '../../src/cli/wrapped.ts'

const HEADINGS = ['NAME', 'SOURCE', 'STATE']
const ROWS = [
  ['openai', '$OPENAI_API_KEY (.env)', '\u001b[32mok\u001b[39m'],
  ['b', 'file b.key', 'missing'],
]
const wide = (columns: number) => ({
  columns,
  lines: (text: string, width = columns) => wrapped(text, width),
  style: (_: unknown, text: string) => text,
})

test('columns are as wide as their widest cell, colours not counted', () => {
  expect(table(HEADINGS, ROWS, wide(39))).toBe(
    [
      'NAME    SOURCE                  STATE',
      'openai  $OPENAI_API_KEY (.env)  \u001b[32mok\u001b[39m',
      'b       file b.key              missing',
    ].join('\n'),
  )
})

test('wide letters take two places, and what stands on a letter none', () => {
  const rows = [
    ['日本', '1'],
    ['ａ한', '2'],
    ['e\u0301é', '3'],
    ['🚀 x', '4'],
  ]
  expect(table(['N', 'S'], rows, wide(80)).split('\n')).toEqual([
    'N     S',
    '日本  1',
    'ａ한  2',
    'e\u0301é    3',
    '🚀 x  4',
  ])
})

test('there may be more rows than a call has arguments', () => {
  expect(
    table(
      ['N'],
      Array.from({ length: 200_000 }, (_, at) => [`${at}`]),
      wide(80),
    ).split('\n'),
  ).toHaveLength(200_001)
})

test('what does not fit into the terminal stands one below the other', () => {
  expect(table(HEADINGS, ROWS, wide(38))).toBe(
    [
      'openai',
      '  SOURCE  $OPENAI_API_KEY (.env)',
      '  STATE   \u001b[32mok\u001b[39m',
      'b',
      '  SOURCE  file b.key',
      '  STATE   missing',
    ].join('\n'),
  )
})

test('and a cell that is too long even there goes on below itself', () => {
  expect(table(HEADINGS, [['a', 'nobody was asked: a.key does not exist', 'missing']], wide(30))).toBe(
    ['a', '  SOURCE  nobody was asked:', '          a.key does not exist', '  STATE   missing'].join('\n'),
  )
})

test('a word that fits below its heading and not beside it stands there', () => {
  const rows = [['a', '$A_LONG_NAME_OF_A_VARIABLE (environment)', 'ok']]
  expect(table(HEADINGS, rows, wide(32))).toBe(
    ['a', '  SOURCE', '    $A_LONG_NAME_OF_A_VARIABLE', '    (environment)', '  STATE   ok'].join('\n'),
  )
})
