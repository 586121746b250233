import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/config/read.ts'

const read = (text: string | Uint8Array, values: Record<string, string> = {}) =>
  readDocument(text, { file: 'config.yaml', lookup: name => values[name] })
const codes = (text: string | Uint8Array) => read(text).diagnostics.map(one => one.code)

describe('reading gives every finding with its place', () => {
  const bom = Uint8Array.from([0xff, 0xfe, 0x61, 0])
  const table: [name: string, text: string | Uint8Array, codes: string[], place?: string][] = [
    ['a good file', 'binds: []\n', []],
    ['an empty file', '', ['EMPTY_CONFIG'], '1:1'],
    ['comments only', '# nothing\n', ['EMPTY_CONFIG'], '1:1'],
    ['UTF-16', bom, ['NOT_UTF8'], '1:1'],
    ['a binary file', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), ['NOT_UTF8'], '1:5'],
    ['a UTF-8 byte order mark', Uint8Array.from([0xef, 0xbb, 0xbf, ...Buffer.from('a: 1\n')]), []],
    ['Windows line ends', 'a: 1\r\nb: 2\r\n', []],
    ['a tab', 'a:\n\tb: 1\n', ['YAML_SYNTAX'], '2:1'],
    ['an open quote', 'a: "x\n', ['YAML_SYNTAX']],
    ['an open quote above more lines', 'a:\n  b: "x\n  c: 1\n  d: 2\n', ['YAML_SYNTAX']],
    ['an open bracket, not the key after it', 'a:\n  - [1,2\nb: 3\n', ['YAML_SYNTAX'], '2:5'],
    ['an open brace', 'a: {x: [1]\nb: 3\n', ['YAML_SYNTAX'], '1:4'],
    ['an alias inside its own anchor', 'a: &x [*x]\n', ['YAML_SYNTAX'], '1:8'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', ['DUPLICATE_KEY'], '3:1'],
    ['nothing but a document mark', '---\n', ['EMPTY_CONFIG'], '1:1'],
    ['null', '# none\nnull\n', ['EMPTY_CONFIG'], '1:1'],
    ['a tag', 'a: !env NAME\n', ['YAML_SYNTAX'], '1:4'],
    ['a tag of a map', 'b: 1\na: !ref {b: 1}\n', ['YAML_SYNTAX'], '2:4'],
    ['tags of YAML itself', 'a: !!str 1\nb: !!map {}\n', []],
    ['an escape of a terminal, in a comment', 'a: 1\n# \x1b[31mred\n', ['YAML_SYNTAX'], '2:3'],
    ['a character of Windows-1252 as it is in Unicode', 'a: "\x93b"\n', ['YAML_SYNTAX'], '1:5'],
    ['signs of all planes, and a line end of mainframes', 'a: "é😀\x85\u2028\ufffd"\n', []],
    ['two documents', 'a: 1\n---\nb: 1\n', ['YAML_SYNTAX'], '2:1'],
    [
      'unset variables, all of them',
      'a: "$ONE"\n# $TWO\nb: ${THREE}\n',
      ['VARIABLE_UNSET', 'VARIABLE_IN_COMMENT', 'VARIABLE_UNSET'],
      '1:5',
    ],
    ['an alias bomb', bomb(), ['TOO_LARGE']],
    ['deep nesting', `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n`, ['TOO_DEEP']],
  ]
  it.each(table)('%s', (_, text, expected, place) => {
    const { diagnostics } = read(text)
    expect(diagnostics.map(one => one.code)).toEqual(expected)
    const start = diagnostics[0]?.range.start
    if (place !== undefined) expect(`${start?.line}:${start?.column}`).toBe(place)
  })
})

it('a key that stands twice is told with the line in which it stands first', () => {
  const messages = read('"$ONE": 1\nb: 2\nc: {x: 1}\nb: 3\nb: 4\n').diagnostics.filter(
    one => one.code === 'DUPLICATE_KEY',
  )
  expect(messages.map(one => `${one.range.start.line} ${one.message}`)).toEqual([
    '4 this key stands in the same map already, in line 2',
    '5 this key stands in the same map already, in line 2',
  ])
})

describe('what is said of a variable that is not set', () => {
  it.each([
    [
      'a: "${KEY:?must be set}"',
      'agentgateway knows no such form of ${KEY…}',
      'write ${KEY}, or ${KEY:-default}',
    ],
    ['a: "${KEY-x}"', 'agentgateway knows no such form of ${KEY…}', 'write ${KEY}, or ${KEY:-default}'],
    ['a: "${FOO BAR}"', 'is not a variable name', 'letters, digits and _'],
    ['a: "$OPENAI-KEY"', 'the variable OPENAI is not set', 'the name ends before the "-": export OPENAI, '],
    ['a: "$5"', 'the variable 5 is not set', 'write $$ for'],
    ['a: "$KEY"', 'the variable KEY is not set', 'export KEY, put it into .env'],
  ])('%s', (text, message, hint) => {
    const [finding] = read(text).diagnostics
    expect([finding?.message, finding?.hint]).toEqual([
      expect.stringContaining(message),
      expect.stringContaining(hint),
    ])
  })

  it('names no part of the hash of a password', () => {
    const said = read('a: "user:$2y$05$abcdefghij"').diagnostics.map(one => one.message + one.hint)
    expect(said).toHaveLength(3)
    expect(said.join()).not.toMatch(/05|abcdefghij|export/)
  })
})

describe('plain data is typed as agentgateway reads it', () => {
  const table: [text: string, value: unknown][] = [
    ['a: 0123', { a: '0123' }],
    ['a: 0x1f', { a: 31 }],
    ['a: 0o17', { a: 15 }],
    ['a: yes', { a: 'yes' }],
    ['a: on', { a: 'on' }],
    ['a: true', { a: true }],
    ['b: &x {c: 1}\na: {<<: *x}', { b: { c: 1 }, a: { '<<': { c: 1 } } }],
    ['1: x', { '1': 'x' }],
    ['a: ~', { a: null }],
  ]
  it.each(table)('%s', (text, value) => {
    expect(read(text).data).toEqual(value)
  })
})

describe('positions', () => {
  it('point at the written variable, not at its value', () => {
    const document = read('routes:\n- key: "$K" # c\n  host: ${H:-x}\n', { K: 'v'.repeat(50), H: 'h' })
    const key = document.rangeOf(['routes', 0, 'key'])
    expect([key.start.line, key.start.column, key.end.column]).toEqual([2, 8, 12])
    expect(document.variablesAt(['routes', 0, 'key']).map(use => use.name)).toEqual(['K'])
    expect(document.isVariableOnly(['routes', 0, 'key'])).toBe(true)
    expect(document.rangeOf(['routes', 0, 'host'], 'key').start.column).toBe(3)
  })

  it('fall back to the closest parent', () => {
    const document = read('a:\n  b: 1\n')
    expect(document.rangeOf(['a', 'missing', 'deeper']).start.line).toBe(2)
    expect(document.has(['a', 'b'])).toBe(true)
    expect(document.has(['a', 'c'])).toBe(false)
  })
})

it('holds values that nothing prints', () => {
  const canary = 'sk-canary-0123456789abcdef'
  const document = read('key: "$K"', { K: canary })
  expect(document.data).toEqual({ key: canary })
  expect(`${inspect(document, { depth: 9, showHidden: true })}${JSON.stringify(document)}`).not.toContain(
    canary,
  )
})

it('shows no value as a step of a path', () => {
  const canary = 'sk-canary-0123456789abcdef'
  const { diagnostics } = read('$K: *x', { K: canary })
  expect(diagnostics.map(one => one.code)).toEqual(['YAML_SYNTAX'])
  expect(JSON.stringify(diagnostics)).not.toContain(canary)
})

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom(
    'a: ',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&x ',
    '*x',
    '!!int ',
    '$K',
    '#',
    '|\n',
    '---\n',
    ',',
    ': ',
    '\t',
    '%',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      const canary = 'sk-canary-0123456789abcdef'
      const found = readDocument(pieces.join(''), { file: 'f', lookup: () => canary }).diagnostics
      expect(JSON.stringify(found)).not.toContain(canary)
    }),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => codes(bytes).length >= 0))
})

function bomb(): string {
  const lines = ['a0: &a0 [1,1,1,1,1,1,1,1,1,1]']
  for (let i = 1; i < 9; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    )
  return lines.join('\n')
}
