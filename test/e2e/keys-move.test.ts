import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, cleanEnv, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { holders as holding } from '../helpers/rotation.ts'

const KEY = keyLike('openai', 'move')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

async function run(...args: string[]): Promise<Run> {
  const done = await agw(args, { cwd: folder, input: '' })
  expect(done.stdout + done.stderr).not.toContain(KEY.slice(10, 40))
  return done
}

async function ok(...args: string[]): Promise<Record<string, never>> {
  const done = await run(...args, '--json')
  expect(done.status, done.stdout + done.stderr).toBe(0)
  return JSON.parse(done.stdout)
}

const move = (to: string, ...more: string[]) => ok('keys', 'move', 'openai', '--to', to, '--yes', ...more)

/** The files of the folder that hold the key in clear text. */
const holders = (): Promise<string[]> => holding(folder, KEY)

/** Method → where the key lies then, in clear text. */
const HOMES: Readonly<Record<string, string[]>> = {
  inline: ['config.yaml'],
  env: ['.env'],
  file: ['openai.key'],
  encrypted: [],
}

/** A config whose key is kept by a method. */
async function setUp(method: string): Promise<void> {
  await writeFile(join(folder, 'config.yaml'), `# kept\n${GUIDE.env}`)
  await writeFile(join(folder, '.env'), `# mine\nOTHER=1\nOPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
  if (method !== 'env') await move(method)
}

const pairs = Object.keys(HOMES).flatMap(from => Object.keys(HOMES).map(to => [from, to] as const))

describe('agw keys move', () => {
  it.each(['move', 'set'])('makes no folder, and writes nothing without one: keys %s', async command => {
    await setUp('env')
    const args = command === 'set' ? ['--method', 'file'] : ['--to', 'file', '--yes']
    const done = await agw(['keys', command, 'openai', ...args, '--key-file', 'no/such/a.key'], {
      cwd: folder,
      input: KEY,
    })
    expect(done.status).toBe(3)
    expect(done.stderr).toMatch(/no\/such\/a\.key cannot be written: its folder.*\n.*mkdir -p no\/such/)
    expect(await holders()).toEqual(['.env'])
  })

  it.each(pairs)(
    'from %s to %s: the key lies there only, works, and the rest of the files is as it was',
    async (from, to) => {
      await setUp(from)
      expect(await holders()).toEqual(HOMES[from])
      const moved = await move(to)
      expect(moved).toMatchObject({ name: 'openai', method: to, changed: from !== to })
      expect(await holders()).toEqual(HOMES[to])
      const { keys } = await ok('keys', 'list')
      expect(keys).toMatchObject([{ method: to, state: 'ok', fingerprint: moved['fingerprint'] }])
      expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toMatch(/^# kept\n/)
      expect(await readFile(join(folder, '.env'), 'utf8')).toMatch(/^# mine\nOTHER=1\n/)
      for (const name of HOMES[to] ?? []) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
      expect((await move(to))['changed']).toBe(false)
    },
  )

  it('a dry run shows it and changes nothing', async () => {
    await setUp('env')
    const before = await readFile(join(folder, 'config.yaml'), 'utf8')
    for (const to of ['file', 'inline', 'encrypted']) {
      const done = await run('keys', 'move', 'openai', '--to', to, '--dry-run')
      expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('dry run') })
      expect(done.stderr.match(/nothing was written/g)).toHaveLength(1)
      expect(done.stdout).toContain('would move')
    }
    expect(await holders()).toEqual(['.env'])
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(before)
    expect(existsSync(join(folder, 'agw.yaml'))).toBe(false)
  })

  it.each(['file', 'encrypted', 'inline'])(
    'without a yes it shows what it would do, and writes nothing: %s',
    async to => {
      await setUp('env')
      const before = await readdir(folder)
      const done = await run('keys', 'move', 'openai', '--to', to)
      expect(done).toMatchObject({ status: 2, stdout: '' })
      expect(done.stderr).toMatch(/-.*OPENAI_API_KEY[\s\S]*nothing was written.*\n.*--yes.*--dry-run/)
      expect(await readdir(folder)).toEqual(before)
      expect(await holders()).toEqual(['.env'])
    },
  )

  it.each([
    ['the dotenv file', 'env', 'OTHER_NAME', ['.env']],
    ['agw.yaml', 'encrypted', 'OTHER_NAME', []],
  ])('to another name in the same file, the key is there afterwards: %s', async (_, method, name, homes) => {
    await setUp(method)
    await move(method, '--env', name)
    expect(await holders()).toEqual(homes)
    expect((await ok('keys', 'list'))['keys']).toMatchObject([{ method, state: 'ok' }])
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toContain(`$${name}`)
  })

  it('says that nothing was written when the new place cannot take it', async () => {
    await setUp('env')
    const done = await agw(['keys', 'move', 'openai', '--to', 'keychain', '--yes'], {
      cwd: folder,
      env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', PATH: '/nonexistent' },
    })
    expect(done.status).not.toBe(0)
    expect(done.stderr).toContain('nothing was written')
    expect(await holders()).toEqual(['.env'])
    expect(existsSync(join(folder, 'agw.yaml'))).toBe(false)
  })

  it.skipIf(noGit !== undefined)(
    `gives the config back to git and to its readers once no key stands in it${unless(noGit)}`,
    async () => {
      spawnSync('git', ['init', '-q'], { cwd: folder, env: cleanEnv(folder) })
      await setUp('inline')
      const mode = async () => (await stat(join(folder, 'config.yaml'))).mode & 0o777
      const ignored = () => readFile(join(folder, '.gitignore'), 'utf8')
      expect(await ignored()).toContain('/config.yaml\n')
      expect(await mode()).toBe(0o600)
      await writeFile(join(folder, '.gitignore'), `${await ignored()}mine\n`)
      await move('file')
      expect(await ignored()).toContain('mine\n')
      expect(await ignored()).not.toContain('config.yaml')
      expect(await mode()).toBe(0o666 & ~process.umask())
    },
  )

  it('says that the key stands in the config in clear text, and how it gets out', async () => {
    await setUp('env')
    const says = /warning in config\.yaml the key stands in clear text.*agw keys move openai --to file/
    expect((await run('keys', 'move', 'openai', '--to', 'inline', '--dry-run')).stderr).toMatch(says)
    expect((await run('keys', 'move', 'openai', '--to', 'inline', '--yes')).stderr).toMatch(says)
    expect((await run('keys', 'move', 'openai', '--to', 'inline', '--yes')).stderr).not.toMatch(says)
    await move('env')
    const set = await agw(['keys', 'set', 'openai', '--method', 'inline'], { cwd: folder, input: KEY })
    expect(set.stderr).toMatch(says)
  })

  it('leaves the config as closed as it is while another key stands in it', async () => {
    await setUp('inline')
    const text = await readFile(join(folder, 'config.yaml'), 'utf8')
    const client = '        apiKey: { keys: [{ key: client-key-1 }] }\n'
    await writeFile(join(folder, 'config.yaml'), text.replace('policies:\n', `policies:\n${client}`))
    await move('file')
    expect((await stat(join(folder, 'config.yaml'))).mode & 0o777).toBe(0o600)
  })

  it('keeps the old copy while something else needs it', async () => {
    await writeFile(join(folder, 'config.yaml'), `${GUIDE.env}\n# also $OPENAI_API_KEY\n`)
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
    const done = await run('keys', 'move', 'openai', '--to', 'file', '--yes')
    expect(done.status).toBe(0)
    expect(done.stderr).toContain('the key also stays in .env, for config.yaml:16')
    expect(await holders()).toEqual(['.env', 'openai.key'])
  })

  it('writes over nothing that is something else', async () => {
    await setUp('env')
    await writeFile(join(folder, 'openai.key'), 'precious')
    const done = await run('keys', 'move', 'openai', '--to', 'file', '--yes')
    expect(done.status).toBe(3)
    expect(await readFile(join(folder, 'openai.key'), 'utf8')).toBe('precious')
    expect(await holders()).toEqual(['.env'])
  })

  it('says so when there is nothing to move', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    const done = await run('keys', 'move', 'openai', '--to', 'file', '--yes')
    expect(done).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('keys set openai --method file'),
    })
    expect((await run('keys', 'move', 'nope', '--to', 'file')).status).toBe(2)
  })
})

describe('agw keys remove', () => {
  it.each(Object.keys(HOMES))('takes the value away and leaves the reference: %s', async method => {
    await setUp(method)
    expect(await run('keys', 'remove', 'openai')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/(?:deletes|takes|- ).*\n[\s\S]*nothing was removed.*\n.*--yes/),
    })
    expect(await holders()).toEqual(HOMES[method])
    await ok('keys', 'remove', 'openai', '--dry-run')
    expect(await holders()).toEqual(HOMES[method])
    expect(await ok('keys', 'remove', 'openai', '--yes')).toMatchObject({ changed: true, fingerprint: null })
    expect(await holders()).toEqual([])
    const listed = await run('keys', 'list', '--json')
    expect(listed.status).toBe(4)
    expect(JSON.parse(listed.stdout).keys).toMatchObject([{ name: 'openai', state: 'missing' }])
  })

  it('has nothing to do where the file is gone, folder and all', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.file.replace('key.txt', 'gone/key.txt'))
    const done = await run('keys', 'remove', 'openai')
    expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('unchanged') })
    expect(done.stderr).not.toContain('mkdir')
  })

  it('cannot take a variable out of the shell', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    const done = await agw(['keys', 'remove', 'openai', '--yes'], {
      cwd: folder,
      env: { OPENAI_API_KEY: KEY },
    })
    expect(done).toMatchObject({ status: 3, stderr: expect.stringContaining('unset OPENAI_API_KEY') })
  })
})

describe('keys that agw.yaml places', () => {
  it('keys set stores where agw.yaml says, and tells the source', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    await writeFile(join(folder, 'agw.yaml'), 'secrets:\n  OPENAI_API_KEY: { file: keys/openai }\n')
    await mkdir(join(folder, 'keys'))
    const set = await agw(['keys', 'set', 'openai', '--json'], { cwd: folder, input: `${KEY}\n` })
    expect(JSON.parse(set.stdout)).toMatchObject({ method: 'file', changed: true })
    expect(await holders()).toEqual(['keys/openai'])
  })

  it('keys set refuses a source that can only be read, and says so', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    await writeFile(join(folder, 'agw.yaml'), 'secrets:\n  OPENAI_API_KEY: { credential: openai }\n')
    const set = await agw(['keys', 'set', 'openai'], { cwd: folder, input: `${KEY}\n` })
    expect(set).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('only reads from credential openai'),
    })
  })
})

describe('what is remembered of a key', () => {
  it('when it was set, when it ends, and nothing of another key', async () => {
    await setUp('env')
    const other = keyLike('openai', 'later')
    await agw(['keys', 'set', 'openai', '--expires', '2099-01-31'], { cwd: folder, input: `${other}\n` })
    const { keys } = await ok('keys', 'list')
    expect(keys).toMatchObject([
      { expiresAt: '2099-01-31T00:00:00.000Z', setAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    ])
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
    expect((await ok('keys', 'list'))['keys']).toMatchObject([{ expiresAt: null, setAt: null }])
    expect(await holders()).toEqual(['.env'])
  })

  it('a key past its end is suspect', async () => {
    await setUp('env')
    await agw(['keys', 'set', 'openai', '--expires', '2020-01-31'], { cwd: folder, input: `${KEY}\n` })
    expect((await ok('keys', 'list'))['keys']).toMatchObject([
      { state: 'suspect', detail: expect.stringContaining('expired on 2020-01-31') },
    ])
    expect((await run('keys', 'set', 'openai', '--expires', 'soon')).status).toBe(2)
  })
})

describe('agw init', () => {
  it('keeps the key in an encrypted file from the start, or tells how it gets there', async () => {
    const init = ['init', '--provider', 'openai', '--method', 'encrypted', '--yes', '--no-input']
    const done = await agw([...init, '--key-from-stdin'], { cwd: folder, input: `${KEY}\n` })
    expect(done.status, done.stderr).toBe(0)
    expect(await holders()).toEqual([])
    expect((await ok('keys', 'list'))['keys']).toMatchObject([{ method: 'encrypted', state: 'ok' }])
    const later = await tempFolder()
    const run = await agw(init, { cwd: later, input: '' })
    expect(run.stdout).toContain('agw keys set openai')
    const set = await agw(['keys', 'set', 'openai', '--json'], { cwd: later, input: `${KEY}\n` })
    expect(JSON.parse(set.stdout)).toMatchObject({ method: 'encrypted', changed: true })
  })
})
