import { expect, test } from 'vitest'
import { table } from '../../src/cli/table.ts'

const HEADINGS = ['NAME', 'SOURCE', 'STATE']
const ROWS = [
  ['openai', '$OPENAI_API_KEY (.env)', '\u001b[32mok\u001b[39m'],
  ['b', 'file b.key', 'missing'],
]
const same = (text: string): string => text

test('columns are as wide as their widest cell, colours not counted', () => {
  expect(table(HEADINGS, ROWS, same, 39)).toBe(
    [
      'NAME    SOURCE                  STATE',
      'openai  $OPENAI_API_KEY (.env)  \u001b[32mok\u001b[39m',
      'b       file b.key              missing',
    ].join('\n'),
  )
})

test('what does not fit into the terminal stands one below the other', () => {
  expect(table(HEADINGS, ROWS, same, 38)).toBe(
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
