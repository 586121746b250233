import { describe, expect, test } from 'vitest'
import { regexProblem } from '../../../src/config/schema/rust-regex.ts'

const COMPILES = [
  '',
  '^/v1$',
  '/v\\d+/[a-z0-9_-]+',
  'a|ab|',
  'a{2}b{2,}c{2,5}d{ 1 , 2 }',
  'a*?b+?c??d{2}?',
  '(a)(?:b)(?P<name>c)(?<other>d)',
  '(?i)abc(?-i)d(?s:.)(?im-sx:e)',
  '(?x) a b # a comment with ( in it\n c',
  '[]a]',
  '[^]a]',
  '[-a]',
  '[a-]',
  '[--a]',
  '[a-z&&[^aeiou]]',
  '[\\w--\\d]',
  '[[:alpha:][:^digit:]]',
  '[\\]\\-\\^]',
  '\\pL\\p{Greek}\\P{L}\\p{sc=Latin}',
  '\\x41\\x{1F600}\\u0041\\U0001F600\\u{41}',
  '\\bword\\B\\A\\z\\b{start}\\<\\>',
  '\\.\\/\\-\\%\\ \\&',
  'a**',
  '^*',
  'x}y]z',
  '😀+[😀-😂]',
]

const FAILS: readonly (readonly [string, RegExp])[] = [
  ['a(?=b)', /look-around/],
  ['a(?!b)', /look-around/],
  ['(?<=a)b', /look-around/],
  ['(?<!a)b', /look-around/],
  ['(a)\\1', /back-reference/],
  ['(?P<n>a)(?P=n)', /\(\? starts no kind/],
  ['(a', /\( is never closed/],
  ['a)', /\) closes no group/],
  ['[a', /\[ is never closed/],
  ['[]', /\[ is never closed/],
  ['[^]', /\[ is never closed/],
  ['[z-a]', /out of order/],
  ['[\\w-z]', /class at one end/],
  ['*a', /\* has nothing/],
  ['a|+', /\+ has nothing/],
  ['(?i)*', /\* has nothing/],
  ['{2}', /\{ has nothing/],
  ['a{', /\{ starts no count/],
  ['a{x}', /\{ starts no count/],
  ['a{3,2}', /out of order/],
  ['a\\', /ends in a backslash/],
  ['\\q', /no escape/],
  ['\\Z', /no escape/],
  ['[\\b]', /no escape/],
  ['(?>a)', /\(\? starts no kind/],
  ['(?)', /\(\? starts no kind/],
  ['(?z)', /\(\? starts no kind/],
  ['(?<1a>b)', /proper name/],
  ['(?<a>b)(?<a>c)', /same name/],
  ['\\x{110000}', /no character/],
  ['\\pY', /Unicode class/],
  ['('.repeat(300) + ')'.repeat(300), /nested too deeply/],
  ['['.repeat(300), /nested too deeply/],
]

describe('a pattern that the regex crate compiles', () => {
  test.each(COMPILES)('%j', pattern => {
    expect(regexProblem(pattern)).toBeUndefined()
  })
})

describe('a pattern that it refuses', () => {
  test.each(FAILS)('%j', (pattern, message) => {
    expect(regexProblem(pattern)?.message).toMatch(message)
    expect(regexProblem(pattern)?.hint).not.toBe('')
  })
})
