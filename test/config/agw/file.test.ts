import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAgwFile } from '../../../src/config/agw/file.ts'
import { tempFolder } from '../../helpers/agw.ts'

async function read(text: string | Buffer) {
  const folder = await tempFolder()
  writeFileSync(join(folder, 'agw.yaml'), text)
  const file = await readAgwFile(folder)
  if (file === undefined) throw new Error('not read')
  return file
}

const findings = async (text: string | Buffer): Promise<string[]> =>
  (await read(text)).diagnostics.map(
    ({ code, range, hint }) => `${code} ${range.start.line}:${range.start.column} ${hint}`,
  )

describe('agw.yaml', () => {
  test('is not needed', async () => {
    expect(await readAgwFile(await tempFolder())).toBe(undefined)
  })

  test.each([
    ['empty', ''],
    ['comments only', '# nothing yet\n'],
    ['no entry', 'secrets: {}\n'],
  ])('may hold nothing: %s', async (_, text) => {
    const file = await read(text)
    expect([...file.entries]).toEqual([])
    expect(file.diagnostics).toEqual([])
  })

  test('says where each variable lives, how often to ask and how long to wait', async () => {
    const { entries } = await read(`
secrets:
  A: { env: OTHER }
  B: { dotenv: secrets.env }
  C: { dotenv: { file: secrets.env, name: X }, timeout: 500ms }
  D: { file: keys/d.key }
  E: { credential: openai }
  F: { exec: [op, read, "op://dev/gemini/$key"], refresh: 5m }
`)
    const none = { refreshMs: undefined, timeoutMs: undefined }
    expect([...entries.values()]).toEqual([
      { variable: 'A', kind: 'env', where: { name: 'OTHER' }, ...none },
      { variable: 'B', kind: 'dotenv', where: { file: 'secrets.env' }, ...none },
      { variable: 'C', kind: 'dotenv', where: { file: 'secrets.env', name: 'X' }, ...none, timeoutMs: 500 },
      { variable: 'D', kind: 'file', where: { path: 'keys/d.key' }, ...none },
      { variable: 'E', kind: 'credential', where: { name: 'openai' }, ...none },
      // A dollar sign means nothing here.
      {
        variable: 'F',
        kind: 'exec',
        where: { argv: ['op', 'read', 'op://dev/gemini/$key'] },
        ...none,
        refreshMs: 300_000,
      },
    ])
  })

  test.each<[what: string, text: string | Buffer, expected: string[]]>([
    ['a misspelt source', 'secrets:\n  A: { exce: [x] }\n', ['UNKNOWN_KEY 2:8 did you mean "exec"?']],
    ['a misspelt section', 'secret: {}\n', ['UNKNOWN_KEY 1:1 did you mean "secrets"?']],
    [
      'two sources',
      'secrets:\n  A: { env: B, file: c }\n',
      ['MANY_BRANCHES 2:16 keep one of "env" or "file"'],
    ],
    ['no source', 'secrets:\n  A: { refresh: 5m }\n', ['NO_BRANCH 2:6 add the one that is meant']],
    ['a bare number', 'secrets:\n  A: { env: B, refresh: 5 }\n', ['WRONG_TYPE 2:25 ']],
    [
      'too often',
      'secrets:\n  A: { env: B, refresh: 10ms }\n',
      ['BAD_DURATION 2:25 write a number with a unit'],
    ],
    [
      'too seldom, which no timer counts',
      'secrets:\n  A: { env: B, refresh: 720h }\n',
      ['BAD_DURATION 2:25 write a number with a unit, from one second to a day'],
    ],
    [
      'more time than anybody waits',
      'secrets:\n  A: { env: B, timeout: 720h }\n',
      ['BAD_DURATION 2:25 write a number with a unit, ten minutes at most'],
    ],
    ['not a variable', 'secrets:\n  a-b: { env: B }\n', ['BAD_NAME 2:3 use letters']],
    ['an empty path', 'secrets:\n  A: { file: "" }\n', ['BAD_LENGTH 2:14 ']],
    ['a path as credential', 'secrets:\n  A: { credential: ../x }\n', ['BAD_NAME 2:20 write the name alone']],
    ['exec without a program', 'secrets:\n  A: { exec: [""] }\n', ['BAD_LENGTH 2:15 ']],
    ['exec of nothing', 'secrets:\n  A: { exec: [] }\n', ['MISSING_KEY 2:14 ']],
    ['exec as one text', 'secrets:\n  A: { exec: "op read x" }\n', ['WRONG_TYPE 2:14 ']],
    ['not YAML', 'secrets: [\n', ['YAML_SYNTAX']],
    ['the same variable twice', 'secrets:\n  A: {env: B}\n  A: {env: C}\n', ['DUPLICATE_KEY 3:3']],
    ['UTF-16', Buffer.from('secrets: {}', 'utf16le'), ['NOT_UTF8 1:2']],
  ])('finds %s, with its place', async (_, text, expected) => {
    const found = await findings(text)
    expect(found.map((one, index) => one.slice(0, expected[index]?.length))).toEqual(expected)
    expect((await read(text)).entries.size).toBe(0)
  })

  test('a day and ten minutes are what can be asked for at most', async () => {
    const { entries } = await read('secrets:\n  A: { env: B, refresh: 24h, timeout: 10m }\n')
    expect(entries.get('A')).toMatchObject({ refreshMs: 86_400_000, timeoutMs: 600_000 })
  })

  test('a key pasted as a name or a value is not repeated', async () => {
    const key = 'sk-proj-abcDEF0123456789abcDEF0123456789'
    const { diagnostics } = await read(`secrets:\n  A: { ${key}: 1 }\n  ${key}: { env: B }\n  B: ${key}\n`)
    expect(diagnostics.length).toBeGreaterThan(1)
    expect(JSON.stringify(diagnostics)).not.toContain(key)
  })
})

test.each([
  [
    'a line in place of a list',
    'pass show llm/openai',
    '"exec" takes a list, and this is text',
    'write it as a list, each entry behind a dash',
  ],
  ['a map', '{cmd: pass}', '"exec" takes a list, and this is a map', 'put a dash in front of each entry'],
  ['nothing in the list', '[]', '"exec" lacks an entry', 'add what belongs there, or remove the key'],
])('a program is a list of its words: %s', async (_, written, message, hint) => {
  const { diagnostics } = await read(`secrets:\n  A: { exec: ${written} }\n`)
  expect(diagnostics.map(one => [one.message, one.hint])).toEqual([[message, hint]])
})
