import { describe, expect, it } from 'vitest'
import { CODES, type Code } from '../../src/config/codes.ts'
import type { Diagnostic, Severity } from '../../src/config/diagnostic.ts'
import { readDocument } from '../../src/config/read.ts'
import { applySuppressions, type Judged } from '../../src/config/suppress.ts'

/** Judges a text in which each line that holds `<CODE>` has a finding of that code there. */
function judge(text: string, severity?: Severity, looked: (code: Code) => boolean = () => true): Judged {
  const document = readDocument(text, { file: 'config.yaml', lookup: () => undefined })
  const found = [...text.matchAll(/<([A-Z_]+)>/g)].map(({ 0: word, 1: code = '', index }): Diagnostic => {
    return {
      code,
      severity: severity ?? CODES[code as Code].severity,
      message: 'm',
      hint: 'h',
      file: 'config.yaml',
      path: [],
      range: document.lines.range(index, index + word.length),
    }
  })
  return applySuppressions(document, found, looked)
}

const codes = (judged: Judged): string[] => judged.diagnostics.map(one => one.code)

describe('a comment hides a finding', () => {
  it.each([
    ['at the end of its line', 'a: <INLINE_KEY> # agw-ignore INLINE_KEY: a test key\n'],
    ['on the line above', '# agw-ignore INLINE_KEY: a test key\na: <INLINE_KEY>\n'],
    ['above, indented', 'a:\n  # agw-ignore INLINE_KEY: a test key\n  b: <INLINE_KEY>\n'],
    [
      'above other comments and empty lines',
      '# agw-ignore INLINE_KEY: a test key\n# more\n\na: <INLINE_KEY>\n',
    ],
    [
      'above another such comment',
      '# agw-ignore INLINE_KEY: a test key\n# agw-ignore KEY_SUSPECT: b\na: <INLINE_KEY> <KEY_SUSPECT>\n',
    ],
    ['one of several codes', 'a: <INLINE_KEY> # agw-ignore KEY_SUSPECT, INLINE_KEY: a test key\n'],
    ['with CRLF', '# agw-ignore INLINE_KEY: a test key\r\na: <INLINE_KEY>\r\n'],
    ['in brackets', 'a: [ <INLINE_KEY>, # agw-ignore INLINE_KEY: a test key\n  b ]\n'],
    ['without a line end behind it', 'a: <INLINE_KEY> # agw-ignore INLINE_KEY: a test key'],
    ['with two signs and no gap', 'a: <INLINE_KEY> ##agw-ignore INLINE_KEY:a test key\n'],
  ])('%s', (_, text) => {
    const judged = judge(text, undefined, () => false)
    expect(codes(judged)).toEqual([])
    expect(judged.suppressed.find(one => one.diagnostic.code === 'INLINE_KEY')?.reason).toBe('a test key')
  })

  it.each(['warning', 'note', 'unsupported-here'] as const)('of severity %s', severity => {
    expect(
      codes(judge('a: <NOT_RUN_HERE> # agw-ignore NOT_RUN_HERE: the binary runs it\n', severity)),
    ).toEqual([])
  })

  it('twice on one line', () => {
    const judged = judge('a: <INLINE_KEY> <INLINE_KEY> # agw-ignore INLINE_KEY: both\n')
    expect([codes(judged), judged.suppressed.length]).toEqual([[], 2])
  })
})

describe('a comment hides nothing', () => {
  it.each([
    ['on the line below', 'a: <INLINE_KEY>\n# agw-ignore INLINE_KEY: late\nb: 1\n'],
    ['two lines above', '# agw-ignore INLINE_KEY: far\nb: 1\na: <INLINE_KEY>\n'],
    ['at the end of the line above', 'b: 1 # agw-ignore INLINE_KEY: other line\na: <INLINE_KEY>\n'],
    ['for another code', 'a: <INLINE_KEY> # agw-ignore KEY_SUSPECT: no\n'],
    ['inside quotes', 'a: "<INLINE_KEY> # agw-ignore INLINE_KEY: no"\n'],
    ['inside a word', 'a: <INLINE_KEY>#agw-ignore INLINE_KEY: no\n'],
    ['inside a block of text', 'a: |\n  <INLINE_KEY> # agw-ignore INLINE_KEY: no\n'],
    ['of another kind', 'a: <INLINE_KEY> # agw-ignored INLINE_KEY: no\n'],
  ])('%s', (_, text) => {
    const judged = judge(text)
    expect(codes(judged)).toContain('INLINE_KEY')
    expect(judged.suppressed).toEqual([])
  })
})

describe('a comment is a finding itself', () => {
  it.each<[string, string, Code, RegExp]>([
    [
      'without a reason',
      'a: <INLINE_KEY> # agw-ignore INLINE_KEY\n',
      'SUPPRESSION_WITHOUT_REASON',
      /no reason/,
    ],
    [
      'with an empty reason',
      'a: <INLINE_KEY> # agw-ignore INLINE_KEY:  \n',
      'SUPPRESSION_WITHOUT_REASON',
      /no reason/,
    ],
    ['without a code', 'a: <INLINE_KEY> # agw-ignore: because\n', 'SUPPRESSION_UNUSED', /no code/],
    [
      'without effect',
      'a: 1 # agw-ignore INLINE_KEY: gone\n',
      'SUPPRESSION_UNUSED',
      /no INLINE_KEY to ignore in line 1/,
    ],
    [
      'at the end of the file',
      'a: 1\n# agw-ignore INLINE_KEY: gone',
      'SUPPRESSION_UNUSED',
      /no INLINE_KEY to ignore: no line follows/,
    ],
    [
      'with a code that does not exist',
      'a: 1 # agw-ignore INLINE_KEI: why\n',
      'SUPPRESSION_UNUSED',
      /"INLINE_KEI" is not a code/,
    ],
    [
      'for an error',
      'a: <UNKNOWN_KEY> # agw-ignore UNKNOWN_KEY: why\n',
      'SUPPRESSION_UNUSED',
      /errors cannot be ignored/,
    ],
    [
      'for an error that is not there',
      'a: 1 # agw-ignore YAML_SYNTAX: why\n',
      'SUPPRESSION_UNUSED',
      /errors cannot be ignored/,
    ],
    [
      'for a finding of another command',
      'a: 1 # agw-ignore KEY_IN_TEXT: why\n',
      'SUPPRESSION_UNUSED',
      /found by `agw keys scan`/,
    ],
  ])('%s', (_, text, code, message) => {
    const said = judge(text).diagnostics.filter(one => one.code.startsWith('SUPPRESSION'))
    expect(said).toMatchObject([
      { code, severity: CODES[code].severity, message: expect.stringMatching(message) },
    ])
    const { start, end } = said[0]?.range ?? expect.fail('no range')
    expect(text.slice(start.offset, end.offset)).toMatch(/^# agw-ignore/)
  })

  it('for an error by circumstances, as what only one gateway runs', () => {
    const judged = judge('a: <NOT_RUN_HERE> # agw-ignore NOT_RUN_HERE: why\n', 'error')
    expect(codes(judged)).toEqual(['NOT_RUN_HERE', 'SUPPRESSION_UNUSED'])
  })

  it('and says which code was meant', () => {
    const [one] = judge('a: 1 # agw-ignore INLINE_KEI: why\n').diagnostics
    expect(one?.hint).toBe('did you mean INLINE_KEY?')
  })

  it('but not for a code that was not looked for', () => {
    expect(
      codes(judge('a: 1 # agw-ignore INLINE_KEY: why\n', undefined, code => code !== 'INLINE_KEY')),
    ).toEqual([])
  })

  it('and cannot be hidden by another', () => {
    const text = '# agw-ignore SUPPRESSION_UNUSED: hush\n# agw-ignore INLINE_KEY: gone\na: 1\n'
    expect(codes(judge(text))).toEqual(['SUPPRESSION_UNUSED', 'SUPPRESSION_UNUSED'])
  })
})

it('repeats no secret that stands in a comment', () => {
  const key = `sk-proj-${'x7Q2'.repeat(12)}`
  const judged = judge(`a: <INLINE_KEY> # agw-ignore INLINE_KEY: key: ${key}\nb: 1 # agw-ignore ${key}: r\n`)
  expect(judged.suppressed).toHaveLength(1)
  expect(JSON.stringify(judged)).not.toContain('x7Q2x7Q2')
})

it('leaves a file without such comments alone', () => {
  const judged = judge('a: <INLINE_KEY>\n')
  expect([codes(judged), judged.suppressed]).toEqual([['INLINE_KEY'], []])
})
