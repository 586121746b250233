import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { unless } from '../helpers/needs.ts'
import { type Keyring, noKeyring, startKeyring } from '../secrets/sources/keyring-daemon.ts'

const KEY = keyLike('openai', 'place')
const OTHER = keyLike('openai', 'place of another')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
const run = (args: string[], input = '', env: Record<string, string> = {}) =>
  agw(args, { cwd: folder, input, env })

describe.skipIf(noKeyring !== undefined)(`the keychain, which all projects share${unless(noKeyring)}`, () => {
  let keyring: Keyring
  beforeEach(async () => {
    const home = join(folder, 'home')
    await mkdir(home)
    keyring = await startKeyring(folder, home)
  })
  afterEach(() => keyring.stop())

  const at = (project: string) => async (args: string[], input: string) => {
    await mkdir(join(folder, project), { recursive: true })
    return agw(args, { cwd: join(folder, project), input, env: keyring.env })
  }
  const print = async (project: string) => {
    const { stdout } = await at(project)(['keys', 'list', '--json'], '')
    return JSON.parse(stdout).keys[0].fingerprint
  }
  const init = ['init', '--provider', 'openai', '--method', 'keychain', '--yes']
  const set = ['keys', 'set', 'openai']

  it('keeps the keys of two projects apart', async () => {
    for (const [project, key] of [
      ['a', KEY],
      ['b', OTHER],
    ] as const) {
      expect((await at(project)(init, '')).status).toBe(0)
      const stored = await at(project)(set, key)
      expect(stored, stored.stderr).toMatchObject({ status: 0 })
      expect(stored.stderr).toContain(`keychain agw/${project}/openai`)
    }
    expect(await print('a')).not.toBe(await print('b'))
    const again = await at('a')(set, OTHER)
    expect(again, again.stderr).toMatchObject({ status: 0 })
  })

  it('gives no key of another project up without a yes, and says what to do', async () => {
    const entry = 'secrets:\n  OPENAI_API_KEY: { keychain: { account: team } }\n'
    for (const project of ['a', 'b']) {
      await mkdir(join(folder, project))
      await writeFile(join(folder, project, 'config.yaml'), GUIDE.env)
      await writeFile(join(folder, project, 'agw.yaml'), entry)
    }
    expect((await at('a')(set, KEY)).status).toBe(0)
    const before = await print('a')
    // What was only looked at was not stored.
    await at('b')(['keys', 'check', '--connect-to', 'api.openai.com:443:127.0.0.1:1'], '')
    const refused = await at('b')(set, OTHER)
    expect(refused).toMatchObject({ status: 2 })
    expect(refused.stderr).toMatch(/keychain agw\/team holds another key, not stored for this config/)
    expect(refused.stderr).toMatch(/--method keychain --account NAME/)
    expect(await print('a')).toBe(before)

    const own = await at('b')([...set, '--method', 'keychain', '--account', 'mine'], OTHER)
    expect(own, own.stderr).toMatchObject({ status: 0 })
    expect(await print('a')).toBe(before)
    await writeFile(join(folder, 'b', 'agw.yaml'), entry)
    expect((await at('b')([...set, '--yes'], OTHER)).status).toBe(0)
    expect(await print('a')).not.toBe(before)
  })

  it('takes a key that was moved there by agw for the project’s own', async () => {
    await put('config.yaml', GUIDE.env)
    await put('.env', `OPENAI_API_KEY=${KEY}\n`)
    const moved = await run(['keys', 'move', 'openai', '--to', 'keychain', '--yes'], '', keyring.env)
    expect(moved, moved.stderr).toMatchObject({ status: 0 })
    const stored = await run(set, OTHER, keyring.env)
    expect(stored, stored.stderr).toMatchObject({ status: 0 })
  })

  it('a hint of init can be followed', async () => {
    await at('a')(init, '')
    await at('a')(set, KEY)
    await mkdir(join(folder, 'x', 'a'), { recursive: true })
    const clash = await at('x/a')([...init, '--key-from-stdin'], OTHER)
    const [, command = ''] = /keep it elsewhere: `agw (.*)`$/m.exec(clash.stderr) ?? []
    expect([clash.status, command]).toEqual([3, 'keys set openai --method keychain --account openai-2'])
    expect((await at('x/a')(init, '')).status).toBe(0)
    const stored = await at('x/a')(command.split(' '), OTHER)
    expect(stored, stored.stderr).toMatchObject({ status: 0 })
    expect(await print('a')).not.toBe(await print('x/a'))
  })
})

describe('keys set knows whether a key can be stored before it takes one', () => {
  const passthrough = 'llm:\n  models:\n    - { name: "*", provider: openAI, auth: { passthrough: {} } }\n'
  it.each([
    ['keys set', ['keys', 'set', 'openai']],
    ['keys rotate', ['keys', 'rotate', 'openai']],
  ])('%s: a slot of the client’s own credential', async (_, args) => {
    await put('config.yaml', passthrough)
    const { status, stderr } = await run(args)
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/client's own credential[\s\S]*--method env`, or another of file/),
    ])
  })

  it('a source that is only read', async () => {
    await put('config.yaml', GUIDE.env)
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { env: OTHER }\n')
    const { status, stderr } = await run(['keys', 'set', 'openai'])
    expect([status, stderr]).toEqual([3, expect.stringContaining('agw only reads from')])
  })
})

describe('keys rotate says', () => {
  it('what keeps a source from giving the key, not that there is none', async () => {
    await put('config.yaml', GUIDE.env)
    await put('agw.yaml', `secrets:\n  OPENAI_API_KEY: { exec: [echo, ${KEY}] }\n`)
    const { stderr } = await run(['keys', 'rotate', 'openai'])
    expect(stderr).toMatch(/agw\.yaml runs echo, and nobody has said that it may[\s\S]*agw trust/)
    expect(stderr).not.toContain('keys set')
  })
})

describe('keys set says', () => {
  it('that an age identity was made, where it is, and what it is for; once', async () => {
    await put('config.yaml', GUIDE.env)
    const set = ['keys', 'set', 'openai', '--method', 'encrypted']
    const { stderr } = await run(set, KEY)
    expect(stderr).toMatch(
      /warning an age identity was made, in the file .*age-identity\.txt: without it nobody can open/,
    )
    expect((await run(set, OTHER)).stderr).not.toContain('identity')
  })

  it('that another day was noted for the same key, which is no younger for it, and that it is over', async () => {
    await put('config.yaml', GUIDE.env)
    const set = async (...more: string[]) => run(['keys', 'set', 'openai', ...more], KEY)
    const row = async () => JSON.parse((await run(['keys', 'list', '--json'])).stdout).keys[0]
    await set()
    const { setAt } = await row()
    const over = await set('--expires', '2020-11-01')
    expect(over.stderr).toMatch(
      /noted that the key expires on 2020-11-01\nwarning the key has expired on 2020-11-01/,
    )
    expect(over.stdout).not.toContain('unchanged')
    expect(await row()).toMatchObject({ setAt, expiresAt: '2020-11-01T00:00:00.000Z' })
    const same = await set('--expires', '2020-11-01')
    expect([same.stdout, same.stderr]).toEqual([
      expect.stringContaining('unchanged'),
      expect.not.stringContaining('noted'),
    ])
  })

  it('what a dry run would send to a cluster', async () => {
    await put('config.yaml', GUIDE.env)
    const { stderr } = await run(['keys', 'set', 'openai', '--method', 'kubernetes', '--dry-run'], KEY)
    expect(stderr).toContain('the key goes to Secret agentgateway-system/openai-secret, through kubectl')
    expect(stderr).not.toContain('nothing would change')
  })

  it.each([['set'], ['check'], ['rotate'], ['remove']])(
    'that a key is no argument, also where there is no config: keys %s',
    async command => {
      const { status, stdout, stderr } = await run(['keys', command, KEY])
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/a key belongs in no argument\n.*end that key/),
      ])
      expect(stdout + stderr).not.toContain(KEY.slice(8, 30))
    },
  )

  it('of a key of another provider only that', async () => {
    await put(
      'config.yaml',
      'llm:\n  models:\n    - { name: "*", provider: anthropic, params: { apiKey: $ANTHROPIC_API_KEY } }\n',
    )
    const { stderr } = await run(['keys', 'set', 'anthropic'], keyLike('gemini', 'place'))
    expect(stderr).toContain('warning this looks like a Google key, and the slot is for anthropic')
    expect(stderr).not.toContain('AQ.')
    expect(await readFile(join(folder, '.env'), 'utf8')).toContain('ANTHROPIC_API_KEY=')
  })
})
