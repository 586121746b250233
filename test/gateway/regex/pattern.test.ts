import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { compilePattern, isRunnableRegex } from '../../../src/gateway/regex/pattern.ts'
import { plainPattern } from '../../../src/gateway/regex/plain.ts'

describe('a pattern of the regex crate is found', () => {
  it.each<[string, string, boolean]>([
    ['^.$', '😀', true],
    ['^\\w+$', 'größe', true],
    ['^\\d$', '٣', true],
    ['^\\s$', '\u00a0', true],
    ['^\\W$', 'é', false],
    ['^[\\W_]+$', '_-_', true],
    ['^[\\W_]+$', 'é', false],
    ['^a$', 'a\n', false],
    ['.', '\n', false],
    ['.', '\r', true],
    ['(?s).', '\n', true],
    ['(?m)^b$', 'a\nb', true],
    ['(?i)ABC', 'xabc', true],
    ['a(?i)b', 'aB', true],
    ['a(?i:b)c', 'aBC', false],
    ['(?-s:.)', '\n', false],
    ['(?x) f o # the o\n o', 'foo', true],
    ['(?x: f o )b', 'fob', true],
    ['(?x)[a b]c', ' c', false],
    ['[[:alpha:]]-b', 'a-b', true],
    ['[[:^alpha:]]', 'a', false],
    ['\\x41\\x{1F600}\\u0041\\U0001F600\\u{41}', 'A😀A😀A', true],
    ['\\pL\\p{Greek}\\P{L}\\p{sc=Latin}\\p{^L}', 'aα1b2', true],
    ['\\A\\x61\\z', 'a', true],
    ['^x{,2}$', 'xx', true],
    ['^x{ 1 , 2 }$', 'xxx', false],
    ['^[]a]+$', ']a', true],
    ['^[^]a]$', ']', false],
    ['^[--a]$', '-', true],
    ['^[a^]$', '^', true],
    ['^x}y]z$', 'x}y]z', true],
    ['^\\-\\%\\ \\/$', '-% /', true],
    ['(?U)^a+', 'aa', true],
    ['^a**$', 'aaa', true],
    ['^a{2}{3}$', 'aaaaaa', true],
    ['^a{2}{3}$', 'aaaaa', false],
    ['^(?:ab)+?*c$', 'ababc', true],
    ['^(a|(b+)*)??*x$', 'bbax', true],
    ['^[ab]+{2}$', 'a', false],
    ['(?x)^a + +$', 'aa', true],
    ['^\\p{Letter}+\\p{decimal number}\\P{Uppercase_Letter}$', 'aé3b', true],
    ['^[\\p{Letter}\\p{punct}]+$', 'a!', true],
    ['^\\p{greek}\\p{lu}\\p{script=old_italic}$', 'αA𐌀', true],
    ['\\p{gc=Letter}', '1', false],
  ])('%s in %j: %s', (written, text, wanted) => {
    expect(compilePattern(written).test(text)).toBe(wanted)
  })
})

describe('what runs here', () => {
  it.each<[string, boolean]>([
    ['a**', true],
    ['\\p{Letter}', true],
    ['^/v1/[a-z]+$', true],
    ['a{1000}', true],
    ['a{1001}', false],
    ['(?:a{1000}){2}', false],
    ['[a-z&&[^b]]', false],
    ['\\p{Age:6.0}', false],
    ['\\p{Foobar}', false],
    ['a\\b{start}', false],
    ['(', false],
  ])('%s: %s, and compiling says the same', (written, wanted) => {
    expect(isRunnableRegex(written)).toBe(wanted)
    if (wanted) compilePattern(written)
    else expect(() => compilePattern(written)).toThrow()
  })
})

describe('the first match must span the text', () => {
  it.each<[string, string, boolean]>([
    ['a|ab', 'ab', false],
    ['ab|a', 'ab', true],
    ['b', 'ab', false],
    ['/v\\d+/[a-z_-]+', '/v12/chat-x', true],
    ['/v\\d+/[a-z_-]+', '/v12/chat-x/', false],
    ['/v\\d+/[a-z_-]+', '/x/v1/chat', false],
    ['/api/(v1|v2)/.*', '/api/v2/', true],
    ['a+?', 'aa', false],
    ['', '', true],
  ])('%s over %j: %s', (written, text, wanted) => {
    expect(compilePattern(written).spans(text)).toBe(wanted)
  })
})

it.each<[string, string, string, string]>([
  ['X', 'aXbX', '$0$0', 'aXXbX'],
  ['(?P<key>\\w)=(?<val>\\w)', 'k=v', '${val}=$key', 'v=k'],
  ['(a)(b)?', 'ac', '[$1$2$3]', '[a]c'],
  ['a', 'a', "$$&$'$1x", "$&$'"],
  ['^a*', 'b', '-', '-b'],
  ['z', 'abc', '-', 'abc'],
])('the first %s in %j becomes %s: %j', (pattern, text, by, wanted) => {
  expect(compilePattern(pattern).replaceFirst(text, by)).toBe(wanted)
})

describe('masking', () => {
  /** Characters that are left where each `a` of so many could be the beginning of a longer find that never ends. */
  const left = (count: number) => compilePattern('a(?:(?s:.)*b)?').mask(`${'ac'.repeat(count)}`, '#')

  it('goes on behind each find while the text is not looked at too often', () => {
    expect(left(10)).toBe('#c'.repeat(10))
    const words = Array.from({ length: 300 }, (_, i) => `w${i}x`)
    expect(compilePattern(words.join('|')).mask(words.join(' '), '#')).toBe(words.map(() => '#').join(' '))
    const many = 'mail a.b@example.org, '.repeat(2000)
    expect(compilePattern('[\\w.+-]+@[a-z-]+\\.[a-z]+').mask(many, '#')).toBe('mail #, '.repeat(2000))
  })

  it('takes all of the rest for one find where it is', () => {
    const masked = left(20_000)
    expect(masked).toMatch(/^(?:#c)+##$/)
    expect(masked.length).toBeLessThan(200)
  })
})

it('all that is found is masked, and what is empty is not', () => {
  expect(compilePattern('\\d*').mask('a12b3', '#')).toBe('a#b#')
  expect(compilePattern('(?i)secret').mask('Secret SECRET', '$0')).toBe('$0 $0')
})

describe('what only Rust can say is refused', () => {
  test.each([
    '[a-z&&[^aeiou]]',
    '[a[bc]]',
    '[\\w--\\d]',
    '\\bword\\<',
    '\\b{start}a',
    '(?R)a$',
    '(?-u:a)',
    '[^\\W]',
    'x{1001}',
    '(?=a)',
    '(',
  ])('%s', written => {
    expect(() => compilePattern(written)).toThrow()
  })
})

describe('no text keeps a pattern busy', () => {
  // Each of these takes JavaScript's own engine from minutes to centuries.
  const text = `${'a'.repeat(50_000)}!`
  test.each([
    '^(a+)+$',
    '(a|aa)+$',
    '(a*)*b',
    '.*.*.*=.*',
    'a+b',
    '[\\w.+-]+@[a-z]+',
    'a*a*a*a*a*b$',
    '(a?){25}a{25}b',
    '^(?:a?){30}(?:a){30}$',
    '(.+)+x',
    '^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaaaaaa$',
  ])('%s', written => {
    const pattern = compilePattern(written)
    expect([pattern.test(text), pattern.spans(text)]).toEqual([false, false])
  })
})

describe('JavaScript runs only what has one way to be read', () => {
  test.each(['/v\\d+/[a-z0-9_-]+', '^/api/(v1|v2)/.*$', 'abc', '\\.json', '[a-f0-9]{8}-[a-f0-9]{4}', '/a/?'])(
    '%s is plain',
    written => {
      expect(plainPattern(written)).toBeDefined()
    },
  )
  test.each([
    '.*/.*',
    '\\d+\\w*',
    '(a+)+',
    'a*?b',
    'a|b',
    '(?i)a',
    '[a-z]+[0-9]+',
    '\\d*\\d?',
    '\\bx',
    'a++',
    '[a-z-]{2,}-[a-z-]{2,}x',
    '[0-9]+x{0}[0-9]+',
    '\\w+𝐀\\w+',
  ])('%s is not', written => {
    expect(plainPattern(written)).toBeUndefined()
  })

  it('so that the steps it takes grow with the length of the text, whatever the text', () => {
    const atoms: Record<string, (letter: string) => boolean> = {
      a: letter => letter === 'a',
      '-': letter => letter === '-',
      𝐀: letter => letter === '𝐀',
      '\\d': letter => letter === '1',
      '\\w': letter => letter !== '-',
      '.': () => true,
      '[a-z-]': letter => letter === 'a' || letter === '-',
      '[^a]': letter => letter !== 'a',
    }
    const counts: Record<string, [least: number, most: number]> = {
      '': [1, 1],
      '*': [0, Infinity],
      '+': [1, Infinity],
      '?': [0, 1],
      '{0}': [0, 0],
      '{2}': [2, 2],
      '{2,}': [2, Infinity],
      '{1,9}': [1, 9],
    }
    const part = fc.record({
      atom: fc.constantFrom(...Object.keys(atoms)),
      count: fc.constantFrom(...Object.keys(counts)),
    })
    const words = fc.array(fc.constantFrom('a', '-', '1', '𝐀'), { minLength: 1, maxLength: 4 })
    let plain = 0
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), words, (parts, word) => {
        if (plainPattern(`^${parts.map(({ atom, count }) => atom + count).join('')}$`) === undefined) return
        plain += 1
        const text = Array.from({ length: 200 }, () => word).flat()
        const ranges = parts.map(({ atom, count }) => ({ takes: atoms[atom], range: counts[count] }))
        let steps = 0
        /** As an engine goes that tries one way after the other; there is no way to the end. */
        const tries = (index: number, at: number): boolean => {
          steps += 1
          const { takes, range: [least, most] = [0, 0] } = ranges[index] ?? {}
          if (takes === undefined) return false
          let taken = 0
          while (taken < most && at + taken < text.length && takes(text[at + taken] ?? '')) taken += 1
          steps += taken
          for (; taken >= least; taken -= 1) if (tries(index + 1, at + taken)) return true
          return false
        }
        tries(0, 0)
        expect(steps).toBeLessThan(10 * (parts.length + 1) * text.length)
      }),
      {
        numRuns: 20_000,
        examples: [
          [
            [
              { atom: '[a-z-]', count: '{2,}' },
              { atom: '-', count: '' },
              { atom: '[a-z-]', count: '{2,}' },
            ],
            ['a', '-'],
          ],
        ],
      },
    )
    expect(plain).toBeGreaterThan(1000)
  })

  it('and then finds what RE2 finds', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '/',
      '\\d',
      '[ab]',
      '.',
      'a+',
      'b*',
      '/?',
      '[a-z]+',
      '(a|b)',
      'a{1,2}',
    )
    const texts = fc.stringMatching(/^[ab/1\n]{0,12}$/)
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.boolean(), texts, (parts, anchored, text) => {
        const written = (anchored ? '^' : '') + parts.join('')
        const fast = compilePattern(written)
        // The group keeps the other one from being plain.
        const safe = compilePattern(`(?:(?:${written}))`)
        expect([fast.spans(text), fast.test(text)]).toEqual([safe.spans(text), safe.test(text)])
      }),
      { numRuns: 2000 },
    )
  })
})
