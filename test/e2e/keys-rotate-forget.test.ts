import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { endTime, holders, journals, killedAt, placeKey } from '../helpers/rotation.ts'

const OLD = keyLike('openai', 'forget-old')
const NEW = keyLike('openai', 'forget-new')
const NEWER = keyLike('openai', 'forget-newer')

let folder: string
let mock: Mock
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ keys: [OLD, NEW, NEWER] })
})
afterEach(() => mock.close())

async function run(args: string[], input = '', env: Record<string, string> = {}): Promise<Run> {
  const done = await agw(args, { cwd: folder, input, env })
  for (const key of [OLD, NEW, NEWER]) expect(done.stdout + done.stderr).not.toContain(key.slice(10, 40))
  return done
}

const rotate = (...args: string[]): Promise<Run> =>
  run(['keys', 'rotate', 'openai', '--no-check', ...args], NEW)

async function rotated(method: string, port?: number): Promise<void> {
  await placeKey(folder, { method, key: OLD, upstream: mock.port, ...(port !== undefined && { port }) })
  const done = await rotate()
  expect(done.status, done.stderr).toBe(0)
}

/** The fingerprints that the config resolves to now. */
async function current(): Promise<string[]> {
  const { keys } = JSON.parse((await run(['keys', 'list', '--json'])).stdout)
  return keys.map((key: { fingerprint: string }) => key.fingerprint)
}

describe('the old key of a rotation whose time is over', () => {
  it.each([
    ['keys list', 'env'],
    ['keys check', 'file'],
    ['doctor', 'inline'],
    ['keys list', 'encrypted'],
    ['keys rotate openai --finish', 'env'],
  ])('is forgotten by `%s`, which says so once: kept by %s', async (command, method) => {
    await rotated(method)
    const args = [...command.split(' '), ...(command === 'keys check' ? [`--connect-to`, 'x:1:y:1'] : [])]
    await endTime(folder)
    const done = await run(args)
    expect(done.stdout + done.stderr).toMatch(/forgotten/)
    expect(await holders(folder, OLD)).toEqual([])
    expect(await journals(folder)).toEqual([])
    const again = await run(args)
    expect(again.stdout + again.stderr).not.toMatch(/is forgotten/)
    expect(await current()).toEqual([fingerprint(NEW)])
    expect((await rotate('--undo')).status).toBe(4)
  })

  it('stays while its time is not over', async () => {
    await rotated('env')
    for (const command of ['keys list', 'doctor']) await run(command.split(' '))
    expect(await holders(folder, OLD)).toEqual(['.env'])
    expect((await rotate('--undo')).status).toBe(0)
    expect(await current()).toEqual([fingerprint(OLD)])
  })

  it('is forgotten at once with --keep 0, when every gateway has taken the new one up', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port })
    const done = await rotate('--keep', '0')
    expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('the old key is forgotten') })
    expect(await holders(folder, OLD)).toEqual([])
  })

  it.each([[[]], [['--workers', '2']]])(
    'is forgotten by a gateway that runs: serve %j',
    async flags => {
      await rotated('env', await freePort())
      await endTime(folder, 4000)
      const gateways = [1, 2].map(() => start(['serve', '--json', ...flags], { cwd: folder }))
      const [first] = gateways
      await Promise.any(gateways.map(one => one.until('"ready"')))
      await Promise.any(gateways.map(one => one.until('"key-forgotten"')))
      const told = gateways
        .flatMap(one => one.stdout().split('\n'))
        .filter(line => line.includes('key-forgotten'))
      expect(told.map(line => JSON.parse(line))).toEqual([
        { event: 'key-forgotten', name: 'openai', fingerprint: fingerprint(OLD), place: expect.any(String) },
      ])
      expect(await holders(folder, OLD)).toEqual([])
      expect(await journals(folder)).toEqual([])
      await first?.stop()
    },
    30_000,
  )

  it('is left, and spoken of, where something else lies in its place now', async () => {
    await rotated('file')
    await writeFile(join(folder, 'openai.key.previous'), `${NEWER}\n`, { mode: 0o600 })
    await endTime(folder)
    const done = await run(['keys', 'list'])
    expect(done.stderr).toMatch(/not forgotten.*another value/)
    expect(await holders(folder, NEWER)).toEqual(['openai.key.previous'])
    expect((await run(['keys', 'list'])).stderr).toBe('')
  })

  it('is spoken of each time where it cannot be taken away, and the command goes on', async () => {
    await rotated('encrypted')
    await endTime(folder)
    const identity = join(folder, 'no-such-config', 'agw', 'age-identity.txt')
    const text = await readFile(identity)
    await writeFile(identity, 'AGE-SECRET-KEY-1NONE\n')
    const done = await run(['keys', 'list'])
    expect(done.stderr).toMatch(/not forgotten, though its time is over/)
    await writeFile(identity, text)
    expect((await run(['keys', 'list'])).stderr).toMatch(/is forgotten/)
  })

  it('is found where it was laid aside, though the key was moved since', async () => {
    await rotated('env')
    expect((await run(['keys', 'move', 'openai', '--to', 'encrypted', '--yes'])).status).toBe(0)
    await endTime(folder)
    await run(['keys', 'list'])
    expect(await holders(folder, OLD)).toEqual([])
  })

  it('goes with the key when that is removed', async () => {
    await rotated('file')
    const done = await run(['keys', 'remove', 'openai', '--yes'])
    expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('gone too') })
    expect([...(await holders(folder, OLD)), ...(await holders(folder, NEW))]).toEqual([])
  })

  it.each(['env', 'file'])(
    'is gone or there when its taking is killed at any change: kept by %s',
    async method => {
      await rotated(method)
      await endTime(folder)
      const before = join(await tempFolder(), 'before')
      await cp(folder, before, { recursive: true })
      let kills = 0
      for (let at = 1; ; at += 1) {
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
        await cp(before, folder, { recursive: true, preserveTimestamps: true })
        if ((await run(['keys', 'list'], '', killedAt(at))).status === 0) break
        kills += 1
        expect(await current(), `kill ${at}`).toEqual([fingerprint(NEW)])
        expect(await holders(folder, OLD), `kill ${at}`).toEqual([])
        expect(await journals(folder), `kill ${at}`).toEqual([])
      }
      expect(kills).toBeGreaterThan(2)
    },
    120_000,
  )

  it('of a rotation that was stopped on its way is forgotten too, once the key is known to be there', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port })
    for (let at = 1; at < 40; at += 1) {
      const done = await run(['keys', 'rotate', 'openai', '--no-check'], NEW, killedAt(at))
      if (done.status === 0) break
      await endTime(folder)
      const { stderr } = await run(['keys', 'list'])
      expect(await journals(folder), `kill ${at}: ${stderr}`).toEqual([])
      const [shown] = await current()
      expect([fingerprint(OLD), fingerprint(NEW)], `kill ${at}`).toContain(shown)
      if (shown === fingerprint(NEW)) {
        expect(await holders(folder, OLD), `kill ${at}`).toEqual([])
        break
      }
      const text = await readFile(join(folder, '.env'), 'utf8')
      expect(text.split(OLD).length - 1, `kill ${at}`).toBe(1)
    }
  }, 120_000)
})

describe('a rotation', () => {
  it('does not take the place of a value that somebody else has put where the old key would go', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port })
    const text = `${await readFile(join(folder, '.env'), 'utf8')}OPENAI_API_KEY_PREVIOUS=${NEWER}\n`
    await writeFile(join(folder, '.env'), text)
    const done = await rotate()
    expect(done.stderr).toContain('OPENAI_API_KEY_PREVIOUS')
    expect(done.status).not.toBe(0)
    await rotate('--finish')
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(text)
  })

  it('that is killed while the key before the last one is kept goes back to the last one', async () => {
    await rotated('env')
    await endTime(folder)
    const before = join(await tempFolder(), 'before')
    await cp(folder, before, { recursive: true })
    for (let at = 1; ; at += 1) {
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
      await cp(before, folder, { recursive: true, preserveTimestamps: true })
      const again = await run(['keys', 'rotate', 'openai', '--no-check'], NEWER, killedAt(at))
      if (again.status === 0) break
      const stopped = (await journals(folder)).length > 0 && !(await holders(folder, NEWER)).length
      const back = await rotate('--undo')
      // Before it has begun, the way back is that of the rotation before; in between there is none.
      expect([0, 4], `kill ${at}: ${back.stderr}`).toContain(back.status)
      const [shown] = await current()
      const allowed = stopped ? [OLD, NEW] : [NEW]
      expect(allowed.map(fingerprint), `kill ${at}`).toContain(shown)
      if (back.status === 0) expect(await journals(folder), `kill ${at}`).toEqual([])
    }
  }, 120_000)

  it('of one key loses nothing of another one in the same file', async () => {
    const names = ['ONE', 'TWO', 'THREE', 'FOUR']
    const model = (name: string): string =>
      `  - { name: ${name}, provider: openAI, params: { apiKey: "$${name}_KEY", hostOverride: "127.0.0.1:${mock.port}" } }\n`
    await writeFile(join(folder, 'config.yaml'), `llm:\n  models:\n${names.map(model).join('')}`)
    const before = names.map(name => `${name}_KEY=${keyLike('openai', `before-${name}`)}\n`).join('')
    await writeFile(join(folder, '.env'), before, { mode: 0o600 })
    const next = names.map(name => keyLike('openai', `after-${name}`))
    const runs = await Promise.all(
      names.map((name, at) =>
        agw(['keys', 'rotate', name, '--no-check'], { cwd: folder, input: next[at] ?? '' }),
      ),
    )
    expect(
      runs.map(one => one.status),
      runs.map(one => one.stderr).join(),
    ).toEqual([0, 0, 0, 0])
    expect(await current()).toEqual(next.map(fingerprint))
    const backs = await Promise.all(
      names.map(name => agw(['keys', 'rotate', name, '--undo'], { cwd: folder })),
    )
    expect(backs.map(one => one.status)).toEqual([0, 0, 0, 0])
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(before)
  }, 60_000)

  // Root may write to any folder, but not make one below a file.
  it('says what keeps it from writing its journal, and changes nothing', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port })
    await mkdir(join(folder, '.local/state'), { recursive: true })
    await writeFile(join(folder, '.local/state/agw'), 'no folder')
    const before = await readFile(join(folder, '.env'), 'utf8')
    const done = await rotate()
    expect(done).toMatchObject({ status: 3, stderr: expect.stringMatching(/cannot write .*is not a folder/) })
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(before)
    await rm(join(folder, '.local/state/agw'))
    expect((await rotate()).status).toBe(0)
  })

  it.skipIf(process.getuid?.() === 0)('says so of a folder that it may not write to', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port })
    await mkdir(join(folder, '.local/state'), { recursive: true })
    await chmod(join(folder, '.local/state'), 0o500)
    const done = await rotate()
    expect(done).toMatchObject({ stderr: expect.stringMatching(/cannot write .*permission is denied/) })
    expect(await current()).toEqual([fingerprint(OLD)])
    await chmod(join(folder, '.local/state'), 0o700)
  })

  it('sees a gateway whose admin pages are off take the key up', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port, port: await freePort() })
    const gateway = start(['serve', '--admin', 'off'], { cwd: folder })
    await gateway.until('ready')
    const done = await rotate('--json')
    expect(done.status, done.stderr).toBe(0)
    expect(JSON.parse(done.stdout).gateways).toEqual([{ pid: gateway.child.pid, admin: null, hasKey: true }])
    await gateway.stop()
  })

  it('says of a gateway whose admin pages are off that it could not be told to look', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: mock.port, port: await freePort() })
    const env = { OPENAI_API_KEY: OLD }
    const gateway = start(['serve', '--admin', 'off'], { cwd: folder, env })
    await gateway.until('ready')
    const done = await rotate('--wait', '0')
    expect(done).toMatchObject({ status: 1, stderr: expect.stringContaining('admin pages are off') })
    await gateway.stop()
  })
})
