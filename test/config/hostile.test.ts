import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MAX_CONFIG_BYTES, readConfigBytes, readDocument } from '../../src/config/read.ts'
import { validate } from '../../src/config/validate.ts'
import { tempFolder } from '../helpers/agw.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const utf16 = (text: string, mark: readonly number[]): Uint8Array =>
  Buffer.concat([Uint8Array.from(mark), Buffer.from(text, 'utf16le')])
const codes = (bytes: Uint8Array): string[] => {
  const document = readDocument(bytes, { file: 'config.yaml', lookup: () => undefined })
  return validate(document).diagnostics.map(one => one.code)
}

const GOOD = `binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - host: "localhost:8080"
`

/** Each anchor is a list of ten of the one before. */
const bomb = (levels: number): string => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level <= levels; level += 1) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    )
  }
  return `${lines.join('\n')}\n`
}
const models = (count: number): string => {
  const model = (_: unknown, at: number) => `  - { name: m${at}, provider: openAI, params: { apiKey: $KEY } }`
  return [
    'gateways: { default: { port: 1 } }',
    'llm:',
    '  models:',
    ...Array.from({ length: count }, model),
  ].join('\n')
}
const deepBlock = (depth: number): string =>
  Array.from({ length: depth }, (_, at) => `${' '.repeat(at)}a:`).join('\n')

describe('a hostile or unusual file ends in a clear finding', () => {
  it.each<[string, Uint8Array, string]>([
    ['50 MB', new Uint8Array(50 * 1024 * 1024).fill(0x61), 'TOO_LARGE'],
    ['one byte too many', utf8(`${GOOD}#${'x'.repeat(MAX_CONFIG_BYTES - GOOD.length)}`), 'TOO_LARGE'],
    ['an alias bomb', utf8(bomb(9)), 'TOO_LARGE'],
    ['an alias bomb of 450 bytes', utf8(bomb(7)), 'TOO_LARGE'],
    ['an alias of itself', utf8('a: &a [*a]\n'), 'YAML_SYNTAX'],
    ['10,000 open brackets', utf8('['.repeat(10_000)), 'TOO_DEEP'],
    ['10,000 closed brackets', utf8('['.repeat(10_000) + ']'.repeat(10_000)), 'TOO_DEEP'],
    ['10,000 maps in brackets', utf8(`${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`), 'TOO_DEEP'],
    ['10,000 dashes', utf8('- '.repeat(10_000)), 'TOO_DEEP'],
    ['2,000 indented maps', utf8(deepBlock(2_000)), 'TOO_DEEP'],
    ['a key given twice', utf8(`${GOOD}binds: []\n`), 'DUPLICATE_KEY'],
    [
      'a key given twice inside',
      utf8(GOOD.replace('  listeners', '  port: 1\n  listeners')),
      'DUPLICATE_KEY',
    ],
    [
      'a number as a key, and the same in quotes',
      utf8('gateways: { 80: { port: 1 }, "80": { port: 2 } }\n'),
      'DUPLICATE_KEY',
    ],
    ['a tab as indent', utf8(GOOD.replace('  listeners', '\tlisteners')), 'YAML_SYNTAX'],
    ['200,000 unset variables in a line', utf8(`a: "${'$X'.repeat(200_000)}"\n`), 'VARIABLE_UNSET'],
    ['10,000 keys whose variable is not set', utf8(models(10_000)), 'VARIABLE_UNSET'],
    ['UTF-16 with a mark', utf16(GOOD, [0xff, 0xfe]), 'NOT_UTF8'],
    ['UTF-16 the other way round', Buffer.from(utf16(GOOD, [0xff, 0xfe])).swap16(), 'NOT_UTF8'],
    ['UTF-16 without a mark', utf16(GOOD, []), 'NOT_UTF8'],
    ['Latin-1', Buffer.from(`${GOOD}# \xfc\n`, 'latin1'), 'NOT_UTF8'],
    ['two documents', utf8(`${GOOD}---\n${GOOD}`), 'YAML_SYNTAX'],
    ['a version that YAML has not', utf8(`%YAML 2.0\n---\n${GOOD}`), 'YAML_SYNTAX'],
    ['a directive of nobody', utf8(`%FOO bar\n---\n${GOOD}`), 'YAML_SYNTAX'],
    ['nothing', utf8(''), 'EMPTY_CONFIG'],
    ['nothing but a mark', utf8('\ufeff'), 'EMPTY_CONFIG'],
    ['nothing but comments', utf8('# a\n# b\n'), 'EMPTY_CONFIG'],
    ['a million dollar signs', utf8('$'.repeat(1_000_001)), 'WRONG_TYPE'],
    [
      'a million brackets behind dollar signs that are never closed',
      utf8('${'.repeat(1_000_000)),
      'WRONG_TYPE',
    ],
    ['a line of 100,000 brackets', utf8(`a: ${'[] '.repeat(100_000)}`), 'YAML_SYNTAX'],
    ['a line of a million quotes', utf8(`a: ${'"'.repeat(1_000_001)}`), 'YAML_SYNTAX'],
  ])('%s', (_, bytes, code) => {
    expect(codes(bytes)).toContain(code)
  })

  it('tells of more places than a call can have arguments', () => {
    expect(codes(utf8(`routes: [${'1,'.repeat(130_000)}]\n`))).toHaveLength(130_000)
  })

  it.each([
    ['a letter of Latin-1', Buffer.from('a: 1\nb: \xfc\n', 'latin1'), 2, 4],
    ['a character that is cut off at the end', Buffer.from('é\né').subarray(0, 4), 2, 1],
    [
      'a wrong byte behind a megabyte',
      Buffer.concat([Buffer.from('# é\n'.repeat(200_000)), Buffer.from([0xc3, 0x28])]),
      200_001,
      1,
    ],
  ])('tells the place of %s', (_, bytes, line, column) => {
    const { diagnostics } = readDocument(bytes, { file: 'config.yaml' })
    expect(diagnostics[0]?.range.start).toMatchObject({ line, column })
    expect(diagnostics.map(one => one.message)).toEqual([
      `the file is not text in UTF-8: line ${line} has a byte that does not belong there`,
    ])
  })

  it.each([
    ['a quote that is never closed', 'llm:\n  models:\n  - name: "gpt\n    provider: openAI\n', 3, 11],
    ['one within brackets', 'a: {b: "c, d: e}\nf: "g"\n', 1, 8],
    ['a conflict of a merge', 'a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\nc: 1\n', 2, 1],
  ])('tells the place where %s begins', (_, text, line, column) => {
    const { diagnostics } = readDocument(text, { file: 'config.yaml' })
    expect(diagnostics[0]?.range.start).toMatchObject({ line, column })
    expect(diagnostics[0]?.message).toMatch(
      /quote is never closed|conflict of a merge that nobody has resolved$/,
    )
    if (text.includes('<<<')) expect(diagnostics).toHaveLength(1)
  })

  it('tells of a zero as that: it is UTF-8 all the same', () => {
    const { diagnostics } = readDocument(Buffer.from('a: 1\n\n# é\0\n'), { file: 'config.yaml' })
    expect(diagnostics[0]?.range.start).toMatchObject({ line: 3, column: 4 })
    expect(diagnostics[0]?.message).toBe('line 3 has a NUL byte, and text has none')
  })

  it('names the first mistakes of a hopeless file, and counts the others', () => {
    const document = readDocument(utf8(`a: ${'"" '.repeat(1000)}`), {
      file: 'config.yaml',
      lookup: () => undefined,
    })
    const { diagnostics } = validate(document)
    expect(diagnostics).toHaveLength(51)
    expect(diagnostics.at(-1)?.message).toBe('949 more mistakes from here on are not listed')
  })

  it.each<[string, Uint8Array]>([
    ['CRLF', utf8(GOOD.replaceAll('\n', '\r\n'))],
    ['a byte order mark', utf8(`\ufeff${GOOD}`)],
    ['no line end', utf8(GOOD.trimEnd())],
    ['tabs before comments', utf8(GOOD.replaceAll('\n', '\t# x\n'))],
    ['a document mark', utf8(`---\n${GOOD}...\n`)],
    [
      'a word that was true in YAML 1.1',
      utf8(`%YAML 1.1\n---\n${GOOD.replace('- routes', '- name: yes\n    routes')}`),
    ],
    ['a number of YAML 1.2 below that version', utf8(`%YAML 1.1\n---\n${GOOD.replace('3000', '0o5670')}`)],
    ['text with a tag that says nothing', utf8(GOOD.replace('"localhost', '!!binary "localhost'))],
    [
      'JSON that is indented with tabs',
      utf8('{\n\t"llm": {\n\t\t"models": [{ "name": "a", "provider": "ollama" }]\n\t}\n}\n'),
    ],
  ])('%s is no mistake', (_, bytes) => {
    expect(codes(bytes)).toEqual([])
  })

  it.each([
    ['CRLF', GOOD.replace('port', 'prot').replaceAll('\n', '\r\n'), '2:3'],
    ['a byte order mark', `\ufeff${GOOD.replace('binds', 'bindz')}`, '1:1'],
    [
      'a key that is a number in another form',
      'gateways:\n  0x10: { port: 1, prot: 2 }\nroutes: []\n',
      '2:20',
    ],
  ])('%s does not move places', (_, text, place) => {
    const document = readDocument(utf8(text), { file: 'config.yaml', lookup: () => undefined })
    const places = validate(document).diagnostics.map(
      ({ range: { start } }) => `${start.line}:${start.column}`,
    )
    expect(places).toContain(place)
  })

  it('a file without an end is read as far as needed', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'sparse'), '')
    await truncate(join(folder, 'sparse'), 2 ** 40)
    expect((await readConfigBytes(join(folder, 'sparse'))).length).toBe(MAX_CONFIG_BYTES + 1)
  })

  it('a folder is no file', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'config.yaml'))
    await expect(readConfigBytes(join(folder, 'config.yaml'))).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    })
  })

  it('the file of sources is not what was meant by another name', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'agw.yaml'), '')
    await expect(readConfigBytes(join(folder, 'agw.yml'))).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      hint: expect.stringContaining('agw init'),
    })
  })

  it('a file of many chunks comes out as it is', async () => {
    const folder = await tempFolder()
    const bytes = Uint8Array.from({ length: 1_000_003 }, (_, at) => at % 251)
    await writeFile(join(folder, 'big'), bytes)
    expect(Buffer.compare(await readConfigBytes(join(folder, 'big')), bytes)).toBe(0)
  })
})

describe('names that every object answers to are names like others', () => {
  it.each(['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty'])('%s', name => {
    const llm = `llm: {models: [{name: a, provider: ${name}}]}\n`
    const providers = `llm: {models: [], providers: [{name: a, provider: ${name}}]}\n`
    const protocol = GOOD.replace(
      '  listeners:\n  - routes:',
      `  listeners:\n  - protocol: ${name}\n    routes:`,
    )
    for (const text of [llm, providers, protocol]) expect(codes(utf8(text)), text).toContain('UNKNOWN_VALUE')
  })

  it.each(['constructor', '__proto__'])('%s as a function of an expression', name => {
    const text = `${GOOD}      policies: {authorization: {rules: ['request.path.${name}(x, y)']}}\n`
    expect(codes(utf8(text)).length).toBeGreaterThan(0)
  })
})
