import { execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { initRepository } from '../helpers/git.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'

const KEY = keyLike('openai', 'doctor')

interface Found {
  readonly about: string
  readonly state: string
  readonly detail: string
  readonly hint: string
}

let folder: string
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env.replace('3000', String(port)))
  await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
})

async function doctor(
  env: Record<string, string> = {},
  args: string[] = [],
): Promise<{ status: number | null; about: (what: string) => Found[] }> {
  const run = await agw(['doctor', '--json', ...args], { cwd: folder, env })
  expect(run.stdout + run.stderr).not.toContain(KEY.slice(10, 40))
  const { findings } = JSON.parse(run.stdout) as { findings: Found[] }
  return { status: run.status, about: what => findings.filter(one => one.about === what) }
}

describe('agw doctor', () => {
  it('finds nothing to do where all is well', async () => {
    const { status, about } = await doctor()
    expect(status).toBe(0)
    expect(about('node')).toMatchObject([{ state: 'ok', detail: process.version }])
    expect(about('config')).toMatchObject([
      { state: 'ok', detail: expect.stringContaining('in the working folder') },
    ])
    expect(about('key openai')).toMatchObject([{ state: 'ok', detail: expect.stringContaining('.env') }])
    expect(about('file .env')).toMatchObject([{ state: 'ok' }])
    expect(about(`port ${port}`)).toMatchObject([{ state: 'ok', detail: 'free' }])
  })

  it('tells an age identity that others can read', async () => {
    const move = await agw(['keys', 'move', 'openai', '--to', 'encrypted', '--yes'], { cwd: folder })
    expect(move.status, move.stderr).toBe(0)
    const identity = join('no-such-config', 'agw', 'age-identity.txt')
    expect((await doctor()).about(`file ${identity}`)).toMatchObject([{ state: 'ok' }])
    await chmod(join(folder, identity), 0o644)
    expect((await doctor()).about(`file ${identity}`)).toMatchObject([
      { state: 'warning', hint: expect.stringContaining('chmod 600') },
    ])
  })

  it('says that there is no config, and how one is made', async () => {
    const { status, about } = await doctor({}, ['--file', 'nope.yaml'])
    expect(status).toBe(1)
    expect(about('config')).toMatchObject([{ state: 'error' }])
  })

  it('names a key that is missing, and the config’s errors by their number', async () => {
    await writeFile(join(folder, '.env'), '')
    expect((await doctor()).about('key openai')).toMatchObject([
      { state: 'error', hint: expect.stringContaining('agw keys set openai') },
    ])
    await writeFile(join(folder, 'config.yaml'), 'binds: 3\nllm: 4\n')
    expect((await doctor()).about('config')).toMatchObject([
      { state: 'ok' },
      { state: 'error', detail: 'has 2 errors' },
    ])
  })

  it('says what stores a key whose file is missing', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.file.replace('3000', String(port)))
    expect((await doctor()).about('key openai')).toMatchObject([
      { state: 'error', hint: 'key.txt does not exist: `agw keys set openai` stores it' },
    ])
  })

  it.skipIf(noGit !== undefined)(
    `tells files that others can read, and what git has, as a check and a scan do${unless(noGit)}`,
    async () => {
      await chmod(join(folder, '.env'), 0o644)
      expect((await doctor()).about('file .env')).toMatchObject([
        { state: 'warning', hint: expect.stringContaining('chmod 600') },
      ])
      const git = (...args: string[]) =>
        execFileSync('git', ['-C', folder, ...args], { env: { PATH: process.env['PATH'], HOME: folder } })
      git('init', '-q')
      git('add', '-f', '.env')
      const { status, about } = await doctor()
      expect(status).toBe(1)
      expect(about('file .env').map(one => one.state)).toEqual(['warning', 'error'])
      for (const args of [['validate'], ['keys', 'scan']])
        expect((await agw(args, { cwd: folder })).status).toBe(1)
    },
  )

  it.skipIf(noGit !== undefined)(`tells files that agw.yaml names, too${unless(noGit)}`, async () => {
    await writeFile(join(folder, 'agw.yaml'), 'secrets:\n  OPENAI_API_KEY: { file: own.key }\n')
    await writeFile(join(folder, 'own.key'), `${KEY}\n`, { mode: 0o600 })
    await writeFile(join(folder, 'own.key.previous'), `${KEY}\n`, { mode: 0o600 })
    expect((await doctor()).about('file own.key')).toMatchObject([{ state: 'ok' }])
    await chmod(join(folder, 'own.key'), 0o644)
    await chmod(join(folder, 'own.key.previous'), 0o644)
    initRepository(folder, ['own.key'])
    const { status, about } = await doctor()
    expect(status).toBe(1)
    expect(about('file own.key').map(one => one.state)).toEqual(['warning', 'error'])
    expect(about('file own.key.previous').map(one => one.state)).toEqual(['warning', 'warning'])
  })

  it('tells a port that is taken, and by whom where it is the gateway itself', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const taken = (server.address() as AddressInfo).port
    await writeFile(join(folder, 'config.yaml'), GUIDE.env.replace('3000', String(taken)))
    const { status, about } = await doctor()
    expect([status, about(`port ${taken}`)[0]?.detail]).toEqual([1, 'another program listens on it'])

    await writeFile(join(folder, 'config.yaml'), GUIDE.env.replace('3000', String(port)))
    const env = { XDG_RUNTIME_DIR: folder }
    const gateway = start(['serve', '--admin', `127.0.0.1:${await freePort()}`], { cwd: folder, env })
    await gateway.until('ready')
    const running = await doctor(env)
    expect(running.status).toBe(0)
    expect(running.about('gateway')[0]?.detail).toContain(`process ${gateway.child.pid} serves`)
    expect(running.about(`port ${port}`)[0]?.detail).toContain('taken by the gateway')
    await gateway.stop()
  })

  it('tells a key in the config itself, and a gateway behind which the mock answers', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.inline.replace('3000', String(port)))
    const env = { XDG_RUNTIME_DIR: folder }
    const gateway = start(['serve', '--mock', '--admin', 'off'], { cwd: folder, env })
    await gateway.until('ready')
    const { about } = await doctor(env)
    await gateway.stop()
    expect(about('key openai')).toContainEqual({
      about: 'key openai',
      state: 'warning',
      detail: expect.stringContaining('stands in the config'),
      hint: expect.stringContaining('agw keys move openai'),
    })
    expect(about('gateway')).toMatchObject([
      { state: 'note', detail: expect.stringContaining('the built-in mock answers') },
    ])
    expect(about('source keychain')).toEqual([])
  })

  it('tells a key that its provider has refused, as keys list does', async () => {
    const mock = await startMock({ keys: ['another'] })
    onTestFinished(() => mock.close())
    const there = `name: openai\n          hostOverride: "127.0.0.1:${mock.port}"`
    await writeFile(join(folder, 'config.yaml'), GUIDE.env.replace('name: openai', there))
    expect((await agw(['keys', 'check'], { cwd: folder })).status).toBe(1)
    const { status, about } = await doctor()
    const refused = expect.stringMatching(/^its provider refused it on \d{4}-/)
    expect(about('key openai')).toMatchObject([{ state: 'error', hint: refused }])
    expect(status).toBe(1)
    const list = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
    expect(list.keys).toMatchObject([{ state: 'refused', detail: refused }])
  })

  it('tells why a source that agw.yaml names cannot be used', async () => {
    await writeFile(
      join(folder, 'agw.yaml'),
      'secrets:\n  OPENAI_API_KEY: { keychain: { account: openai } }\n',
    )
    const { status, about } = await doctor({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' })
    expect(status).toBe(1)
    expect(about('source keychain')).toMatchObject([{ state: 'error', hint: expect.stringMatching(/./) }])
    expect(about('key openai')).toMatchObject([{ state: 'error' }])
  })

  it('warns of what Node was told to show', async () => {
    const { about } = await doctor({ NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' })
    expect(about('node').map(one => one.state)).toEqual(['ok', 'warning'])
  })
})
