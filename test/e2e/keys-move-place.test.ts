import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'same-place')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const run = async (...args: string[]): Promise<Run> => {
  const done = await agw(args, { cwd: folder, input: '' })
  expect(done.stdout + done.stderr).not.toContain(KEY.slice(10, 40))
  return done
}

const put = async (name: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), text, { mode: 0o600 })
}

const config = (reference: string): string =>
  `llm: { models: [{ name: one, provider: openAI, params: { apiKey: ${reference} } }] }\n`

const states = async (): Promise<unknown[]> =>
  JSON.parse((await run('keys', 'list', '--json')).stdout).keys.map(({ state }: { state: string }) => state)

interface Same {
  readonly what: string
  readonly reference?: string
  readonly entry?: string
  readonly files: Readonly<Record<string, string>>
  /** Name → where it leads. */
  readonly links?: Readonly<Record<string, string>>
  readonly to: readonly string[]
}

const SAME: Same[] = [
  {
    what: '.env, which agw.yaml names',
    entry: '{ dotenv: { file: .env } }',
    files: { '.env': `K=${KEY}\n` },
    to: ['env'],
  },
  {
    what: 'another variable of .env, which agw.yaml names',
    entry: '{ dotenv: { file: .env, name: NEW_KEY } }',
    files: { '.env': `NEW_KEY=${KEY}\n` },
    to: ['env', '--env', 'NEW_KEY'],
  },
  {
    what: 'the dotenv file of --env-file',
    entry: '{ dotenv: { file: team.env } }',
    files: { 'team.env': `K=${KEY}\n` },
    to: ['env', '--env-file', 'team.env'],
  },
  {
    what: 'a key file that agw.yaml names',
    entry: '{ file: a.key }',
    files: { 'a.key': KEY },
    to: ['file', '--key-file', 'a.key'],
  },
  {
    what: 'a key file by a link to its folder',
    reference: '{ file: real/a.key }',
    files: { 'real/a.key': KEY },
    links: { link: 'real' },
    to: ['file', '--key-file', 'link/a.key'],
  },
  {
    what: 'a key file by a link to it',
    reference: '{ file: a.key }',
    files: { 'a.key': KEY },
    links: { 'b.key': 'a.key' },
    to: ['file', '--key-file', 'b.key'],
  },
]

describe('agw keys move to where the key is already', () => {
  it.each(SAME)('keeps it: $what', async ({ reference = '"$K"', entry, files, links = {}, to }) => {
    await put('config.yaml', config(reference))
    if (entry !== undefined) await put('agw.yaml', `secrets:\n  K: ${entry}\n`)
    for (const [name, text] of Object.entries(files)) await put(name, text)
    for (const [name, end] of Object.entries(links)) await symlink(end, join(folder, name))
    const done = await run('keys', 'move', 'one', '--to', ...to, '--yes')
    expect(done.status, done.stderr).toBe(0)
    for (const [name, text] of Object.entries(files))
      expect((await readFile(join(folder, name), 'utf8')).trim()).toBe(text.trim())
    expect(await readdir(folder)).not.toContain('agw.yaml')
    const named = to.includes('--env-file') ? ['--env-file', 'team.env'] : []
    expect((await run('keys', 'list', ...named)).stdout).toMatch(/\bok\b/)
  })

  it('keeps it in an encrypted file that is written another way', async () => {
    await put('config.yaml', config('"$K"'))
    await put('.env', `K=${KEY}\n`)
    expect((await run('keys', 'move', 'one', '--to', 'encrypted', '--yes')).status).toBe(0)
    const again = ['--to', 'encrypted', '--encrypted-file', './secrets.age', '--yes']
    expect((await run('keys', 'move', 'one', ...again)).status).toBe(0)
    expect(await states()).toEqual(['ok'])
  })
})

describe('a key file that is a link', () => {
  beforeEach(async () => {
    await put('config.yaml', config('{ file: a.key }'))
    await put('real/a.key', KEY)
    await symlink('real/a.key', join(folder, 'a.key'))
  })

  it.each([
    ['by the config', '{ file: a.key }', undefined],
    ['by agw.yaml', '"$K"', '{ file: a.key }'],
  ])('keys remove leaves it, and says where the key is: named %s', async (_, reference, entry) => {
    await put('config.yaml', config(reference))
    if (entry !== undefined) await put('agw.yaml', `secrets:\n  K: ${entry}\n`)
    const done = await run('keys', 'remove', 'one', '--yes')
    expect(done).toMatchObject({ status: 3, stdout: '' })
    expect(done.stderr).toMatch(/lies in \S*real\/a\.key, to which a\.key is a link, and would stay there/)
    expect(await states()).toEqual(['ok'])
  })

  it.each([
    ['by the config', '{ file: a.key }', undefined],
    ['by agw.yaml', '"$K"', '{ file: a.key }'],
  ])('keys move leaves the old copy, and says where: named %s', async (_, reference, entry) => {
    await put('config.yaml', config(reference))
    if (entry !== undefined) await put('agw.yaml', `secrets:\n  K: ${entry}\n`)
    const done = await run('keys', 'move', 'one', '--to', 'file', '--key-file', 'new.key', '--yes')
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/the key also stays in \S*real\/a\.key/)
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['a.key', 'new.key']))
    expect(await states()).toEqual(['ok'])
  })
})
