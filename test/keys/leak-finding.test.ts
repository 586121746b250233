import { describe, expect, it } from 'vitest'
import { leakFinding } from '../../src/keys/leak-finding.ts'
import type { Leak } from '../../src/secrets/scan/scan.ts'

const at = { offset: 0, line: 1, column: 1 }

function found(leak: Pick<Leak, 'kind' | 'provider' | 'commit'>) {
  const all = {
    id: 'one',
    fingerprint: '… sha256:1a2b3c4d',
    confidence: 'high',
    range: { start: at, end: at },
    ...leak,
  } as Leak
  const { message, hint, code } = leakFinding(all, 'notes.txt')
  return { message, hint, code }
}

describe('what is said of a key in clear text', () => {
  const rows: [leak: Pick<Leak, 'kind' | 'provider' | 'commit'>, message: RegExp, hint: RegExp][] = [
    [{ kind: 'shape', provider: 'openai', commit: undefined }, /^an openai key stands here/, /take it out/],
    [
      { kind: 'shape', provider: 'openai', commit: '1a2b3c4 2026-11-25' },
      /^an openai key is kept by git \(1a2b3c4 2026-11-25\)/,
      /at the provider/,
    ],
    [{ kind: 'own', provider: 'openai', commit: undefined }, /^the key in use stands here/, /take it out/],
    [
      { kind: 'shape', provider: 'agentgateway', commit: undefined },
      /^a virtual key stands here/,
      /agw clients rotate.*agw clients remove/,
    ],
    [
      { kind: 'shape', provider: 'agentgateway', commit: '1a2b3c4 2026-11-25' },
      /^a virtual key is kept by git/,
      /others may have.*agw clients rotate.*agw clients remove/,
    ],
  ]
  it.each(rows)('%j', (leak, message, hint) => {
    const told = found(leak)
    expect(told.message).toMatch(message)
    expect(told.hint).toMatch(hint)
  })
})
