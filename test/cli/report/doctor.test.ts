import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { doctorText } from '../../../src/cli/report/doctor.ts'
import { Terminal } from '../../../src/cli/terminal.ts'

function terminal(columns: number): Terminal {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns })
  return new Terminal({
    stdin: {},
    stdout: stream,
    stderr: stream,
    env: { NO_COLOR: '1' },
    redact: text => text,
  })
}

const found = [
  { about: 'node', state: 'ok', detail: '20.20.2', hint: '' },
  {
    about: 'OPENAI_API_KEY',
    state: 'error',
    detail: 'is read by config.yaml at line 5 and set nowhere, so nothing starts',
    hint: 'store the key with `agw keys set openai`, which also writes the reference to it',
  },
] as const

test('a narrow terminal breaks no word, and keeps what belongs together in its column', () => {
  const text = doctorText(found, terminal(60))
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  expect(text.split('\n').slice(1, 5)).toEqual([
    '✗ OPENAI_API_KEY  is read by config.yaml at line 5 and set',
    '                  nowhere, so nothing starts',
    '                  → store the key with',
    '                    `agw keys set openai`, which also writes',
  ])
})

test('where there is no room for a column, what was found stands below what it is about', () => {
  const text = doctorText(found, terminal(40))
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
  expect(text.split('\n').slice(0, 6)).toEqual([
    '✓ node',
    '    20.20.2',
    '✗ OPENAI_API_KEY',
    '    is read by config.yaml at line 5 and',
    '    set nowhere, so nothing starts',
    '    → store the key with',
  ])
})

test('a pipe gets whole lines', () => {
  expect(doctorText(found, terminal(0)).split('\n')).toHaveLength(5)
})
