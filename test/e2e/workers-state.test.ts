import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { type Running, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { workersOf } from '../helpers/serving.ts'

const KEY = 'sk-workers-state-000'
const USAGE = '"usage":{"prompt_tokens":30,"completion_tokens":20}'

let folder: string
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
})

async function serve(...args: string[]): Promise<{ running: Running; admin: string }> {
  const more = ['--json', '--admin', '127.0.0.1:0', '--workers', '2', '--log-format', 'json', ...args]
  const running = start(['serve', ...more], { cwd: folder })
  const [line] = await running.until(/\{"event":"admin".*\}/)
  await running.until('"ready"')
  return { running, admin: (JSON.parse(line) as { address: string }).address }
}

/** A model at each of these ports, the first of them preferred; `round` is what a reload may change. */
async function put(upstreams: number[], policies: object, round = 0): Promise<void> {
  const provider = (to: number) => ({
    name: `to-${to}`,
    hostOverride: `127.0.0.1:${to}`,
    provider: { openAI: {} },
    policies: { health: { eviction: { duration: '1h' } } },
  })
  const ai = { groups: upstreams.map(to => ({ providers: [provider(to)] })) }
  const header = { requestHeaderModifier: { set: { 'x-round': `${round}` } } }
  const route = { backends: [{ ai }], policies: { backendAuth: { key: KEY }, ...header, ...policies } }
  const config = { binds: [{ port, listeners: [{ routes: [route] }] }] }
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config), { mode: 0o600 })
}

/** Over a connection of its own, so that the workers share them out. */
async function ask(more: object = {}): Promise<number> {
  const { status } = await call(port, {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [], ...more }),
    agent: new Agent({ keepAlive: false }),
  })
  return status
}

async function askTimes(count: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) statuses.push(await ask())
  return statuses
}

const reload = async (admin: string) => (await fetch(`${admin}/reload`, { method: 'POST' })).json()

describe.skipIf(process.platform !== 'linux')('several workers', () => {
  it('and those that take the place of dead ones know of a provider that was evicted', {
    timeout: 60_000,
  }, async () => {
    const broken = await startUpstream(response => response.writeHead(500).end('{}'))
    const good = await startUpstream()
    await put([broken.port, good.port], {})
    const { running, admin } = await serve('--no-reload')
    expect(await ask()).toBe(500)
    // What the pages tell comes behind what a worker has told before.
    await (await fetch(`${admin}/metrics`)).text()
    const first = await workersOf(running)
    for (const pid of first) process.kill(pid, 'SIGKILL')
    await running.until(/a worker has died[\s\S]*a worker has died/)
    await expect.poll(async () => (await workersOf(running)).length, { timeout: 20_000 }).toBe(2)
    await expect
      .poll(async () => (await fetch(`${admin}/healthz/ready`)).status, { timeout: 20_000 })
      .toBe(200)
    expect(await askTimes(6)).toEqual([200, 200, 200, 200, 200, 200])
    expect(broken.seen).toHaveLength(1)
  })

  it('keep the levels of limits and who is evicted over a reload, in all of them', {
    timeout: 60_000,
  }, async () => {
    const broken = await startUpstream(response => response.writeHead(500).end('{}'))
    const good = await startUpstream()
    const localRateLimit = [{ maxTokens: 8, tokensPerFill: 1, fillInterval: '1h' }]
    await put([broken.port, good.port], { localRateLimit })
    const { admin } = await serve('--no-reload')
    expect(await ask()).toBe(500)
    await expect.poll(ask, { timeout: 20_000 }).toBe(200)
    const before = broken.seen.length
    await put([broken.port, good.port], { localRateLimit }, 1)
    expect(await reload(admin)).toEqual({ result: 'reloaded' })
    const statuses = await askTimes(10)
    expect(statuses).toContain(429)
    expect(statuses).not.toContain(500)
    expect(broken.seen.length + good.seen.length).toBe(8)
    expect(broken.seen).toHaveLength(before)
    expect(good.seen.at(-1)?.headers['x-round']).toBe('1')
  })

  it.each(['whole', 'streamed'])(
    'share limits of tokens, settled by answers that are %s',
    {
      timeout: 60_000,
    },
    async kind => {
      const upstream = await startUpstream(response => {
        if (kind === 'whole') {
          response.writeHead(200, { 'content-type': 'application/json' })
          return void response.end(`{"model":"m",${USAGE}}`)
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {"choices":[]}\n\n')
        response.end(`data: {"choices":[],${USAGE}}\n\ndata: [DONE]\n\n`)
      })
      const limit = { maxTokens: 500, tokensPerFill: 1, fillInterval: '1h', type: 'tokens' }
      await put([upstream.port], { localRateLimit: [limit] })
      await serve()
      const asked = { stream: kind === 'streamed', max_tokens: 20 }
      const statuses: number[] = []
      // What one costs is told to the process above a moment after it has ended; a refusal must not come from that.
      for (let i = 0; i < 14; i++) {
        statuses.push(await ask(asked))
        await new Promise(resolve => setTimeout(resolve, 30))
      }
      const passed = statuses.filter(status => status === 200)
      expect(passed).toHaveLength(10)
      expect(statuses.slice(10)).toEqual([429, 429, 429, 429])
    },
  )

  it('take a level of the log, and show a config without its keys', { timeout: 60_000 }, async () => {
    const upstream = await startUpstream()
    await put([upstream.port], {})
    const { running, admin } = await serve()
    await askTimes(4)
    await running.until(/(?:"http.status":200[\s\S]*){4}/, 'stderr')
    expect((await fetch(`${admin}/logging?level=off`, { method: 'POST' })).status).toBe(200)
    await new Promise(resolve => setTimeout(resolve, 300))
    await askTimes(4)
    const dump = await (await fetch(`${admin}/config_dump`)).text()
    expect(dump).toContain(`127.0.0.1:${upstream.port}`)
    expect(dump).not.toContain(KEY)
    expect(await running.stop()).toBe(0)
    expect(running.stderr().match(/"http.status":200/g)).toHaveLength(4)
  })
})
