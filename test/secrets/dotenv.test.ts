import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AgwError } from '../../src/errors.ts'
import { parseDotenv, setInDotenv } from '../../src/secrets/dotenv.ts'

const valuesOf = (text: string) => Object.fromEntries(parseDotenv(text).values)

describe('parseDotenv', () => {
  const shared: [text: string, values: Record<string, string>][] = [
    ['A=b', { A: 'b' }],
    ['export A=b', { A: 'b' }],
    ['A = b # c', { A: 'b' }],
    ['A="b c" # d', { A: 'b c' }],
    ["A='b#c' # d", { A: 'b#c' }],
    ['A="x\\ny"', { A: 'x\ny' }],
    ["A='x\\ny'", { A: 'x\\ny' }],
    ['A="l1\nl2"\nB=2', { A: 'l1\nl2', B: '2' }],
    ["A='l1\nl2'\nB=2", { A: 'l1\nl2', B: '2' }],
    ['A=`x"y\'z`', { A: 'x"y\'z' }],
    ['# c\nA=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['A=1\nA=2', { A: '2' }],
    ['A=\nB=""\nC=3', { A: '', B: '', C: '3' }],
    ['A=$B ${C}', { A: '$B ${C}' }],
    ['A=a#b', { A: 'a' }],
    ['A="un\nB=2', { A: '"un', B: '2' }],
    ["A=it's", { A: "it's" }],
    ['A="x"y', { A: 'x' }],
    ['# A="\nB=1', { B: '1' }],
    ['A="a\r\nb"', { A: 'a\nb' }],
    ['', {}],
    ['\n\n', {}],
  ]
  test.each(shared)('%j, as Node reads it', (text, values) => {
    expect(valuesOf(text)).toEqual(values)
    expect({ ...parseEnv(text) }).toEqual(values)
  })

  const own: [text: string, values: Record<string, string>][] = [
    ['garbage\nA=1', { A: '1' }],
    ['=x\nA=1', { A: '1' }],
    ['\tA=1', { A: '1' }],
    ['export\tA=1', { A: '1' }],
    ['\ufeffA=1', { A: '1' }],
    ['A=b\t# c', { A: 'b' }],
    ['A="a\\"b"', { A: 'a"b' }],
    ['A: b\nB=1', { B: '1' }],
    ['constructor=1\n__proto__=2', { constructor: '1', ['__proto__']: '2' }],
  ]
  test.each(own)('%j, where a line by itself must not spoil the next', (text, values) => {
    expect([...parseDotenv(text).values]).toEqual(Object.entries(values))
  })

  const findings: [text: string, line: number, column: number, message: RegExp][] = [
    ['A=1\n \tgarbage', 2, 3, /not NAME=value/],
    ['A="l1\nl2"\n\nsk-canary-0123', 4, 1, /not NAME=value/],
    ['A=sk-canary#x', 1, 12, /value of A ends at its #/],
    ['A=1\nB=2\nA=sk-canary', 3, 1, /A is set in line 1 already, to something else/],
    ['\r\nA="sk-canary', 2, 3, /quote after A= is never closed/],
  ]
  test('finds nothing in a line that repeats another', () => {
    expect(parseDotenv('A=1\nA=1\n').findings).toEqual([])
  })

  test.each(findings)('%j: a finding at %i:%i that holds no value', (text, line, column, message) => {
    const [finding, ...others] = parseDotenv(text).findings
    expect(others).toEqual([])
    expect(finding).toMatchObject({ line, column, message: expect.stringMatching(message) })
    expect(JSON.stringify(finding)).not.toContain('canary')
  })

  test('any text is read without an error, in little time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'A= \t"\'`#\\\n\r$x') }),
        text => void parseDotenv(text),
      ),
    )
    const hostile = 'A="\n'.repeat(100_000)
    expect(parseDotenv(hostile).values.size).toBe(1)
  })
})

describe('setInDotenv', () => {
  const edits: [what: string, before: string, after: string][] = [
    ['a new file', '', 'KEY=sk-new\n'],
    ['a last line', 'A=1\n', 'A=1\nKEY=sk-new\n'],
    ['a last line after one without line end', 'A=1', 'A=1\nKEY=sk-new\n'],
    ['Windows line ends', 'A=1\r\n# c\r\n', 'A=1\r\n# c\r\nKEY=sk-new\r\n'],
    [
      'in its place',
      '# top\n\nA=1 # one\nKEY=old # mine\nB="2"\n',
      '# top\n\nA=1 # one\nKEY=sk-new # mine\nB="2"\n',
    ],
    ['with export and spaces', '  export KEY = "old" # c\n', '  export KEY = sk-new # c\n'],
    ['over several lines', "A=1\nKEY='l1\nl2'\nB=2\n", 'A=1\nKEY=sk-new\nB=2\n'],
    ['every place it stands in', 'KEY=old1\nA=1\nKEY=old2\n', 'KEY=sk-new\nA=1\nKEY=sk-new\n'],
    ['an empty value', 'KEY=\nA=1', 'KEY=sk-new\nA=1'],
    ['an empty value before a comment', 'KEY=# c\nA=1', 'KEY=sk-new # c\nA=1'],
    [
      'not in a comment, a longer name or a value',
      '#KEY=1\nMY_KEY=2\nA="\nKEY=3\n"\n',
      '#KEY=1\nMY_KEY=2\nA="\nKEY=3\n"\nKEY=sk-new\n',
    ],
    ['a byte order mark', '\ufeffKEY=old\n', '\ufeffKEY=sk-new\n'],
  ]
  test.each(edits)('%s', (_, before, after) => {
    expect(setInDotenv(before, 'KEY', 'sk-new')).toBe(after)
    expect(setInDotenv(after, 'KEY', 'sk-new')).toBe(after)
  })

  const quoted: [value: string, line: string][] = [
    ['sk-proj-a_b.C+/=', 'KEY=sk-proj-a_b.C+/=\n'],
    ['', "KEY=''\n"],
    ['a b', "KEY='a b'\n"],
    ['a#b', "KEY='a#b'\n"],
    ['$HOME', "KEY='$HOME'\n"],
    ["it's", 'KEY="it\'s"\n'],
    ['\'"', 'KEY=`\'"`\n'],
    ['a\\nb', "KEY='a\\nb'\n"],
  ]
  test.each(quoted)('%j is quoted as needed', (value, line) => {
    expect(setInDotenv('', 'KEY', value)).toBe(line)
  })

  test('whatever is set is read back, by us and by Node, and all other lines stay', () => {
    const value = fc.string({ unit: fc.constantFrom(...'aZ09-_ \t"\'#\\$=+/\n') })
    const lines = fc.array(
      fc.constantFrom('A=1', '# c', '', 'B="x y" # d', "C='l1\nl2'", 'KEY=old', 'export KEY="o l d"'),
    )
    fc.assert(
      fc.property(lines, value, (before, secret) => {
        const text = before.join('\n')
        const after = setInDotenv(text, 'KEY', secret)
        expect(parseDotenv(after).values.get('KEY')).toBe(secret)
        expect(parseEnv(after)['KEY']).toBe(secret)
        const others = (from: string) => [...parseDotenv(from).values].filter(([name]) => name !== 'KEY')
        expect(others(after)).toEqual(others(text))
      }),
    )
  })

  const refused: [what: string, text: string, name: string, value: string][] = [
    ['a value with all quotes', '', 'KEY', 'sk-canary\'"`'],
    ['a carriage return', '', 'KEY', 'sk-canary\r\nx'],
    ['a name that is none', '', 'sk-canary', 'x'],
    ['a file whose open quote would swallow the new value', "A='open\n", 'KEY', 'sk canary'],
  ]
  test.each(refused)('refused: %s', (_, text, name, value) => {
    try {
      setInDotenv(text, name, value)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(AgwError)
      expect(error).toMatchObject({ code: 'SECRET_REJECTED', hint: expect.any(String) })
      expect(String(error)).not.toContain('canary')
    }
  })
})
