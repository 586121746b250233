import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'shared')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 })

const run = async (...args: string[]): Promise<Run> => {
  const done = await agw(args, { cwd: folder, input: '' })
  expect(done.stdout + done.stderr).not.toContain(KEY.slice(10, 40))
  return done
}

const states = async (): Promise<object> =>
  Object.fromEntries(
    JSON.parse((await run('keys', 'list', '--json')).stdout).keys.map(
      ({ name, state }: { name: string; state: string }) => [name, state],
    ),
  )

/** A config with two models; each has a key of this form. */
const two = (first: string, second: string, more = ''): string => `llm:
  models:
  - { name: one, provider: openAI, params: { apiKey: ${first} } }
  - { name: two, provider: openAI, params: { apiKey: ${second} } }
${more}`

interface Shared {
  readonly what: string
  readonly config: string
  readonly agw?: string
  readonly files: Readonly<Record<string, string>>
  /** Name → where it leads. */
  readonly links?: Readonly<Record<string, string>>
  /** Who is named. */
  readonly others: string
  /** Two has no key either once that of one is gone. */
  readonly gone: boolean
}

const SHARED: Shared[] = [
  {
    what: 'a variable of .env',
    config: two('"$K"', '"$K"'),
    files: { '.env': `K=${KEY}\n` },
    others: 'two',
    gone: true,
  },
  {
    what: 'a variable that no key slot has',
    config: two('"$K"', '{ file: b.key }', '# $K, and once more $K\n'),
    files: { '.env': `K=${KEY}\n`, 'b.key': KEY },
    others: 'config.yaml:5',
    gone: false,
  },
  {
    what: 'a file, however it is written',
    config: two('{ file: a.key }', '{ file: ./a.key }'),
    files: { 'a.key': KEY },
    others: 'two',
    gone: true,
  },
  {
    what: 'a file that agw.yaml names for another variable',
    config: two('{ file: a.key }', '"$K"'),
    agw: 'secrets: { K: { file: a.key }, B: { file: a.key }, C: { file: c.key } }\n',
    files: { 'a.key': KEY },
    others: 'two and $B of agw.yaml',
    gone: true,
  },
  {
    what: 'a variable of a dotenv file under two names',
    config: two('"$K"', '"$B"'),
    agw: 'secrets: { K: { dotenv: keys.env }, B: { dotenv: { file: ./keys.env, name: K } } }\n',
    files: { 'keys.env': `K=${KEY}\n` },
    others: 'two',
    gone: true,
  },
  {
    what: 'a file, by a link to it',
    config: two('{ file: a.key }', '{ file: b.key }'),
    files: { 'a.key': KEY },
    links: { 'b.key': 'a.key' },
    others: 'two',
    gone: true,
  },
  {
    what: 'a file, by a link to its folder',
    config: two('{ file: ./a.key }', '"$K"'),
    agw: 'secrets: { K: { file: here/a.key } }\n',
    files: { 'a.key': KEY },
    links: { here: '.' },
    others: 'two',
    gone: true,
  },
]

const lay = async ({ config, agw: entries, files, links = {} }: Shared): Promise<void> => {
  await put('config.yaml', config)
  if (entries !== undefined) await put('agw.yaml', entries)
  for (const [name, text] of Object.entries(files)) await put(name, text)
  for (const [name, end] of Object.entries(links)) await symlink(end, join(folder, name))
}

describe('a key that several have', () => {
  it.each(SHARED)('keys remove says who loses it, before and after: $what', async shared => {
    const { others, gone } = shared
    await lay(shared)
    const says = `warning the key is also that of ${others}\n`
    const asked = await run('keys', 'remove', 'one')
    expect(asked).toMatchObject({ status: 2, stderr: expect.stringContaining(says) })
    expect(await states()).toEqual({ one: 'ok', two: 'ok' })
    const tried = await run('keys', 'remove', 'one', '--dry-run')
    expect(tried).toMatchObject({ status: 0, stderr: expect.stringContaining(says) })
    const done = await run('keys', 'remove', 'one', '--yes')
    expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining(says) })
    expect(done.stdout).toBe(`removed the key of one, which is also that of ${others}\n`)
    expect(await states()).toEqual({ one: 'missing', two: gone ? 'missing' : 'ok' })
  })

  it.each(SHARED)('keys move leaves it to the others: $what', async shared => {
    const { others } = shared
    await lay(shared)
    const done = await run('keys', 'move', 'one', '--to', 'file', '--key-file', 'new.key', '--yes')
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/the key also stays in .*, for /)
    expect(done.stderr).toContain(`, for ${others}\n`)
    expect(await states()).toEqual({ one: 'ok', two: 'ok' })
  })

  it('keys move takes along who has the same variable', async () => {
    await put('config.yaml', two('"$K"', '"$K"'))
    await put('.env', `K=${KEY}\n`)
    expect((await run('keys', 'move', 'one', '--to', 'encrypted', '--yes')).stderr).not.toContain('stays in')
    expect(await states()).toEqual({ one: 'ok', two: 'ok' })
    expect(await readdir(folder)).not.toContain('.env')
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(two('"$K"', '"$K"'))
  })

  it('a copy in the config is its own', async () => {
    await put('config.yaml', two(`"${KEY}"`, `"${KEY}"`))
    const done = await run('keys', 'remove', 'one', '--yes')
    expect(done.stderr).not.toContain('also')
    expect(await states()).toEqual({ one: 'missing', two: 'ok' })
  })
})
