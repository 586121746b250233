import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAgwFile } from '../../src/config/agw/file.ts'
import { AgwError } from '../../src/errors.ts'
import { trust } from '../../src/secrets/trust.ts'
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
    expect(found?.home?.file).toBe(source === 'dotenv' ? join(configDir, '.env') : undefined)
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
      home: { file: envFile },
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

describe('with agw.yaml', () => {
  async function tableOf(
    agwText: string,
    { env = {}, dotenv, wanted }: { env?: Record<string, string>; dotenv?: string; wanted?: string[] } = {},
  ) {
    const configDir = dotenv === undefined ? folder() : withDotenv(dotenv)
    writeFileSync(join(configDir, 'agw.yaml'), agwText)
    writeFileSync(join(configDir, 'key'), 'from-file\n', { mode: 0o600 })
    const agw = await readAgwFile(configDir)
    return loadVariables({ env: { HOME: configDir, ...env }, configDir, agw, wanted })
  }
  const FROM_FILE = 'secrets: {A: {file: key}}'

  const orders: [what: string, options: object, found: object | undefined][] = [
    ['the named source alone', {}, { source: 'file', place: 'file key', overruled: [] }],
    ['over .env, which is said', { dotenv: 'A=old' }, { source: 'file', overruled: ['.env'] }],
    [
      'under the process, which is said',
      { env: { A: 'x' }, dotenv: 'A=old' },
      { source: 'environment', place: 'environment', overruled: ['agw.yaml', '.env'] },
    ],
    ['not asked when nobody wants it', { wanted: ['B'] }, undefined],
  ]
  test.each(orders)('%s', async (_, options, found) => {
    const value = (await tableOf(FROM_FILE, options)).lookup('A')
    if (found === undefined) expect(value).toBe(undefined)
    else expect(value).toMatchObject(found)
  })

  test('a source that fails is not replaced by an old copy in .env; the reason is kept', async () => {
    const table = await tableOf('secrets: {A: {file: nope}}', { dotenv: 'A=old' })
    expect(table.lookup('A')).toBe(undefined)
    expect(table.problemOf('A')).toMatchObject({ code: 'missing', source: 'file', place: 'file nope' })
    expect(table.problemOf('B')).toBe(undefined)
  })

  test('a program runs only when this very file at this very place was trusted', async () => {
    const configDir = folder()
    const home = folder()
    const text = `secrets: {A: {exec: ["${process.execPath}", -p, "'from-exec'"]}, B: {file: key}}`
    const env = { HOME: home, PATH: process.env['PATH'] }
    const load = async (more: Record<string, string> = {}) => {
      const agw = await readAgwFile(configDir)
      return loadVariables({ env: { ...env, ...more }, configDir, agw })
    }
    writeFileSync(join(configDir, 'agw.yaml'), text)
    writeFileSync(join(configDir, 'key'), 'from-file\n', { mode: 0o600 })
    const untrusted = await load()
    expect(untrusted.problemOf('A')).toMatchObject({
      code: 'untrusted',
      hint: expect.stringContaining('agw trust'),
    })
    expect(untrusted.expand('B')).toBe('from-file')
    expect((await load({ AGW_TRUST: '1' })).expand('A')).toBe('from-exec')
    const file = await readAgwFile(configDir)
    if (file === undefined) throw new Error('no file')
    expect(await trust(file, env)).toMatchObject({ changed: true })
    expect(await trust(file, env)).toMatchObject({ changed: false })
    expect((await load()).expand('A')).toBe('from-exec')
    writeFileSync(join(configDir, 'agw.yaml'), `${text} # changed\n`)
    expect((await load()).problemOf('A')?.code).toBe('untrusted')
  })
})
