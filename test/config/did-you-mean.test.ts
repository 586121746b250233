import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closest, distance } from '../../src/config/did-you-mean.ts'

const KEYS = ['apiKey', 'backends', 'policies', 'host', 'hostnames', 'matches', 'name', 'key']

describe('closest', () => {
  test.each([
    ['polices', 'policies'],
    ['plicies', 'policies'],
    ['policeis', 'policies'],
    ['api_key', 'apiKey'],
    ['api-key', 'apiKey'],
    ['APIKEY', 'apiKey'],
    ['hostname', 'hostnames'],
    ['keey', 'key'],
    ['nmae', 'name'],
    ['matchs', 'matches'],
    ['back', 'backends'],
  ])('%s → %s', (word, meant) => {
    expect(closest(word, KEYS)).toBe(meant)
  })

  test.each(['', 'x', 'k', 'foo', 'listeners', 'kex1', 'pol', 'polywhatever'])('%j is near none', word => {
    expect(closest(word, KEYS)).toBeUndefined()
  })

  test('is none where several begin with the word', () => {
    expect(closest('polic', ['policies', 'policySets'])).toBeUndefined()
  })

  test('takes the first of equals, and none of none', () => {
    expect(closest('ab', ['abc', 'abd'])).toBe('abc')
    expect(closest('ab', [])).toBeUndefined()
  })

  test('makes nothing of a single letter', () => {
    expect(closest('K', ['_', 'KY'])).toBeUndefined()
  })
})

describe('distance', () => {
  test.each([
    ['', '', 0],
    ['a', '', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%j to %j is %i', (a, b, edits) => {
    expect(distance(a, b)).toBe(edits)
  })

  test('is symmetric, zero only for equals, and cut off at the limit', () => {
    const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 5 }), (a, b, limit) => {
        const edits = distance(a, b)
        expect(distance(b, a)).toBe(edits)
        expect(edits === 0).toBe(a === b)
        expect(distance(a, b, limit)).toBe(Math.min(edits, limit))
      }),
    )
  })
})
