import { describe, expect, it } from 'vitest'
import { Wildcard } from '../../../src/gateway/regex/wildcard.ts'
import { processorMs } from '../../helpers/processor-time.ts'

describe('a text with stars', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['abc', ['abc'], ['ab', 'abcd', 'xabc', '']],
    ['', [''], ['a']],
    ['*', ['', 'a', 'a\nb'], []],
    ['a*', ['a', 'ab'], ['', 'ba']],
    ['*a', ['a', 'ba'], ['', 'ab']],
    ['a*a', ['aa', 'aba'], ['a', 'ab']],
    ['a**c', ['ac', 'abc'], ['a', 'ca']],
    ['*ab*ab*', ['abab', 'xabxabx'], ['ab', 'aab', 'aba']],
    ['ab*bc*cd', ['abbccd', 'ab.bc.bc.cd'], ['abcd', 'abbcd', 'abccd']],
    ['a.c*', ['a.cd'], ['abcd']],
  ])('%s covers what it covers', (written, covered, others) => {
    const wildcard = new Wildcard(written)
    for (const text of covered) expect(wildcard.covers(text), text).toBe(true)
    for (const text of others) expect(wildcard.covers(text), text).toBe(false)
  })

  it('looks at each character of a text a few times at most', () => {
    const wildcard = new Wildcard('*a*a*a*b')
    const text = 'a'.repeat(2_000_000)
    expect(processorMs(() => expect(wildcard.covers(text)).toBe(false))).toBeLessThan(500)
    expect(processorMs(() => expect(wildcard.covers(`${text}b`)).toBe(true))).toBeLessThan(500)
    const words = new Wildcard('*claude*sonnet*')
    expect(processorMs(() => words.covers('claude'.repeat(300_000)))).toBeLessThan(500)
  })
})
