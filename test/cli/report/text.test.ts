import { expect, it } from 'vitest'
import { validateText } from '../../../src/cli/report/text.ts'
import { checked, fileWith, finding } from './checked.ts'

const terminal = {
  style: (_: unknown, text: string) => text,
  columnsOf: () => Number.POSITIVE_INFINITY,
  redacted: (text: string) => text,
}

/** What a runner of GitHub takes for a command: a line that begins so, whatever ended the one before it. */
const COMMAND = /(?:^|[\r\n\u2028])\s*(?:::|##\[)/

it.each([
  ['the name of a file', 'foo: 1\n', '::stop-commands::x.yaml'],
  ['a line in the name of a file', 'foo: 1\n', 'a\n::error::x.yaml'],
  ['a line of the file', 'foo: "\r::error::x"\n', 'config.yaml'],
  ['a key with a line end in it', '"a\\n::error::x": 1\n', 'config.yaml'],
])('no command to the runner of a pipeline can be written by %s', (_, text, name) => {
  const told = validateText([checked(text, name)], terminal as never, false)
  expect(told).toContain('UNKNOWN_KEY')
  expect(told).not.toMatch(COMMAND)
})

it('of a line that does not fit what is meant is seen, with the lines around it from the same column on', () => {
  const text = 'llm:\n  models:\n  - { name: "*", provider: openAI, params: { apiKye: $A }, defaults: {} }\n'
  const narrow = { ...terminal, columnsOf: () => 40 }
  const frame = validateText([checked(text, 'a.yaml')], narrow as never, false)
    .split('\n')
    .filter(line => line.includes('│'))
  expect(frame.slice(0, 3)).toEqual([
    '  2 │',
    '  3 │ … params: { apiKye: $A }, default…',
    '    │             ^^^^^^',
  ])
})

it('no part of a secret is left of a line that does not fit', () => {
  const secret = 'correct horse battery'
  const redacted = (text: string) => text.replaceAll(secret, '[redacted]')
  const narrow = { ...terminal, columnsOf: () => 34, redacted }
  const text = `llm:\n  # it was ${secret}\n  modelz: []\n`
  const told = redacted(validateText([checked(text, 'a.yaml')], narrow as never, false))
  expect(told).toMatch(/│ {3}# it was \[redacted/)
  expect(told).not.toContain('correct')
})

it('the head of a finding and what was found in a file break between words, never within the name of the file', () => {
  const name = 'conf/a rather long name of a file.yaml'
  const narrow = { ...terminal, columnsOf: () => 38 }
  const one = fileWith(
    [
      finding('no', { severity: 'unsupported-here', code: 'NOT_RUN_HERE' }),
      finding('no', { severity: 'warning' }),
      finding('no', { line: 2 }),
    ],
    name,
  )
  const told = validateText([one, { ...one, path: '/b.yaml' }], narrow as never, false).split('\n')
  expect(told.slice(0, 2)).toEqual([`${name}:1:1`, '  not run by agw serve NOT_RUN_HERE'])
  const summary = told.indexOf(`✗ ${name}:`)
  expect(told.slice(summary + 1, summary + 3)).toEqual([
    '  1 error, 1 warning, 1 not run by',
    '    agw serve',
  ])
  expect(told.slice(-2)).toEqual(['2 files: 2 errors, 2 warnings, 2 not', '  run by agw serve'])
})
