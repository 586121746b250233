import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { printableDiff } from '../../src/cli/diff.ts'
import { Terminal } from '../../src/cli/terminal.ts'

const stream = { write: () => true } as unknown as NodeJS.WritableStream
const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env: {}, redact: text => text })
const diff = (before: string, after: string): string =>
  stripVTControlCharacters(printableDiff(before, after, 'a.yaml', terminal, line => line))

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
