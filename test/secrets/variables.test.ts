import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgwError } from '../../src/errors.ts'
import { loadVariables } from '../../src/secrets/variables.ts'
import { tempFolders } from './folders.ts'

const folder = tempFolders()

function withDotenv(text: string, name = '.env'): string {
  const dir = folder()
  writeFileSync(join(dir, name), text)
  return dir
}

describe('loadVariables', () => {
  const wins: [
    what: string,
    env: Record<string, string | undefined>,
    value: string | undefined,
    source: string | undefined,
  ][] = [
    ['.env alone', {}, 'from-dotenv', 'dotenv'],
    ['the process, over .env', { A: 'from-process' }, 'from-process', 'environment'],
    ['the process, even if empty', { A: '' }, '', 'environment'],
    ['.env, over what is not set', { A: undefined }, 'from-dotenv', 'dotenv'],
  ]
  test.each(wins)('%s', async (_, env, value, source) => {
    const configDir = withDotenv('A=from-dotenv\n')
    const table = await loadVariables({ env, configDir })
    const found = table.lookup('A')
    expect([found?.value.reveal(), found?.source]).toEqual([value, source])
    expect(found?.file).toBe(source === 'dotenv' ? join(configDir, '.env') : undefined)
    expect(table.expand('A')).toBe(value)
    expect(table.lookup('B')).toBe(undefined)
    expect(table.expand('toString')).toBe(undefined)
  })

  test('values print as their references', async () => {
    const table = await loadVariables({ env: { B: 'sk-canary' }, configDir: withDotenv('A=sk-canary') })
    expect(`${table.lookup('A')?.value} ${table.lookup('B')?.value}`).toBe('<secret $A> <secret $B>')
    expect(JSON.stringify([table, table.lookup('A')])).not.toContain('canary')
  })

  test('names are those of both, sorted, each once', async () => {
    const table = await loadVariables({ env: { C: '1', A: '1' }, configDir: withDotenv('B=1\nA=2') })
    expect(table.names()).toEqual(['A', 'B', 'C'])
  })

  test('findings and facts of the file are there to be reported', async () => {
    const table = await loadVariables({ env: {}, configDir: withDotenv('oops\n') })
    expect(table.dotenv).toMatchObject({ findings: [{ line: 1 }], facts: { kind: 'plain' } })
  })

  test('no .env is fine, and false reads none', async () => {
    expect((await loadVariables({ env: {}, configDir: folder() })).dotenv).toBe(undefined)
    const table = await loadVariables({ env: {}, envFile: false, configDir: withDotenv('A=1') })
    expect(table.lookup('A')).toBe(undefined)
  })

  test('a named file is read instead of .env', async () => {
    const configDir = withDotenv('A=1')
    const envFile = join(withDotenv('A=2', 'other.env'), 'other.env')
    expect((await loadVariables({ env: {}, envFile, configDir })).lookup('A')).toMatchObject({
      file: envFile,
    })
  })

  const broken: [what: string, make: (dir: string) => { envFile?: string }, code: string][] = [
    ['a named file that is not there', dir => ({ envFile: join(dir, 'no.env') }), 'CONFIG_NOT_FOUND'],
    ['a .env that is a folder', dir => ({ ...(mkdirSync(join(dir, '.env')) ?? {}) }), 'SECRET_UNREADABLE'],
    [
      'a .env that is not text',
      dir => ({ ...(writeFileSync(join(dir, '.env'), Buffer.from([0xff, 0xfe])) ?? {}) }),
      'SECRET_UNREADABLE',
    ],
  ]
  test.each(broken)('%s', async (_, make, code) => {
    const configDir = folder()
    const error = await loadVariables({ env: {}, configDir, ...make(configDir) }).catch(caught => caught)
    expect(error).toBeInstanceOf(AgwError)
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(configDir),
      hint: expect.any(String),
    })
  })
})
