import { fork } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream, type Upstream } from '../gateway/kit/upstream.ts'
import { eventually } from '../gateway/kit/wait.ts'
import { ROOT, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { startGrpcCollector } from '../helpers/otlp-grpc.ts'
import { reloadAt, serveWithAdmin, workersOf } from '../helpers/serving.ts'

const ANSWER = JSON.stringify({ model: 'm', usage: { prompt_tokens: 1, completion_tokens: 1 } })

let folder: string
let port: number
let upstream: Upstream
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
  upstream = await startUpstream(response =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER),
  )
})

function bind(to: number, policies: object = {}): object {
  const ai = { name: 'openai', hostOverride: `127.0.0.1:${upstream.port}`, provider: { openAI: {} } }
  const route = { backends: [{ ai }], policies: { backendAuth: { key: 'sk-workers-harm-000' }, ...policies } }
  return { port: to, listeners: [{ routes: [route] }] }
}

const put = (config: object) =>
  writeFile(join(folder, 'config.yaml'), JSON.stringify(config), { mode: 0o600 })

async function serve(...args: string[]) {
  const all = ['--admin', '127.0.0.1:0', '--workers', '2', ...args]
  const { running, admin } = await serveWithAdmin(all, { cwd: folder })
  return { running, admin, workers: await workersOf(running) }
}

function ask(to = port) {
  return call(to, {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'one two three' }] }),
    // A connection of its own, so that the workers share them out.
    agent: new Agent({ keepAlive: false }),
  })
}

describe.skipIf(process.platform !== 'linux')('several workers', () => {
  it('end in time when one of them hangs', { timeout: 60_000 }, async () => {
    await put({ config: { connectionTerminationDeadline: '100ms' }, binds: [bind(port)] })
    const { running, workers } = await serve()
    process.kill(workers[0] ?? 0, 'SIGSTOP')
    expect(await running.stop()).toBe(0)
    expect(running.stdout()).toMatch(/"event":"warning","message":"a worker has not ended after 5 s, /)
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('leave no client without a word when one of them is killed', { timeout: 60_000 }, async () => {
    await put({ binds: [bind(port)] })
    const { running, workers } = await serve()
    // It takes none of those that it is handed.
    process.kill(workers[0] ?? 0, 'SIGSTOP')
    const asked = Array.from({ length: 4 }, () =>
      ask().then(
        ({ status }) => status,
        () => 0,
      ),
    )
    const answered = new Set<number>()
    for (const [at, one] of asked.entries()) void one.then(() => answered.add(at))
    await eventually(() => answered.size >= 3)
    process.kill(workers[0] ?? 0, 'SIGKILL')
    expect((await Promise.all(asked)).toSorted()).toEqual([0, 200, 200, 200])
    await running.until('a worker has died (SIGKILL)')
  })

  it('leave no client without a word when its port goes, and comes back', { timeout: 60_000 }, async () => {
    await put({ binds: [bind(port)] })
    const { admin } = await serve('--no-reload')
    let isOver = false
    const clients = Array.from({ length: 32 }, async () => {
      while (!isOver) await ask().catch(() => {})
    })
    for (let i = 0; i < 3; i++) {
      for (const at of [await freePort(), port]) {
        await put({ binds: [bind(at)] })
        expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
      }
    }
    isOver = true
    await Promise.all(clients)
  })

  it('let themselves be heard, whether they have something to tell or not', async () => {
    const env = { ...process.env, NODE_UNIQUE_ID: '1' }
    const worker = fork(join(ROOT, 'bin/worker.cjs'), { env, serialization: 'advanced' })
    onTestFinished(() => void worker.kill('SIGKILL'))
    const heard: unknown[] = []
    worker.on('message', message => heard.push(message))
    await expect
      .poll(() => heard, { timeout: 20_000 })
      .toEqual([{ kind: 'ready' }, { kind: 'alive' }, { kind: 'alive' }])
  })

  it('are replaced though files are gone that they were started with', { timeout: 60_000 }, async () => {
    const users = { htpasswd: { file: 'users' }, mode: 'optional' }
    const modelCatalog = [{ file: 'costs.json' }]
    await put({ config: { modelCatalog }, binds: [bind(port, { basicAuth: users })] })
    const files = ['users', 'costs.json', 'logs'].map(name => join(folder, name))
    await writeFile(join(folder, 'users'), 'ann:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n')
    await writeFile(join(folder, 'costs.json'), '{}')
    await mkdir(join(folder, 'logs'))
    const { running, workers } = await serve('--no-reload', '--access-log', 'logs/access.log')
    for (const file of files) await rm(file, { recursive: true })
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    await running.until(/died \(SIGKILL\)[\s\S]*died \(SIGKILL\)/)
    const status = () =>
      ask().then(
        answer => answer.status,
        () => 0,
      )
    await expect.poll(status, { timeout: 20_000 }).toBe(200)
  })

  it('let no more through a limit when one of them is killed', { timeout: 60_000 }, async () => {
    const limit = { maxTokens: 30, tokensPerFill: 30, fillInterval: '1h' }
    await put({ binds: [bind(port, { localRateLimit: [limit] })] })
    const { running, workers } = await serve()
    const asked = Array.from({ length: 60 }, async (_, at) => {
      if (at === 20) process.kill(workers[0] ?? 0, 'SIGKILL')
      return ask().then(
        ({ status }) => status,
        () => 0,
      )
    })
    const statuses = await Promise.all(asked)
    await running.until('a worker has died (SIGKILL)')
    const more = await Promise.all(
      Array.from({ length: 20 }, () =>
        ask().then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    )
    const passed = [...statuses, ...more].filter(status => status === 200)
    expect(passed.length).toBeLessThanOrEqual(30)
    expect(upstream.seen.length).toBeLessThanOrEqual(30)
    expect(more).toContain(429)
  })

  it('take a reload in none of them when a port is taken, and go on', { timeout: 60_000 }, async () => {
    await put({ binds: [bind(port)] })
    const { admin } = await serve('--no-reload')
    const rival = createServer()
    await new Promise<void>(resolve => rival.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void rival.close())
    const { port: taken } = rival.address() as { port: number }
    await put({ binds: [bind(port), bind(taken)] })
    expect(await reloadAt(admin)).toMatchObject({
      result: 'rejected',
      message: expect.stringContaining(`${taken}`),
    })
    for (let i = 0; i < 4; i++) expect((await ask()).status).toBe(200)
    await new Promise(resolve => rival.close(resolve))
    expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
    for (let i = 0; i < 4; i++) expect((await ask(taken)).status).toBe(200)
  })

  it('count what is never less than before, whoever dies', { timeout: 60_000 }, async () => {
    await put({ binds: [bind(port)] })
    const { running, admin, workers } = await serve()
    const total = async (): Promise<number> => {
      const text = await (await fetch(`${admin}/metrics`)).text()
      return Number(/^agentgateway_requests_total\{.*status="200".*\} (\d+)$/m.exec(text)?.[1])
    }
    for (let i = 0; i < 8; i++) await ask()
    expect(await total()).toBe(8)
    process.kill(workers[0] ?? 0, 'SIGKILL')
    await running.until('a worker has died (SIGKILL)')
    expect(await total()).toBe(8)
    // One that hangs is told of as it was.
    process.kill(workers[1] ?? 0, 'SIGSTOP')
    expect(await total()).toBe(8)
    process.kill(workers[1] ?? 0, 'SIGCONT')
    for (let i = 0; i < 4; i++) await ask()
    expect(await total()).toBe(12)
  })

  it('send their traces, and after a reload those of all go elsewhere', { timeout: 60_000 }, async () => {
    const [first, second] = [await startGrpcCollector(), await startGrpcCollector()]
    const traced = (host: string) => ({
      frontendPolicies: { tracing: { host, randomSampling: true } },
      binds: [bind(port)],
    })
    await put(traced(first.host))
    const { running, admin } = await serve('--no-reload')
    for (let i = 0; i < 6; i++) await ask()
    await expect.poll(() => first.spans.length, { timeout: 10_000 }).toBe(6)
    await put(traced(second.host))
    expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
    for (let i = 0; i < 6; i++) await ask()
    // Those of the last second are sent on the way out.
    expect(await running.stop()).toBe(0)
    expect([first.spans.length, second.spans.length]).toEqual([6, 6])
    expect(first.bytes() + second.bytes()).not.toContain('sk-workers-harm')
  })
})
