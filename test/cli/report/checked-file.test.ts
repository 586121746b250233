import { expect, it } from 'vitest'
import type { CheckedConfig } from '../../../src/checking/check.ts'
import { filesOf } from '../../../src/cli/report/checked-file.ts'
import { fileWith, finding } from './checked.ts'

it('a text of a megabyte is told by its ends, and holds no half of a secret', () => {
  const secret = 'correct-horse-battery'
  // It stands across the place where such a text is cut.
  const path = `${'a/'.repeat(145)}${secret}${'/b'.repeat(500_000)}`
  const found = finding(`${path} does not exist`, { hint: `look for ${path}` })
  const file = { ...fileWith([found, finding('"foo" is no key')]), secrets: [], keyFiles: [], beside: [] }
  const [shown] = filesOf(
    [file as unknown as CheckedConfig],
    (_, hint) => hint,
    text => text.replaceAll(secret, '[redacted]'),
  )
  const [long, short] = shown?.diagnostics ?? []
  expect(long?.message).toMatch(/^a\/a\/.*…\/?b.* does not exist$/)
  expect(long?.message.length).toBeLessThan(1000)
  expect(long?.hint).toMatch(/^look for a\/.*…/)
  expect(long?.hint.length).toBeLessThan(1000)
  expect(`${long?.message}${long?.hint}`).not.toContain('correct')
  expect(short?.message).toBe('"foo" is no key')
})
