import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/secrets/index.ts'
import { workerCount } from '../../src/serving/workers/count.ts'
import { decodeConfig, encodeConfig } from '../../src/serving/workers/wire.ts'

describe('the number of workers', () => {
  it.each<[string | undefined, string | number | undefined, number]>([
    [undefined, undefined, 1],
    ['3', undefined, 3],
    ['auto', undefined, 8],
    [undefined, 4, 4],
    [undefined, '4', 4],
    [undefined, '50%', 4],
    [undefined, '1%', 1],
    ['2', '50%', 2],
  ])('--workers %s, workerThreads %s: %i', (flag, written, expected) => {
    expect(workerCount(flag, written, 8)).toBe(expected)
  })

  it.each([
    ['x', undefined, 'USAGE'],
    ['-1', undefined, 'USAGE'],
    [undefined, 'all', 'CONFIG_INVALID'],
    [undefined, '0', 'CONFIG_INVALID'],
  ])('--workers %s, workerThreads %s: %s', (flag, written, code) => {
    expect(() => workerCount(flag, written, 8)).toThrow(expect.objectContaining({ code }))
  })
})

describe('a config on its way to a worker', () => {
  it('comes out as it went in, its secrets known before it is used', () => {
    const config = {
      a: [{ key: new Secret('sk-value', '$KEY') }],
      b: null,
      c: { d: 1, e: undefined, f: 'x' },
    }
    const known: Secret[] = []
    const back = decodeConfig(structuredClone(encodeConfig(config)), secret => known.push(secret)) as unknown
    expect(back).toEqual(config)
    const [{ key }] = (back as { a: [{ key: Secret }] }).a
    expect(key.reveal()).toBe('sk-value')
    expect(key.reference).toBe('$KEY')
    expect(known).toEqual([key])
  })
})
