import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { refusingPort } from '../helpers/refusing-port.ts'
import { holders as holding, placeKey } from '../helpers/rotation.ts'

const OLD = keyLike('openai', 'rotate-old')
const NEW = keyLike('openai', 'rotate-new')

let folder: string
let mock: Mock
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ keys: [OLD, NEW] })
})
afterEach(() => mock.close())

async function rotate(args: string[], input = '', env: Record<string, string> = {}): Promise<Run> {
  const run = await agw(['keys', 'rotate', 'openai', ...args], { cwd: folder, input, env })
  for (const key of [OLD, NEW]) expect(run.stdout + run.stderr).not.toContain(key.slice(10, 40))
  return run
}

const holders = (key: string): Promise<string[]> => holding(folder, key)

/** The key that .env holds now. */
async function current(): Promise<string> {
  const text = await readFile(join(folder, '.env'), 'utf8')
  return /^OPENAI_API_KEY=["']?([^"'\n]*)/m.exec(text)?.[1] ?? ''
}

const setUp = (method: string): Promise<void> => placeKey(folder, { method, key: OLD, upstream: mock.port })

describe.each(['env', 'file', 'encrypted', 'inline'])('agw keys rotate: a key kept by %s', method => {
  it('checks the new key, keeps the old one, writes the new one, and goes back', async () => {
    await setUp(method)
    const done = await rotate(['--json'], NEW)
    expect(done.status, done.stderr).toBe(0)
    expect(JSON.parse(done.stdout)).toMatchObject({
      name: 'openai',
      method,
      changed: true,
      check: 'valid',
      gateways: [],
    })
    expect(done.stderr).toMatch(/provider was asked[\s\S]*old key is kept[\s\S]*is written/)
    if (method === 'encrypted') expect([...(await holders(NEW)), ...(await holders(OLD))]).toEqual([])
    else expect((await holders(NEW)).length).toBe(1)

    const way = await agw(['test-route', '--explain', '--json'], { cwd: folder })
    expect(JSON.parse(way.stdout)).toMatchObject({ key: { name: 'openai', method } })
    const scan = await agw(['keys', 'scan'], { cwd: folder })
    expect(scan.status, scan.stdout).toBe(method === 'inline' ? 1 : 0)

    const back = await rotate(['--undo', '--json'])
    expect(JSON.parse(back.stdout)).toMatchObject({ changed: true })
    expect(await holders(NEW)).toEqual([])
    expect((await rotate(['--undo'])).status).toBe(4)

    expect((await rotate([], NEW)).status).toBe(0)
    expect((await rotate(['--finish'])).status).toBe(0)
    expect(await holders(OLD)).toEqual([])
    const { keys } = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
    expect(keys).toMatchObject([{ state: 'ok', setAt: expect.any(String) }])
  })
})

describe('agw keys rotate', () => {
  it('keeps the byte order mark of a config with the key in it', async () => {
    await setUp('inline')
    const path = join(folder, 'config.yaml')
    await writeFile(path, `\ufeff${await readFile(path, 'utf8')}`)
    const done = await rotate([], NEW)
    expect(done.status, done.stderr).toBe(0)
    expect(await readFile(path, 'utf8')).toMatch(/^\ufeff/)
    expect(await holders(NEW)).toHaveLength(1)
  })

  it('changes nothing when the provider refuses the new key', async () => {
    await setUp('env')
    const wrong = keyLike('openai', 'not-known')
    const done = await rotate([], wrong)
    expect(done).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing was changed') })
    expect(await current()).toBe(OLD)
    expect((await rotate(['--no-check'], wrong)).status).toBe(0)
    expect(await current()).toBe(wrong)
  })

  it('goes on where its provider cannot be asked, and says so to people and to scripts', async () => {
    await placeKey(folder, { method: 'env', key: OLD, upstream: (await refusingPort()).port })
    const done = await rotate(['--json'], NEW)
    expect([done.status, JSON.parse(done.stdout)]).toEqual([
      0,
      expect.objectContaining({ changed: true, check: 'indeterminate' }),
    ])
    expect(done.stderr).toMatch(/is not known: .*\n[\s\S]*that the new key works: .*`agw keys check openai`/)
    expect(await current()).toBe(NEW)
  })

  it('says unchanged for the key that is there, and refuses what it cannot write', async () => {
    await setUp('env')
    expect((await rotate([], OLD)).stdout).toContain('unchanged')
    const shell = await rotate([], NEW, { OPENAI_API_KEY: OLD })
    expect(shell).toMatchObject({ status: 3, stderr: expect.stringContaining('environment of this shell') })
  })

  it('takes no old key away while it is promised to be kept', async () => {
    await setUp('env')
    const third = keyLike('openai', 'rotate-third')
    expect((await rotate(['--no-check'], NEW)).status).toBe(0)
    const refused = await rotate(['--no-check'], third)
    expect(refused).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/is kept until .* UTC[\s\S]*--finish[\s\S]*--undo/),
    })
    expect(refused.stderr).toContain(fingerprint(OLD))
    expect(await current()).toBe(NEW)
    const undone = await rotate(['--undo'])
    expect(undone.status).toBe(0)
    expect(undone.stderr).toContain(`the old key is back  ${fingerprint(OLD)}`)
    expect(undone.stderr).toContain(`the new key is gone  ${fingerprint(NEW)}`)
    expect(undone.stderr).not.toContain('forgotten')
    expect(await current()).toBe(OLD)
    expect((await rotate(['--no-check'], NEW)).status).toBe(0)
    expect((await rotate(['--finish'])).status).toBe(0)
    expect((await rotate(['--no-check'], third)).status).toBe(0)
    expect(await current()).toBe(third)
  })

  it('says that there is nothing to forget where no old key is kept', async () => {
    await setUp('env')
    const done = await rotate(['--finish'])
    expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('nothing to forget') })
    expect(done.stderr).not.toContain('is forgotten')
  })

  it('sees a running gateway take the key up, without a failed request', async () => {
    await setUp('env')
    const port = await freePort()
    const text = await readFile(join(folder, 'config.yaml'), 'utf8')
    await writeFile(join(folder, 'config.yaml'), text.replace('3000', String(port)))
    const admin = `127.0.0.1:${await freePort()}`
    const env = { XDG_RUNTIME_DIR: folder }
    const gateway = start(['serve', '--admin', admin], { cwd: folder, env })
    await gateway.until('ready')
    const statuses: number[] = []
    let goOn = true
    const load = (async () => {
      while (goOn) {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }),
        })
        statuses.push(answer.status)
        await answer.arrayBuffer()
      }
    })()
    const done = await rotate(['--json'], NEW, env)
    expect(done.status, done.stderr).toBe(0)
    const { gateways, fingerprint } = JSON.parse(done.stdout)
    expect(gateways).toEqual([{ pid: gateway.child.pid, admin: `http://${admin}`, hasKey: true }])
    const { keys } = (await (await fetch(`http://${admin}/keys`)).json()) as { keys: object[] }
    expect(keys).toMatchObject([{ name: 'openai', fingerprint }])
    expect((await rotate(['--undo'], '', env)).status).toBe(0)
    goOn = false
    await load
    expect(new Set(statuses)).toEqual(new Set([200]))
    await gateway.stop()
  })

  it.each([
    ['one process', []],
    ['workers', ['--workers', '2']],
  ])(
    'falls back on the old key while the provider does not know the new one, until it is forgotten: %s',
    async (_, flags) => {
      await mock.close()
      mock = await startMock({ keys: [OLD] })
      await setUp('env')
      const port = await freePort()
      const text = await readFile(join(folder, 'config.yaml'), 'utf8')
      await writeFile(join(folder, 'config.yaml'), text.replace('3000', String(port)))
      const admin = `127.0.0.1:${await freePort()}`
      const env = { XDG_RUNTIME_DIR: folder }
      const gateway = start(['serve', '--admin', admin, ...flags], { cwd: folder, env })
      await gateway.until('ready')
      const ask = async (): Promise<number> => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }),
        })
        expect(await answer.text()).not.toContain(OLD.slice(10, 40))
        return answer.status
      }
      expect(await ask()).toBe(200)
      expect((await rotate(['--no-check'], NEW, env)).status).toBe(0)
      expect([await ask(), await ask()]).toEqual([200, 200])
      const { keys } = (await (await fetch(`http://${admin}/keys`)).json()) as { keys: object[] }
      expect(keys, 'the refusal is told').toMatchObject([{ last401: expect.any(String) }])
      await gateway.until('key refused', 'stderr')
      const doctor = await agw(['doctor', '--json'], { cwd: folder, env })
      expect(JSON.parse(doctor.stdout).findings).toContainEqual(
        expect.objectContaining({
          about: 'key openai',
          state: 'warning',
          detail: expect.stringMatching(/answered 401 to .*fall back on the key before it/),
        }),
      )
      const finished = await rotate(['--finish'], '', env)
      expect(finished).toMatchObject({ status: 0, stdout: expect.stringMatching(/^finished openai/) })
      expect(finished.stderr).toContain(`process id ${gateway.child.pid} has none but the new key`)
      expect(await ask()).toBe(401)
      await gateway.stop()
      const told = gateway.stderr().match(/^key refused .*$/gm)
      expect(told).toEqual([expect.stringMatching(/answers 401 to .*key before it, .*until \d{4}-/)])
      expect(gateway.stdout() + gateway.stderr()).not.toContain(OLD.slice(10, 40))
    },
  )

  it.each(['env', 'encrypted'])('lets one rotation of a key run at a time: %s', async method => {
    await setUp(method)
    const others = ['one', 'two', 'three'].map(word => keyLike('openai', `rotate-${word}`))
    const runs = await Promise.all(others.map(key => rotate(['--no-check'], key)))
    expect(runs.map(run => run.status).sort()).toEqual([0, 3, 3])
    const shown = async (): Promise<string> => {
      const list = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
      return list.keys[0].fingerprint
    }
    const done = runs.findIndex(run => run.status === 0)
    expect(await shown()).toBe(fingerprint(others[done] ?? ''))
    expect((await rotate(['--undo'])).status).toBe(0)
    expect(await shown()).toBe(fingerprint(OLD))
  })

  it('says that another is under way, and by whom', async () => {
    await setUp('env')
    const first = start(['keys', 'rotate', 'openai', '--no-check'], { cwd: folder })
    await expect
      .poll(async () => (await rotate(['--finish'])).stderr, { timeout: 20_000, interval: 10 })
      .toContain(
        `another change of the key of variable OPENAI_API_KEY is under way: process ${first.child.pid} `,
      )
    await first.stop('SIGKILL')
    expect((await rotate(['--no-check'], NEW)).status).toBe(0)
  }, 40_000)

  it('rotates the key of every slot that has the same variable, the way back too', async () => {
    await mock.close()
    mock = await startMock({ keys: [OLD] })
    const port = await freePort()
    const model = (name: string): string =>
      `  - { name: ${name}, provider: openAI, params: { apiKey: "$SHARED_KEY", hostOverride: "127.0.0.1:${mock.port}" } }\n`
    await writeFile(
      join(folder, 'config.yaml'),
      `llm:\n  port: ${port}\n  models:\n${model('openai')}${model('other')}`,
    )
    await writeFile(join(folder, '.env'), `SHARED_KEY=${OLD}\n`, { mode: 0o600 })
    const env = { XDG_RUNTIME_DIR: folder }
    const gateway = start(['serve', '--admin', `127.0.0.1:${await freePort()}`], { cwd: folder, env })
    await gateway.until('ready')
    expect((await rotate(['--no-check'], NEW, env)).status).toBe(0)
    for (const name of ['openai', 'other']) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: name, messages: [{ role: 'user', content: 'hi' }] }),
      })
      expect(answer.status, name).toBe(200)
    }
    await gateway.stop()
    const back = await agw(['keys', 'rotate', 'other', '--undo'], { cwd: folder, env })
    expect(back.status, back.stderr).toBe(0)
    expect(await holders(NEW)).toEqual([])
  }, 30_000)

  it('tells a gateway that does not follow, exits 1, and goes on with the next call', async () => {
    await setUp('env')
    const text = await readFile(join(folder, 'config.yaml'), 'utf8')
    await writeFile(join(folder, 'config.yaml'), text.replace('3000', String(await freePort())))
    const env = { XDG_RUNTIME_DIR: folder }
    // Started with the key in its own environment, it cannot see what is written to .env.
    const gateway = start(['serve', '--admin', `127.0.0.1:${await freePort()}`], {
      cwd: folder,
      env: { ...env, OPENAI_API_KEY: OLD },
    })
    await gateway.until('ready')
    const done = await rotate(['--wait', '0'], NEW, env)
    expect(done).toMatchObject({ status: 1, stderr: expect.stringContaining('still sends another') })
    await gateway.stop()
    const again = await rotate([], '', env)
    expect(again).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/goes on with the rotation.*is not read.*--undo/),
    })
    expect(await current()).toBe(NEW)
  })
})
