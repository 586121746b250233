import { describe, expect, it } from 'vitest'
import { toYaml } from '../../src/config/index.ts'

describe('the YAML of manifests', () => {
  it('has in quotes what kubectl would take for another thing than text', () => {
    const text = toYaml([{ a: 'on', b: 'y', c: '0777', d: '1_000', e: 'plain', f: '12:30:00', g: 'No' }])
    expect(text).toBe('a: "on"\nb: "y"\nc: "0777"\nd: "1_000"\ne: plain\nf: "12:30:00"\ng: "No"\n')
  })
})
