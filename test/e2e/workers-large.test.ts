import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream, type Upstream } from '../gateway/kit/upstream.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { reloadAt, serveWithAdmin, workersOf } from '../helpers/serving.ts'

const clientKey = keyLike('openai', 'workers large client')

let folder: string
let port: number
let upstream: Upstream
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
  upstream = await startUpstream(response => response.writeHead(200).end('ok'))
})

/** So many keys that they go to a worker in a dozen pieces. */
async function put(name: string): Promise<void> {
  const ids = Array.from({ length: 4000 }, (_, id) => id)
  const keys = ids.map(id => ({ key: `vk-${name}-${id}`, metadata: { user: `user-${id}` } }))
  const policies = {
    apiKey: { mode: 'strict', keys: [...keys, { key: clientKey }] },
    responseHeaderModifier: { set: { 'x-config': name } },
  }
  const route = { backends: [{ host: `127.0.0.1:${upstream.port}` }], policies }
  const config = {
    config: { connectionTerminationDeadline: '100ms' },
    binds: [{ port, listeners: [{ routes: [route] }] }],
  }
  const file = join(folder, 'config.yaml')
  await writeFile(`${file}.next`, JSON.stringify(config), { mode: 0o600 })
  await rename(`${file}.next`, file)
}

const serve = () =>
  serveWithAdmin(['--no-reload', '--admin', '127.0.0.1:0', '--workers', '2', '--log-level', 'off'], {
    cwd: folder,
  })

/** Which config answers; over a connection of its own, so that the workers share them out. */
async function served(key = clientKey): Promise<unknown> {
  const { status, headers } = await call(port, { headers: { authorization: `Bearer ${key}` } })
  return headers['x-config'] ?? status
}

/** The same where a worker may hang: nobody answers what falls to that one. */
const servedOrNot = (): Promise<unknown> =>
  Promise.race([served().catch(() => undefined), new Promise(resolve => setTimeout(resolve, 500).unref())])

/** Both workers serve it, and nothing else. */
async function expectAll(name: string): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 8 }, () => served()))
  expect(new Set(answers)).toEqual(new Set([name]))
  expect(await served(`vk-${name}-3999`)).toBe(name)
  expect(await served(`vk-${name}-4000`)).toBe(401)
}

describe.skipIf(process.platform !== 'linux')('several workers and a large config', () => {
  it('take it in one after the other, and their old keys are none any more', {
    timeout: 60_000,
  }, async () => {
    await put('first')
    const { running, admin } = await serve()
    await expectAll('first')
    await put('second')
    expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
    await expectAll('second')
    for (let i = 0; i < 4; i++) expect(await served('vk-first-0')).toBe(401)
    expect(await running.stop()).toBe(0)
    expect(running.stdout() + running.stderr()).not.toMatch(new RegExp(`vk-(first|second)|${clientKey}`))
  })

  it('take it in when one of them is killed in the middle', { timeout: 60_000 }, async () => {
    await put('first')
    const { running, admin } = await serve()
    const [stopped = 0] = await workersOf(running)
    process.kill(stopped, 'SIGSTOP')
    await put('second')
    const reloading = reloadAt(admin)
    await expect.poll(servedOrNot, { timeout: 30_000 }).toBe('second')
    process.kill(stopped, 'SIGKILL')
    expect(await reloading).toEqual({ result: 'reloaded' })
    await running.until('a worker has died (SIGKILL)')
    await expect.poll(async () => (await workersOf(running)).length).toBe(2)
    await expectAll('second')
  })

  it('take in the newest one where one of them starts meanwhile', { timeout: 60_000 }, async () => {
    await put('first')
    const { running, admin } = await serve()
    const before = await workersOf(running)
    process.kill(before[0] ?? 0, 'SIGKILL')
    const successor = async () => (await workersOf(running)).find(pid => !before.includes(pid))
    await expect.poll(successor).toBeDefined()
    const starting = (await successor()) ?? 0
    process.kill(starting, 'SIGSTOP')
    await put('second')
    expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
    process.kill(starting, 'SIGCONT')
    // What is answered from now on is answered by those that have started since.
    process.kill(before[1] ?? 0, 'SIGKILL')
    const answers: unknown[] = []
    const answered = async () => {
      const answer = await servedOrNot()
      if (answer !== undefined) answers.push(answer)
      return answers.length
    }
    await expect.poll(answered, { timeout: 30_000 }).toBe(12)
    expect(new Set(answers)).toEqual(new Set(['second']))
  })

  it('end when they are told to, without a word on the reload that waits for one', {
    timeout: 60_000,
  }, async () => {
    await put('first')
    const { running, admin } = await serve()
    const [stopped = 0, other] = await workersOf(running)
    process.kill(stopped, 'SIGSTOP')
    await put('second')
    const reloading = reloadAt(admin)
    await expect.poll(servedOrNot, { timeout: 30_000 }).toBe('second')
    const ended = running.stop()
    expect(await reloading).toEqual({ result: 'rejected', message: 'the gateway is shutting down' })
    expect(await ended).toBe(0)
    expect(running.stdout()).not.toMatch(/has died|"reloaded"|"reload-rejected"/)
    for (const pid of [stopped, other ?? 0]) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
