import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { printableDiff } from '../../src/cli/diff.ts'
import { maskFor } from '../../src/cli/mask-for.ts'
import { Terminal } from '../../src/cli/terminal.ts'

const FILE = { path: '/a.yaml', content: '', what: 'config', secret: true }
const stream = { write: () => true } as unknown as NodeJS.WritableStream
const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env: {}, redact: text => text })
const asWritten = (text: string) => {
  const lines = text.split('\n')
  return (number: number): string => lines[number - 1] ?? ''
}
const diff = (before: string, after: string): string =>
  stripVTControlCharacters(printableDiff(before, after, 'a.yaml', terminal, asWritten))

/** So many lines, of which every fifth, or another, is changed by `change`. */
const lines = (count: number, change: (at: number) => string | undefined): string =>
  `${Array.from({ length: count }, (_, at) => change(at) ?? at).join('\n')}\n`

it('shows thousands of changed lines without looking for a shorter way', () => {
  const shown = diff(
    lines(100_000, () => undefined),
    lines(100_000, at => (at % 10 === 5 ? `new ${at}` : undefined)),
  )
  expect(shown.split('\n').slice(0, 14)).toEqual([
    'a.yaml',
    '@@ line 4 @@',
    '    3',
    '    4',
    '  - 5',
    '  + new 5',
    '    6',
    '    7',
    '@@ line 14 @@',
    '    13',
    '    14',
    '  - 15',
    '  + new 15',
    '    16',
  ])
  expect(shown.match(/^ {2}\+/gm)).toHaveLength(10_000)
})

it('puts changes that stand close together into one', () => {
  const shown = diff(
    lines(50_000, () => undefined),
    lines(50_000, at => (at % 5 === 0 ? `new ${at}` : undefined)),
  )
  expect(shown.match(/@@/g)).toHaveLength(2)
  expect(shown.match(/^ {2}-/gm)).toHaveLength(10_000)
})

it('shows all between the first and the last change where lines have come or gone', () => {
  const before = lines(20_000, () => undefined)
  const shown = diff(
    before,
    lines(20_002, at => (at > 9 && at < 19_990 ? `new ${at}` : at > 19_989 ? `${at - 2}` : undefined)),
  )
  expect(shown.split('\n').slice(0, 5)).toEqual(['a.yaml', '@@ line 9 @@', '    8', '    9', '  - 10'])
  expect(shown.split('\n').slice(-3)).toEqual(['  + new 19989', '    19988', '    19989'])
})

it('shows a long new file as it is', () => {
  const shown = diff(
    '',
    lines(5_000, () => undefined),
  )
  expect(shown.split('\n').slice(0, 2)).toEqual(['new file a.yaml', '  + 0'])
  expect(shown.split('\n')).toHaveLength(5_001)
})

it('shows more changed lines in one piece than a call takes arguments', () => {
  const shown = diff(
    lines(200_000, () => undefined),
    lines(200_000, at => `new ${at}`),
  )
  expect(shown.match(/^ {2}[-+]/gm)).toHaveLength(400_000)
})

it('of a long line, as a minified config is one, shows where it differs alone', () => {
  const list = (...more: string[]): string =>
    JSON.stringify({
      models: [...Array.from({ length: 300 }, (_, at) => `model-${at}`), ...more],
      port: 3000,
    })
  const [before, after] = [list(), list('gpt-5')]
  expect(diff(before, after).split('\n')).toEqual([
    'a.yaml',
    '@@ line 1 @@',
    expect.stringMatching(/^ {2}- ….{20,70}"model-299"\],"port":3000\}$/),
    expect.stringMatching(/^ {2}\+ ….{20,70},"gpt-5"\],"port":3000\}$/),
  ])
  const far = (port: number): string => `[${port},"${'x'.repeat(9_000)}",${port}]`
  for (const line of diff(far(1), far(2)).split('\n')) expect(line.length).toBeLessThan(600)
  expect(diff('', `${before}\n`).split('\n')[1]?.length).toBeLessThan(100)
  expect(diff(`a\n${before}\n`, `b\n${before}\n`).split('\n').at(-1)).toMatch(/^ {4}\{"models".*…$/)
})

it('leaves no part of a secret of a line that is cut', () => {
  const secret = 'correct horse battery'
  const redact = (text: string) => text.replaceAll(secret, '[redacted]')
  const one = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env: {}, redact })
  const line = `${'x'.repeat(40)} ${secret} ${'x'.repeat(500)}`
  for (const before of ['', `${line.replaceAll('x', 'y')}\n`])
    expect(redact(printableDiff(before, `${line}\n`, 'a.yaml', one, asWritten))).not.toContain('correct')
})

it('masks by what stands in the lines above, in both texts', () => {
  const config = (key: string): string => `port: 1\nkey: |\n  ${key}\n`
  const shown = stripVTControlCharacters(
    printableDiff(config('correct horse'), config('battery staple'), 'a.yaml', terminal, maskFor(FILE)),
  )
  expect(shown).toContain('  - ')
  expect(shown).not.toMatch(/horse|staple/)
})

it('lets a line that does not fit go on below itself', () => {
  const narrow = new Terminal({
    stdin: {},
    stdout: stream,
    stderr: Object.assign({ isTTY: true, columns: 30 }, stream),
    env: { NO_COLOR: '1' },
    redact: text => text,
  })
  const shown = printableDiff(
    'a: 1\n',
    'a: 1\n  b: { c: one, d: two, e: three }\n',
    'a.yaml',
    narrow,
    asWritten,
  )
  expect(shown.split('\n').slice(2)).toEqual(['    a: 1', '  +   b: { c: one, d: two,', '        e: three }'])
})
