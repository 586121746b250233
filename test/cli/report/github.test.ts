import { describe, expect, it } from 'vitest'
import { githubText, stepSummary } from '../../../src/cli/report/github.ts'
import { GOOD } from '../../helpers/validate.ts'
import { checked, fileWith, finding, ROOT } from './checked.ts'

/** Undoes what the runner undoes. */
function parse(line: string): { kind: string; properties: Record<string, string>; data: string } {
  const [, kind = '', listed = '', data = ''] = /^::(\w+) ([^:]*)::(.*)$/.exec(line) ?? []
  const plain = (text: string): string =>
    text.replace(/%(25|0D|0A|3A|2C)/g, found => decodeURIComponent(found))
  const pairs = listed.split(',').map(pair => pair.split('='))
  return {
    kind,
    properties: Object.fromEntries(pairs.map(([key = '', value = '']) => [key, plain(value)])),
    data: plain(data),
  }
}

describe('githubText', () => {
  it('gives each finding its place, its code and what to do', () => {
    const [line = ''] = githubText([checked('binds: []\nruotes: []\n')], ROOT).split('\n')
    expect(parse(line)).toEqual({
      kind: 'error',
      properties: {
        file: 'config.yaml',
        line: '2',
        endLine: '2',
        col: '1',
        endColumn: '7',
        title: 'UNKNOWN_KEY: unknown key',
      },
      data: expect.stringMatching(/^"ruotes" is not a key of the config → did you mean "routes"\?/),
    })
  })

  it.each([
    ['error', 'error'],
    ['warning', 'warning'],
    ['note', 'notice'],
    ['unsupported-here', 'notice'],
  ] as const)('says %s as %s', (severity, kind) => {
    expect(parse(githubText([fileWith([finding('m', { severity })])], ROOT).split('\n')[0] ?? '').kind).toBe(
      kind,
    )
  })

  it.each([
    ['100% sure', '100%25 sure'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['a: b, c', 'a: b, c'],
    ['%0A', '%250A'],
    ['::error::x', '::error::x'],
  ])('escapes %j in the message', (message, written) => {
    const [line = ''] = githubText([fileWith([finding(message)])], ROOT).split('\n')
    expect(line.endsWith(`::${written}`)).toBe(true)
    expect(parse(line).data).toBe(message)
  })

  it.each(['a,b.yaml', 'a:b.yaml', 'line=1.yaml', 'per%cent.yaml', 'new\nline.yaml'])(
    'escapes the file name %j',
    name => {
      const text = githubText([fileWith([finding('m')], name)], ROOT)
      expect(text.split('\n')).toHaveLength(2)
      const [, file = ''] = /file=([^,]*),/.exec(text) ?? []
      expect(file).not.toMatch(/[:\n]/)
      expect(file.replace(/%(25|0D|0A|3A|2C)/g, found => decodeURIComponent(found))).toBe(name)
    },
  )

  it('annotates ten of a kind, worst first, and keeps the rest in the log', () => {
    const some = (count: number, severity: 'error' | 'warning' | 'note') =>
      Array.from({ length: count }, (_, index) =>
        finding(`${severity} ${index}`, { severity, line: index + 1 }),
      )
    const text = githubText(
      [fileWith([...some(12, 'note'), ...some(13, 'warning')]), fileWith(some(11, 'error'))],
      ROOT,
    )
    const lines = text.split('\n')
    const kinds = lines.filter(line => line.startsWith('::')).map(line => parse(line).kind)
    expect(kinds).toEqual([
      ...Array(10).fill('error'),
      ...Array(10).fill('warning'),
      ...Array(10).fill('notice'),
    ])
    expect(lines.filter(line => /^config\.yaml:\d+:1 /.test(line))).toHaveLength(6)
    expect(lines.at(-1)).toBe(
      'agw validate: 11 errors, 13 warnings, 12 notes; GitHub shows 10 of a kind as annotations, 6 more are above',
    )
  })

  it('writes nothing that a terminal would act on, be it of the name of a file', () => {
    const file = fileWith([finding('m\u001b[2J')], 'a\u001b[31m\u202e.yaml')
    for (const text of [githubText([file], ROOT), stepSummary([file], ROOT)])
      expect(text).not.toMatch(/[\u001b\u202e]/)
  })

  it('writes no line of the log that the runner would take for a command', () => {
    const evil = Array.from({ length: 12 }, () => finding('##[add-path]/evil\n::set-env name=A::b'))
    const lines = githubText([fileWith(evil, '::x')], ROOT)
      .split('\n')
      .slice(10)
    expect(lines.join('\n')).not.toMatch(/##\[|^\s*::/m)
  })

  it('says that nothing was found', () => {
    expect(githubText([checked(GOOD)], ROOT)).toBe('agw validate: no findings')
  })
})

describe('stepSummary', () => {
  it('is a table, worst first', () => {
    const files = [
      fileWith([finding('a note', { severity: 'note' })], 'b.yaml'),
      fileWith([finding('an error', { hint: 'mend it', line: 7 })], 'a.yaml'),
    ]
    expect(stepSummary(files, ROOT)).toBe(`### ❌ agw validate: 1 error, 1 note

- <code>b.yaml</code>: 1 note
- <code>a.yaml</code>: 1 error

| severity | code | place | finding |
| --- | --- | --- | --- |
| error | <code>UNKNOWN_KEY</code> | <code>a.yaml:7</code> | an error → mend it |
| note | <code>UNKNOWN_KEY</code> | <code>b.yaml:1</code> | a note |
`)
  })

  it.each([
    'a | b',
    '<img src=x>',
    '[link](http://x)',
    '`code`',
    '**bold**',
    '@someone',
    'two\nlines',
    '~~gone~~',
  ])('shows %j as it is', message => {
    const row = stepSummary([fileWith([finding(message)])], ROOT)
      .split('\n')
      .find(line => line.startsWith('| error'))
    expect(row?.split(/(?<!\\)\|/)).toHaveLength(6)
    expect(row).not.toMatch(/(?<!\\)(?:<img|\[link|`code|\*\*|~~)|@someone/)
  })

  it('stays far below a megabyte', () => {
    const many = Array.from({ length: 5000 }, () => finding('x'.repeat(500)))
    const text = stepSummary([fileWith(many)], ROOT)
    expect(text.length).toBeLessThan(500_000)
    expect(text).toContain('4800 more are in the log')
  })

  it('says that nothing was found', () => {
    expect(stepSummary([checked(GOOD)], ROOT)).toBe(
      '### ✅ agw validate: no findings\n\n- <code>config.yaml</code>: no findings\n',
    )
  })
})
