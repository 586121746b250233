import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { fakeKubernetes } from '../secrets/sources/fake-kubernetes.ts'

const OLD = keyLike('openai', 'keys set old')
const KEY = keyLike('openai', 'keys set')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
const read = (name: string) => readFile(join(folder, name), 'utf8')
const set = (args: string[] = [], more: { cwd?: string; env?: Record<string, string> } = {}) =>
  agw(['keys', 'set', 'openai', '--yes', ...args], {
    cwd: more.cwd ?? folder,
    env: more.env ?? {},
    input: KEY,
  })

describe('keys set stores into the dotenv file that was named', () => {
  it.each([
    ['--env-file', ['--env-file', 'prod.env'], {}],
    ['AGW_ENV_FILE', [], { AGW_ENV_FILE: 'prod.env' }],
  ])('with %s', async (_, args, env) => {
    await put('config.yaml', GUIDE.env)
    await put('.env', `OPENAI_API_KEY=${OLD}\n`)
    await put('prod.env', `# production\nOPENAI_API_KEY=${OLD}\n`)
    const run = await set(args, { env })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('prod.env')).toBe(`# production\nOPENAI_API_KEY=${KEY}\n`)
    expect(await read('.env')).toBe(`OPENAI_API_KEY=${OLD}\n`)
    expect(run.stdout).toMatch(/^stored openai \(env, prod\.env\) {2}sk-/)
    const list = await agw(['keys', 'list', ...args], { cwd: folder, env })
    expect(list.stdout).toContain('(prod.env)')
  })

  it('and refuses where no dotenv file is to be read', async () => {
    await put('config.yaml', GUIDE.env)
    const run = await set(['--no-env-file'])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/--no-env-file.*\n.*--env-file PATH/)
    expect(await readdir(folder)).toEqual(['config.yaml'])
  })
})

describe('a named dotenv file that does not exist', () => {
  it('is reported by agw when it comes from the environment', async () => {
    await put('config.yaml', GUIDE.env)
    const run = await set([], { env: { AGW_ENV_FILE: 'nope.env' } })
    expect(run.status).toBe(3)
    expect(run.stderr).toMatch(/nope\.env does not exist\n.*--env-file PATH/)
    expect(await readdir(folder)).toEqual(['config.yaml'])
  })

  it('is reported by Node itself when it comes as a flag, before agw starts; --help says so', async () => {
    await put('config.yaml', GUIDE.env)
    const run = await set(['--env-file', 'nope.env'])
    expect(run.status).toBe(9)
    expect(run.stderr).toMatch(/nope\.env: not found/)
    expect(await readdir(folder)).toEqual(['config.yaml'])
    const help = await agw(['keys', 'set', '--help'], { cwd: folder })
    expect(help.stdout.replace(/\s+/g, ' ')).toMatch(/Node ends with status 9 .* AGW_ENV_FILE/)
  })
})

describe('keys set from another folder', () => {
  const config = () => join(folder, 'conf', 'config.yaml')
  beforeEach(async () => {
    await mkdir(join(folder, 'conf'))
    await mkdir(join(folder, 'work'))
  })
  const work = () => join(folder, 'work')

  it('writes where agentgateway would read, and says that another file lies beside the config', async () => {
    await writeFile(config(), GUIDE.file)
    await put('conf/key.txt', OLD)
    const run = await set(['-f', config()], { cwd: work() })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('work/key.txt')).toBe(`${KEY}\n`)
    expect(await read('conf/key.txt')).toBe(OLD)
    expect(run.stderr).toContain(join(folder, 'conf', 'key.txt'))
    expect(run.stderr).toMatch(/warning.*key\.txt.*working directory/)
  })

  it('says from where the file will be found even when none lies beside the config', async () => {
    await writeFile(config(), GUIDE.file)
    const run = await set(['-f', config()], { cwd: work() })
    expect(run.stderr).toMatch(/key\.txt.*working directory/)
    expect(run.stderr).not.toContain(join(folder, 'conf', 'key.txt'))
  })

  it('writes a new reference that is found from everywhere', async () => {
    await writeFile(config(), GUIDE.env)
    const run = await set(['-f', config(), '--method', 'file'], { cwd: work() })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('conf/openai.key')).toBe(`${KEY}\n`)
    expect(await read('conf/config.yaml')).toContain(
      `{ file: ${JSON.stringify(join(folder, 'conf', 'openai.key'))} }`,
    )
  })

  it('takes --key-file as the shell does, from the working folder', async () => {
    await writeFile(config(), GUIDE.env)
    const run = await set(['-f', config(), '--method', 'file', '--key-file', 'my.key'], { cwd: work() })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('work/my.key')).toBe(`${KEY}\n`)
    expect(await read('conf/config.yaml')).toContain(`{ file: ${JSON.stringify(join(work(), 'my.key'))} }`)
  })
})

describe('keys set --method says where the old copy still lies', () => {
  interface Move {
    readonly what: string
    readonly config: string
    readonly files?: Record<string, string>
    readonly env?: Record<string, string>
    readonly args: string[]
    readonly says: RegExp | undefined
  }
  const moves: Move[] = [
    {
      what: 'in .env',
      config: GUIDE.env,
      files: { '.env': `OPENAI_API_KEY=${OLD}\n` },
      args: ['--method', 'file'],
      says: /the old key still stands in \.env as OPENAI_API_KEY.*remove that line/,
    },
    {
      what: 'in the environment',
      config: GUIDE.env,
      env: { OPENAI_API_KEY: OLD },
      args: ['--method', 'inline'],
      says: /the old key is still in the environment as OPENAI_API_KEY.*unset it/,
    },
    {
      what: 'under the old name',
      config: GUIDE.env,
      files: { '.env': `OPENAI_API_KEY=${OLD}\n` },
      args: ['--env', 'NEW_KEY'],
      says: /still stands in \.env as OPENAI_API_KEY/,
    },
    {
      what: 'in its file',
      config: GUIDE.file,
      files: { 'key.txt': OLD },
      args: ['--method', 'env'],
      says: /the old key still lies in key\.txt.*delete it/,
    },
    {
      what: 'in the old file',
      config: GUIDE.file,
      files: { 'key.txt': OLD },
      args: ['--key-file', 'new.key'],
      says: /still lies in key\.txt/,
    },
    {
      what: 'nowhere, when it stood in the config',
      config: GUIDE.inline.replace('sk-proj....', OLD),
      args: ['--method', 'file'],
      says: /the old key stood in config\.yaml.*copies.*change it at the provider/,
    },
    {
      what: 'nowhere, when none was set',
      config: GUIDE.env,
      args: ['--method', 'file'],
      says: undefined,
    },
    {
      what: 'nowhere, when it stays where it was',
      config: GUIDE.env,
      files: { '.env': `OPENAI_API_KEY=${OLD}\n` },
      args: [],
      says: undefined,
    },
    {
      what: 'nowhere, when the source that agw.yaml names has the new one',
      config: GUIDE.env,
      files: { 'agw.yaml': 'secrets: { OPENAI_API_KEY: { file: own.key } }', 'own.key': OLD },
      args: [],
      says: undefined,
    },
    {
      what: 'in the source that agw.yaml named before',
      config: GUIDE.env,
      files: { 'agw.yaml': 'secrets: { OPENAI_API_KEY: { file: own.key } }', 'own.key': OLD },
      args: ['--method', 'env'],
      says: /the old key is still in file own\.key: take it out there/,
    },
    {
      what: 'in .env, still in use by another slot',
      config: GUIDE.env.replace(
        '      policies:',
        '       - ai: { name: second, provider: { openAI: {} } }\n         policies: { backendAuth: { key: "$OPENAI_API_KEY" } }\n      policies:',
      ),
      files: { '.env': `OPENAI_API_KEY=${OLD}\n` },
      args: ['--method', 'file'],
      says: /still stands in \.env as OPENAI_API_KEY, for second$/m,
    },
  ]
  it.each(moves)('$what', async ({ config, files = {}, env = {}, args, says }) => {
    await put('config.yaml', config)
    for (const [name, text] of Object.entries(files)) await put(name, text)
    const run = await set(args, { env })
    expect(run.status, run.stderr).toBe(0)
    if (says === undefined) expect(run.stderr).not.toMatch(/the old key/)
    else expect(run.stderr).toMatch(says)
    expect(run.stdout + run.stderr).not.toContain(OLD)
  })
})

describe('keys set without a terminal', () => {
  it('stores what a pipe hands in, and doubts what is too short to be a key', async () => {
    await put('config.yaml', GUIDE.env)
    const run = await agw(['keys', 'set', 'openai'], { cwd: folder, input: 'abc\n' })
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).toMatch(/warning this is shorter than 16 characters/)
    expect(await read('.env')).toBe('OPENAI_API_KEY=abc\n')
    const whole = await agw(['keys', 'set', 'openai'], { cwd: folder, input: `${KEY}\n` })
    expect(whole.stderr).not.toContain('shorter')
  })

  it('an encrypted file whose identity is gone: says what can be done about it', async () => {
    await put('config.yaml', GUIDE.env)
    const store = ['keys', 'set', 'openai', '--method', 'encrypted']
    expect((await agw(store, { cwd: folder, input: KEY })).status).toBe(0)
    await rm(join(folder, 'no-such-config'), { recursive: true })
    for (const args of [['keys', 'set', 'openai'], ['validate']]) {
      const run = await agw(args, { cwd: folder, input: KEY })
      expect(run.stdout + run.stderr).toMatch(
        /bring back the identity.*AGW_AGE_IDENTITY.*delete secrets\.age/,
      )
      expect(run.status).toBeGreaterThan(0)
    }
  })
})

// The stand-in for kubectl is a shell script.
describe.skipIf(process.platform === 'win32')('keys set, where agw.yaml names a Secret of Kubernetes', () => {
  it('stores it there alone: no other Secret is made through kubectl', async () => {
    const { url, state, get } = await fakeKubernetes()
    const one = {
      name: 'x',
      context: { cluster: 'x', user: 'x' },
      cluster: { server: url },
      user: { token: state.token },
    }
    const all = { 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }
    await put('kubeconfig', JSON.stringify(all))
    await put('config.yaml', GUIDE.env)
    await put('agw.yaml', 'secrets: { OPENAI_API_KEY: { kubernetes: { name: keys, key: openai } } }')
    await mkdir(join(folder, 'bin'))
    const kubectl = `#!/bin/sh\ncat > '${join(folder, 'given')}'\n`
    await writeFile(join(folder, 'bin', 'kubectl'), kubectl, { mode: 0o755 })
    const path = `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`
    const run = await set([], {
      env: { PATH: path, KUBECONFIG: 'kubeconfig', AGW_TRUST: '1', OPENAI_API_KEY: OLD },
    })
    expect(run.status, run.stderr).toBe(0)
    expect(get('/api/v1/namespaces/default/secrets/keys')).toEqual({ openai: KEY })
    expect(existsSync(join(folder, 'given')), run.stderr).toBe(false)
    expect(run.stderr).toContain('OPENAI_API_KEY is also set in this shell')
  })
})

describe('a command about one key without a name', () => {
  const several =
    'llm: {models: [{name: a, provider: openAI, params: {apiKey: "$A_KEY"}}, {name: b, provider: groq, params: {apiKey: "$B_KEY"}}]}\n'

  it('is for the only key of the config', async () => {
    await put('config.yaml', GUIDE.env)
    const run = await agw(['keys', 'set'], { cwd: folder, input: KEY })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('.env')).toBe(`OPENAI_API_KEY=${KEY}\n`)
    const rotated = await agw(['keys', 'rotate'], { cwd: folder, input: KEY })
    expect([rotated.status, rotated.stdout]).toEqual([0, expect.stringContaining('unchanged openai')])
    const moved = await agw(['keys', 'move', '--to', 'file', '--dry-run'], { cwd: folder })
    expect([moved.status, moved.stdout]).toEqual([0, expect.stringContaining('would move openai to file')])
  })

  it.each([['set'], ['rotate'], ['move', '--to', 'file']])(
    'names those that there are, where there are several: %s %s %s',
    async (...words) => {
      await put('config.yaml', several)
      const run = await agw(['keys', ...words], { cwd: folder, input: KEY })
      expect(run.status).toBe(2)
      expect(run.stderr).toBe('error missing argument: NAME\n  → it is one of: a, b\n')
      expect(await readdir(folder)).toEqual(['config.yaml'])
    },
  )

  it('has none to be for', async () => {
    await put('config.yaml', 'binds: []\n')
    const run = await agw(['keys', 'set'], { cwd: folder, input: KEY })
    expect(run.stderr).toContain('the config has no key slot')
    expect(run.status).not.toBe(0)
  })
})
