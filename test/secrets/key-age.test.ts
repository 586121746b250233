import { describe, expect, test } from 'vitest'
import { agwFileOf } from '../../src/config/agw/file.ts'
import { keyAge } from '../../src/secrets/key-age.ts'

const NOW = Date.UTC(2026, 5, 1)
const daysAgo = (days: number): string => new Date(NOW - days * 86_400_000).toISOString()

async function limits(text: string) {
  const { ageLimits, diagnostics } = await agwFileOf(Buffer.from(text), '/x/agw.yaml')
  return { ageLimits, codes: diagnostics.map(one => one.code) }
}

describe('the age of a key', () => {
  test.each<[string, string, string | undefined, string | undefined]>([
    ['no limit', 'secrets: { A: { file: a } }', daysAgo(9000), undefined],
    ['below the limit of all', 'maxAge: 90d', daysAgo(90), undefined],
    ['above it', 'maxAge: 90d', daysAgo(91), 'old'],
    ['its own limit is stronger', 'maxAge: 90d\nsecrets: { A: { file: a, maxAge: 7d } }', daysAgo(8), 'old'],
    [
      'also where it is longer',
      'maxAge: 7d\nsecrets: { A: { file: a, maxAge: 90d } }',
      daysAgo(8),
      undefined,
    ],
    ['that of another key is none', 'secrets: { B: { file: a, maxAge: 7d } }', daysAgo(8), undefined],
    ['hours', 'maxAge: 12h', daysAgo(0.6), 'old'],
    ['nobody knows', 'maxAge: 90d', undefined, 'unknown'],
    ['a time that is none', 'maxAge: 90d', 'yesterday', 'unknown'],
    ['a time to come: the clock was set back', 'maxAge: 90d', daysAgo(-30), 'unknown'],
  ])('%s', async (_, text, setAt, state) => {
    const { ageLimits, codes } = await limits(text)
    expect(codes).toEqual([])
    const found = keyAge({ name: 'openai', variable: 'A' }, setAt, ageLimits, NOW)
    expect(found?.state).toBe(state)
    if (found !== undefined)
      expect(`${found.message} ${found.hint}`).toMatch(/openai.*(?:days|hours).*agw keys/)
  })

  test.each(['90', '0d', '-3d', 'soon', '1y'])('%s is no age', async text => {
    expect((await limits(`maxAge: ${text}`)).codes).toHaveLength(1)
    expect((await limits(`secrets: { A: { file: a, maxAge: ${text} } }`)).codes).toHaveLength(1)
  })
})
