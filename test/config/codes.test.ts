import { describe, expect, test } from 'vitest'
import { CODES, type Code } from '../../src/config/codes.ts'
import type { Diagnostic } from '../../src/config/diagnostic.ts'
import { EXAMPLES, type Setting } from '../../src/config/examples/index.ts'
import { tryOut } from '../../src/explain.ts'
import { noGit } from '../helpers/needs.ts'

const findingsIn = (setting: Setting) => tryOut(setting, process.env['PATH'])

function inWords(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, message, range }) => `${code} in line ${range.start.line}: ${message}`)
}

test('every code has one example', () => {
  expect(EXAMPLES.map(one => one.code).sort()).toEqual(Object.keys(CODES).sort())
})

const here = EXAMPLES.filter(one => noGit === undefined || one.bad.tracked === undefined)

describe.each(here.map(one => [one.code, one] as const))('%s', (code, { bad, good }) => {
  test('the bad example shows this finding and no other', async () => {
    const found = await findingsIn(bad)
    expect(
      found.map(one => one.code),
      inWords(found).join('\n'),
    ).toEqual([code])
  })

  test('the good example shows none', async () => {
    expect(inWords(await findingsIn(good))).toEqual([])
  })

  test('the finding says where and what to do, and is as severe as the table says', async () => {
    const [finding] = await findingsIn(bad)
    const lines = bad.text.split('\n')
    expect(finding?.message).toMatch(/^\S.{10,}[^.]$/s)
    expect(finding?.hint).toMatch(/^\S.{5,}[^.]$/s)
    expect(finding?.range.start.line).toBeLessThanOrEqual(lines.length)
    const severity = code === 'NOT_RUN_HERE' ? 'error' : CODES[code as Code].severity
    expect(finding?.severity).toBe(severity)
  })
})
