import { describe, expect, it } from 'vitest'
import { wrapped, wrappedText } from '../../src/cli/wrapped.ts'

describe('lines of whole words', () => {
  it.each<[string, number, string[]]>([
    ['one two three', 20, ['one two three']],
    ['one two three', 8, ['one two', 'three']],
    ['an-endless-word here', 6, ['an-endless-word', 'here']],
    ['store it: `agw keys set openai`, now', 24, ['store it:', '`agw keys set openai`,', 'now']],
    ['an open ` and more', 9, ['an open `', 'and more']],
    ['\u001b[31merror\u001b[39m all is lost', 13, ['\u001b[31merror\u001b[39m all is', 'lost']],
    ['name   place  and the rest', 20, ['name   place  and', 'the rest']],
    ['one two', Number.POSITIVE_INFINITY, ['one two']],
  ])('%j in %d', (text, width, lines) => expect(wrapped(text, width)).toEqual(lines))
})

describe('what goes on in the next line stands further in', () => {
  it.each([
    ['error one two three', 12, 'error one\n  two three'],
    ['  → one two three', 13, '  → one two\n    three'],
    ['first line here\n  second line', 11, 'first\n  line here\n  second\n    line'],
    ['a b', 2, 'a\n  b'],
    ['', 10, ''],
  ])('%j in %d', (text, width, laid) => expect(wrappedText(text, width)).toBe(laid))
})
