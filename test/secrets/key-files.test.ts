import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { initRepository } from '../helpers/git.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { isWindows, tempFolders } from './folders.ts'

const folder = tempFolders()
const KEY = 'example-0f9a7c2e51d84b36'
const model = (key: string): string =>
  `llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: ${key}}}\n`

interface Machine {
  /** Text of agw.yaml. */
  readonly agw?: string
  /** Names with modes. */
  readonly files?: Readonly<Record<string, number>>
  readonly env?: Readonly<Record<string, string>>
  /** What git tracks; no repository without it. */
  readonly git?: readonly string[]
}

/** Codes about the files that hold keys. */
async function found(config: string, { agw, files = {}, env = {}, git }: Machine): Promise<string[]> {
  const dir = folder()
  await writeFile(join(dir, 'config.yaml'), config)
  for (const [name, mode] of Object.entries(files)) {
    await writeFile(join(dir, name), name.endsWith('.env') ? `THE_KEY=${KEY}\n` : `${KEY}\n`)
    await chmod(join(dir, name), mode)
  }
  if (agw !== undefined) await writeFile(join(dir, 'agw.yaml'), agw)
  if (git !== undefined) initRepository(dir, git)
  const load = { file: join(dir, 'config.yaml'), env: { PATH: process.env['PATH'], ...env }, cwd: dir }
  const { diagnostics, keyFiles } = await checkConfig(load, { secrets: true, engine: 'agentgateway' })
  const about = diagnostics.filter(one => /^KEY_(?:FILE_MODE|IN_GIT|NOT_IGNORED)$/.test(one.code))
  expect(about.map(one => one.message).sort()).toEqual(keyFiles.map(one => one.message).sort())
  expect(about.map(one => one.range.start.line)).toEqual(about.map(() => 3))
  return about.map(one => one.code).sort()
}

const FROM_FILE = model('{file: the.key}')
const FROM_VARIABLE = model('"$THE_KEY"')
const AGW_FILE = 'secrets: {THE_KEY: {file: the.key}}\n'
const AGW_DOTENV = 'secrets: {THE_KEY: {dotenv: keys.env}}\n'
const AGW_CREDENTIAL = 'secrets: {THE_KEY: {credential: the.key}}\n'

describe.skipIf(isWindows || noGit !== undefined)(`a file that holds keys${unless(noGit)}`, () => {
  test.each<[string, string, Machine, string[]]>([
    ['a key file that others can read', FROM_FILE, { files: { 'the.key': 0o644 } }, ['KEY_FILE_MODE']],
    ['a key file of its owner', FROM_FILE, { files: { 'the.key': 0o600 } }, []],
    ['a dotenv file that others can read', FROM_VARIABLE, { files: { '.env': 0o640 } }, ['KEY_FILE_MODE']],
    ['a dotenv file of its owner', FROM_VARIABLE, { files: { '.env': 0o600 } }, []],
    [
      'a dotenv file that the environment overrules',
      FROM_VARIABLE,
      { files: { '.env': 0o644 }, env: { THE_KEY: KEY } },
      [],
    ],
    [
      'a key file that git tracks',
      FROM_FILE,
      { files: { 'the.key': 0o600 }, git: ['the.key'] },
      ['KEY_IN_GIT'],
    ],
    [
      'a key file that git would take in',
      FROM_FILE,
      { files: { 'the.key': 0o600 }, git: [] },
      ['KEY_NOT_IGNORED'],
    ],
    [
      'a dotenv file that git would take in, open to others',
      FROM_VARIABLE,
      { files: { '.env': 0o644 }, git: [] },
      ['KEY_FILE_MODE', 'KEY_NOT_IGNORED'],
    ],
    ['a config with a key in it that git tracks', model(KEY), { git: ['config.yaml'] }, ['KEY_IN_GIT']],
    ['a config with a key in it, to be committed', model(KEY), { git: [] }, []],
    [
      'a file that agw.yaml names, which others can read',
      FROM_VARIABLE,
      { agw: AGW_FILE, files: { 'the.key': 0o644 } },
      ['KEY_FILE_MODE'],
    ],
    [
      'a file that agw.yaml names, of its owner',
      FROM_VARIABLE,
      { agw: AGW_FILE, files: { 'the.key': 0o600 } },
      [],
    ],
    [
      'a file that agw.yaml names, which git tracks',
      FROM_VARIABLE,
      { agw: AGW_FILE, files: { 'the.key': 0o600 }, git: ['the.key'] },
      ['KEY_IN_GIT'],
    ],
    [
      'a dotenv file that agw.yaml names, which others can read and git tracks',
      FROM_VARIABLE,
      { agw: AGW_DOTENV, files: { 'keys.env': 0o644 }, git: ['keys.env'] },
      ['KEY_FILE_MODE', 'KEY_IN_GIT'],
    ],
    [
      'a dotenv file that agw.yaml names, which git would take in',
      FROM_VARIABLE,
      { agw: AGW_DOTENV, files: { 'keys.env': 0o600 }, git: [] },
      ['KEY_NOT_IGNORED'],
    ],
    [
      'a file that agw.yaml names and the environment overrules',
      FROM_VARIABLE,
      { agw: AGW_FILE, files: { 'the.key': 0o644 }, env: { THE_KEY: KEY } },
      [],
    ],
    [
      'a config without a key that git tracks',
      FROM_VARIABLE,
      { env: { THE_KEY: KEY }, git: ['config.yaml'] },
      [],
    ],
  ])('%s', async (_what, config, machine, codes) => {
    expect(await found(config, machine)).toEqual(codes)
  })

  test('is reported once, however many keys it holds', async () => {
    const twice = `${FROM_FILE}  - {name: n, provider: openAI, params: {apiKey: {file: ./the.key}}}\n`
    expect(await found(twice, { files: { 'the.key': 0o644 } })).toEqual(['KEY_FILE_MODE'])
  })

  test('a credential that others can read is a note: its mode is the choice of who mounts it', async () => {
    const dir = folder()
    await writeFile(join(dir, 'config.yaml'), FROM_VARIABLE)
    await writeFile(join(dir, 'agw.yaml'), AGW_CREDENTIAL)
    const credentials = join(dir, 'credentials')
    await mkdir(credentials)
    await writeFile(join(credentials, 'the.key'), KEY)
    await chmod(join(credentials, 'the.key'), 0o644)
    const env = { CREDENTIALS_DIRECTORY: credentials }
    const load = { file: join(dir, 'config.yaml'), env, cwd: dir }
    const { keyFiles } = await checkConfig(load, { secrets: true, engine: 'agentgateway' })
    expect(keyFiles).toMatchObject([{ code: 'KEY_FILE_MODE', severity: 'note' }])
  })
})
