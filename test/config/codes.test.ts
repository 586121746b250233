import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { CODES, type Code } from '../../src/config/codes.ts'
import type { Diagnostic } from '../../src/config/diagnostic.ts'
import { EXAMPLES, FOLDER, type Setting } from '../../src/config/examples/index.ts'
import { compilePublishedSchema } from '../../src/config/published-schema.ts'
import { initRepository } from '../helpers/git.ts'
import { noGit } from '../helpers/needs.ts'

let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agw-codes-'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

/** All findings on a config in a folder of its own, as `agw validate` has them. */
async function findingsIn(setting: Setting): Promise<readonly Diagnostic[]> {
  const folder = await mkdtemp(join(root, 'one-'))
  await writeFile(join(folder, 'config.yaml'), setting.text, {
    encoding: setting.encoding ?? 'utf8',
    mode: 0o600,
  })
  for (const [name, file] of Object.entries(setting.files ?? {})) {
    const { text, mode, daysOld = 0 } = typeof file === 'string' ? { text: file, mode: 0o600 } : file
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), mode)
    const madeAt = new Date(Date.now() - daysOld * 86_400_000)
    await utimes(join(folder, name), madeAt, madeAt)
  }
  if (setting.tracked !== undefined) initRepository(folder, setting.tracked)
  const given = Object.entries(setting.env ?? {}).map(([name, value]) => [
    name,
    value.replace(FOLDER, folder),
  ])
  const env = { PATH: process.env['PATH'], ...Object.fromEntries(given) }
  const schema = setting.schema === undefined ? undefined : setting.files?.[setting.schema]
  const published =
    typeof schema === 'string' ? await compilePublishedSchema(schema, 'schema.json') : undefined
  const hasDotenv = setting.files?.['.env'] !== undefined
  const load = {
    file: join(folder, 'config.yaml'),
    env,
    cwd: folder,
    ...(!hasDotenv && { envFile: false as const }),
  }
  const engine = setting.engine ?? 'agentgateway'
  const { answer } = setting
  const online = answer && { send: async () => answer, pauseMs: () => 0 }
  const checked = await checkConfig(load, { secrets: true, engine, published, online })
  return [...checked.diagnostics, ...checked.beside.flatMap(file => file.diagnostics)]
}

function inWords(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, message, range }) => `${code} in line ${range.start.line}: ${message}`)
}

test('every code has one example', () => {
  expect(EXAMPLES.map(one => one.code).sort()).toEqual(Object.keys(CODES).sort())
})

const here = EXAMPLES.filter(one => noGit === undefined || one.bad.tracked === undefined)

describe.each(here.map(one => [one.code, one] as const))('%s', (code, { bad, good }) => {
  test('the bad example shows this finding and no other', async () => {
    const found = await findingsIn(bad)
    expect(
      found.map(one => one.code),
      inWords(found).join('\n'),
    ).toEqual([code])
  })

  test('the good example shows none', async () => {
    expect(inWords(await findingsIn(good))).toEqual([])
  })

  test('the finding says where and what to do, and is as severe as the table says', async () => {
    const [finding] = await findingsIn(bad)
    const lines = bad.text.split('\n')
    expect(finding?.message).toMatch(/^\S.{10,}[^.]$/s)
    expect(finding?.hint).toMatch(/^\S.{5,}[^.]$/s)
    expect(finding?.range.start.line).toBeLessThanOrEqual(lines.length)
    const severity = code === 'NOT_RUN_HERE' ? 'error' : CODES[code as Code].severity
    expect(finding?.severity).toBe(severity)
  })
})
