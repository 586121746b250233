import { existsSync } from 'node:fs'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { initRepository } from '../helpers/git.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'

const KEY = keyLike('openai', 'tidy')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

async function run(...args: string[]): Promise<Run> {
  const done = await agw(args, { cwd: folder, input: `${KEY}\n` })
  expect(done.stdout + done.stderr).not.toContain(KEY.slice(10, 40))
  expect(done.status, done.stdout + done.stderr).toBe(0)
  return done
}

const move = (to: string, ...more: string[]): Promise<Run> =>
  run('keys', 'move', 'openai', '--to', to, '--yes', ...more)
const put = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 })
const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
/** Without git's folder, and those in which agw keeps what is not of this place. */
const names = async (): Promise<string[]> =>
  (await readdir(folder)).filter(name => !['.git', '.local', 'no-such-config'].includes(name)).sort()

describe.skipIf(noGit !== undefined)(`what agw keys move leaves behind${unless(noGit)}`, () => {
  it('nothing of its own, all the way round and back', async () => {
    initRepository(folder, [])
    const init = ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes']
    await run(...init)
    expect(await names()).toEqual(['.env', '.gitignore', 'config.yaml'])
    const config = await text('config.yaml')
    await move('file')
    expect(await names()).toEqual(['.gitignore', 'config.yaml', 'openai.key'])
    expect(await text('.gitignore')).toBe('# holds a secret, kept out by agw\n/openai.key\n')
    await move('encrypted')
    expect(await names()).toEqual(['agw.yaml', 'config.yaml', 'secrets.age'])
    await move('env')
    expect(await names()).toEqual(['.env', '.gitignore', 'config.yaml'])
    expect(await text('.gitignore')).toBe('# holds a secret, kept out by agw\n/.env\n')
    expect(await text('config.yaml')).toBe(config)
    await move('inline')
    expect(await names()).toEqual(['.gitignore', 'config.yaml'])
    expect(await text('.gitignore')).toBe('# holds a secret, kept out by agw\n/config.yaml\n')
    await move('env')
    expect(await names()).toEqual(['.env', '.gitignore', 'config.yaml'])
  })

  it('says which files go, before and after, and lists them under --json', async () => {
    initRepository(folder, [])
    await put('config.yaml', GUIDE.env)
    await put('.gitignore', '# holds a secret, kept out by agw\n/.env\n')
    await put('.env', `OPENAI_API_KEY=${KEY}\n`)
    const shown = await run('keys', 'move', 'openai', '--to', 'file', '--dry-run')
    expect(shown.stderr).toContain('would delete .env: nothing is left in it')
    expect(await names()).toEqual(['.env', '.gitignore', 'config.yaml'])
    const done = await move('file', '--json')
    expect(done.stderr).toContain('deletes .env: nothing is left in it')
    expect(done.stderr).toContain('took .env out of .gitignore')
    const { files } = JSON.parse(done.stdout)
    expect(files).toContainEqual({ file: '.env', action: 'deleted', mode: '' })
    const { files: later } = JSON.parse((await move('encrypted', '--json')).stdout)
    expect(later).toContainEqual({ file: 'openai.key', action: 'deleted', mode: '' })
    const back = await move('file', '--json')
    expect(back.stderr).toContain('deleted secrets.age: nothing was left in it')
    expect(JSON.parse(back.stdout).files).toEqual(
      expect.arrayContaining([
        { file: 'agw.yaml', action: 'deleted', mode: '' },
        { file: 'secrets.age', action: 'deleted', mode: '' },
      ]),
    )
  })

  it('lines of .gitignore that somebody else wrote stay', async () => {
    initRepository(folder, [])
    await put('config.yaml', GUIDE.env)
    await put('.gitignore', '.env\nnode_modules\n')
    await put('.env', `OPENAI_API_KEY=${KEY}\n`)
    await move('encrypted')
    expect(await text('.gitignore')).toBe('.env\nnode_modules\n')
  })
})

describe('what agw keys move does not take for its own', () => {
  it.each([
    ['a comment in .env', '# mine\n'],
    ['another variable in .env', 'OTHER=1\n'],
    ['a line of .env that is none', 'half a line\n'],
  ])('%s', async (_, rest) => {
    await put('config.yaml', GUIDE.env)
    await put('.env', `${rest}OPENAI_API_KEY=${KEY}\n`)
    await move('file')
    expect(await text('.env')).toBe(rest)
  })

  it('a link to a dotenv file elsewhere, and a file that --env-file names', async () => {
    const elsewhere = await tempFolder()
    await put('config.yaml', GUIDE.env)
    await put('own.env', `OPENAI_API_KEY=${KEY}\n`)
    await move('encrypted', '--env-file', 'own.env')
    expect(await text('own.env')).toBe('')
    await writeFile(join(elsewhere, 'shared.env'), '')
    await symlink(join(folder, 'own.env'), join(folder, '.env'))
    await put('own.env', `OTHER_KEY=${KEY}\n`)
    await put('config.yaml', GUIDE.env.replace('$OPENAI_API_KEY', '$OTHER_KEY'))
    await move('file')
    expect(await names()).toContain('.env')
    expect(await text('own.env')).toBe('')
  })

  it.each([
    ['a comment', '# mine\nsecrets:\n  OPENAI_API_KEY: { encrypted: secrets.age }\n', '# mine\n'],
    [
      'a comment among the entries',
      'secrets:\n  # mine\n  OPENAI_API_KEY: { encrypted: secrets.age }\n',
      'secrets:\n  # mine\n  {}\n',
    ],
    [
      'another entry',
      'secrets:\n  OPENAI_API_KEY: { encrypted: secrets.age }\n  B: { env: C }\n',
      'secrets:\n  B: { env: C }\n',
    ],
    [
      'a limit of age',
      'maxAge: 90d\nsecrets:\n  OPENAI_API_KEY: { encrypted: secrets.age }\n',
      'maxAge: 90d\n',
    ],
    [
      'connections in another order',
      'secrets: { OPENAI_API_KEY: { encrypted: secrets.age } }\nsources: { vault: { namespace: a } }\n',
      'sources: { vault: { namespace: a } }\n',
    ],
  ])('agw.yaml with %s', async (_, before, after) => {
    await put('config.yaml', GUIDE.env)
    await put('agw.yaml', before)
    await run('keys', 'set', 'openai')
    await move('file')
    expect(await text('agw.yaml')).toBe(after)
    expect(existsSync(join(folder, 'secrets.age'))).toBe(false)
    await run('keys', 'list')
  })

  it('what else is in an encrypted file', async () => {
    await put('config.yaml', GUIDE.env)
    await put('agw.yaml', 'secrets: { OPENAI_API_KEY: { encrypted: secrets.age } }\n')
    await run('keys', 'set', 'openai')
    await put('config.yaml', GUIDE.env.replaceAll('OPENAI_API_KEY', 'B'))
    await run('keys', 'set', 'openai', '--method', 'encrypted')
    await move('file')
    await put('config.yaml', GUIDE.env)
    await run('keys', 'list')
  })
})

describe('what agw keys remove leaves', () => {
  it('the reference and its line in .gitignore, for the key to come', async () => {
    initRepository(folder, [])
    await put('config.yaml', GUIDE.env)
    await run('keys', 'set', 'openai')
    expect(await names()).toEqual(['.env', '.gitignore', 'config.yaml'])
    await run('keys', 'remove', 'openai', '--yes')
    expect(await names()).toEqual(['.gitignore', 'config.yaml'])
    await run('keys', 'set', 'openai', '--method', 'encrypted')
    await run('keys', 'remove', 'openai', '--yes')
    expect(await names()).toEqual(['.gitignore', 'agw.yaml', 'config.yaml'])
    await run('keys', 'set', 'openai')
    await run('keys', 'list')
  })
})
