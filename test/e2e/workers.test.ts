import { readFile, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { eventually } from '../gateway/kit/wait.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { reloadAt, serveWithAdmin, toOpenAi, workersOf } from '../helpers/serving.ts'

const key = (word: string): string => keyLike('openai', `workers ${word}`)

let folder: string
let mock: Mock
let port: number
let seen: (string | undefined)[]
beforeEach(async () => {
  folder = await tempFolder()
  seen = []
  mock = await startMock({ onRequest: one => seen.push(one.keyFingerprint), control: true })
  port = await freePort()
})
afterEach(() => mock.close())

const config = (...policies: string[]): string =>
  toOpenAi({ port, upstream: `127.0.0.1:${mock.port}`, auth: 'key: "$WORKERS_KEY"', policies })
const put = (text: string) => writeFile(join(folder, 'config.yaml'), text, { mode: 0o600 })
const putKey = (word: string) =>
  writeFile(join(folder, '.env'), `WORKERS_KEY=${key(word)}\n`, { mode: 0o600 })

const serve = (...args: string[]) =>
  serveWithAdmin(['--admin', '127.0.0.1:0', '--workers', '2', ...args], { cwd: folder })

/** Each over a connection of its own, so that the workers share them out. */
function ask(agent = new Agent({ keepAlive: false })) {
  const messages = [{ role: 'user', content: 'one two three' }]
  return call(port, {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages }),
    agent,
  })
}

describe.skipIf(process.platform !== 'linux')('several workers', () => {
  it('share the buckets of rate limits to the letter', async () => {
    await putKey('one')
    await put(config('localRateLimit: [{ maxTokens: 20, tokensPerFill: 20, fillInterval: 1h }]'))
    await serve()
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter(status => status === 200)).toHaveLength(20)
    expect(statuses.filter(status => status === 429)).toHaveLength(30)
  })

  it('take a new key in all of them, in the middle of traffic, and count as one', async () => {
    await putKey('one')
    await put(config())
    const { running, admin } = await serve()
    expect(await workersOf(running)).toHaveLength(2)
    for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(200)
    expect(new Set(seen)).toEqual(new Set([fingerprint(key('one'))]))
    await putKey('two')
    await running.until('"key-changed"')
    seen.length = 0
    for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(200)
    expect(new Set(seen)).toEqual(new Set([fingerprint(key('two'))]))
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toMatch(/^agentgateway_requests_total\{.*status="200".*\} 12$/m)
    expect(metrics).toMatch(/^agentgateway_request_processing_seconds_count\{.*\} 12$/m)
    expect(metrics).toMatch(/^agentgateway_response_processing_seconds_count\{.*\} 12$/m)
    expect(metrics).toMatch(/^agentgateway_upstream_call_duration_seconds_count\{.*subtype="Llm"\} 12$/m)
    expect(metrics).toMatch(
      /^agentgateway_upstream_connect_duration_seconds_count\{transport="plaintext"\} \d+$/m,
    )
    const { keys } = (await (await fetch(`${admin}/keys`)).json()) as { keys: object[] }
    expect(keys).toMatchObject([{ name: 'openai', fingerprint: fingerprint(key('two')) }])
  })

  it('replace one that dies, and go on meanwhile', async () => {
    await putKey('one')
    await put(config())
    const { running, admin } = await serve()
    const [first = 0, second] = await workersOf(running)
    for (let i = 0; i < 4; i++) await ask()
    await fetch(`${admin}/metrics`)
    process.kill(first, 'SIGKILL')
    await running.until('a worker has died (SIGKILL)')
    for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(200)
    let now = await workersOf(running)
    while (now.length < 2) {
      await new Promise(resolve => setTimeout(resolve, 20))
      now = await workersOf(running)
    }
    expect(now).toContain(second)
    expect(now).not.toContain(first)
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toMatch(/^agentgateway_requests_total\{.*status="200".*\} 10$/m)
  })

  it('list models that were made at one time, whoever answers and whatever was reloaded', async () => {
    const models = (name: string) => `llm:
  port: ${port}
  models: [{ name: ${name}, provider: openAI, params: { hostOverride: "127.0.0.1:${mock.port}", apiKey: "${key('one')}" } }]
`
    const list = async (): Promise<{ id: string; created: number }[]> => {
      const answer = await call(port, {
        method: 'GET',
        path: '/v1/models',
        agent: new Agent({ keepAlive: false }),
      })
      return (JSON.parse(answer.body) as { data: { id: string; created: number }[] }).data
    }
    await put(models('first'))
    const { running } = await serve()
    const [first] = await list()
    await new Promise(resolve => setTimeout(resolve, 1100))
    process.kill((await workersOf(running))[0] ?? 0, 'SIGKILL')
    await running.until('a worker has died (SIGKILL)')
    await put(models('second'))
    await running.until('"reloaded"')
    while ((await workersOf(running)).length < 2) await new Promise(resolve => setTimeout(resolve, 20))
    for (let i = 0; i < 6; i++)
      expect(await list()).toMatchObject([{ id: 'second', created: first?.created }])
  })

  it('lose no more than the last moments of what one had counted and logged that dies', async () => {
    await putKey('one')
    await put(config())
    const { running, admin } = await serve()
    for (let i = 0; i < 8; i++) await ask()
    const silent = connect(port, '127.0.0.1').on('error', () => {})
    // A worker tells of what it has counted right after it has written its lines; then many times as long as that takes.
    await eventually(() => running.stderr().match(/http\.status=200/g)?.length === 8)
    await new Promise(resolve => setTimeout(resolve, 1000))
    for (const pid of await workersOf(running)) process.kill(pid, 'SIGKILL')
    await running.until(/a worker has died[\s\S]*a worker has died/)
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toMatch(/^agentgateway_requests_total\{.*status="200".*\} 8$/m)
    expect(metrics).toMatch(/^agentgateway_downstream_connections_total\{.*\} 9$/m)
    expect(running.stderr().match(/http\.status=200/g)).toHaveLength(8)
    silent.destroy()
  })

  it('take a reload when one of them hangs: another one takes its place', { timeout: 60_000 }, async () => {
    await putKey('one')
    await put(config())
    const { running, admin } = await serve('--no-reload')
    const before = await workersOf(running)
    expect(before).toHaveLength(2)
    process.kill(before[0] ?? 0, 'SIGSTOP')
    await putKey('two')
    expect(await reloadAt(admin)).toEqual({ result: 'reloaded' })
    await running.until('a worker has not answered for 10 s, and agw has ended it')
    expect(running.stdout()).not.toContain('has died')
    expect(await workersOf(running)).not.toContain(before[0])
    expect((await ask()).status).toBe(200)
    expect(seen).toEqual([fingerprint(key('two'))])
  })

  it('know of a provider that one of them has evicted', async () => {
    const broken = await startUpstream(response => response.writeHead(500).end('{}'))
    const evicting = '{ health: { eviction: { duration: 1h } } }'
    const provider = (name: string, to: number) =>
      `{ name: ${name}, hostOverride: "127.0.0.1:${to}", provider: { openAI: {} }, policies: ${evicting} }`
    await putKey('one')
    await put(`binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - ai: { groups: [{ providers: [${provider('a', broken.port)}] }, { providers: [${provider('b', mock.port)}] }] }
      policies: { backendAuth: { key: "$WORKERS_KEY" } }
`)
    await serve()
    expect((await ask()).status).toBe(500)
    await new Promise(resolve => setTimeout(resolve, 1000))
    for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(200)
    expect(broken.seen).toHaveLength(1)
  })

  it('get keys by no way that a neighbour can look at, and log none', async () => {
    await putKey('one')
    await put(config())
    const { running } = await serve()
    for (let i = 0; i < 4; i++) await ask()
    for (const pid of await workersOf(running)) {
      for (const file of ['cmdline', 'environ'])
        expect(await readFile(`/proc/${pid}/${file}`, 'latin1')).not.toContain(key('one'))
    }
    await running.stop()
    expect(running.stdout() + running.stderr()).not.toContain(key('one'))
  })

  it.each([
    ['in the time that there is', ''],
    ['in more time than timers can wait', 'config: { connectionTerminationDeadline: 9000h }\n'],
  ])('let streams finish when they are asked to stop, and leave nobody behind: %s', async (_, deadline) => {
    await putKey('one')
    await put(deadline + config())
    const { running } = await serve('--log-format', 'json')
    const workers = await workersOf(running)
    const stream = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-mock': 'delay=50' },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'a b c d e' }] }),
    })
    // Clients that come while the process above does nothing are in the queue of the system when it is told to stop.
    running.child.kill('SIGSTOP')
    const waiting = Array.from({ length: 8 }, () => ask().then(({ status }) => status))
    await new Promise(resolve => setTimeout(resolve, 100))
    const stopped = running.stop()
    running.child.kill('SIGCONT')
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(await stream.text()).toContain('[DONE]')
    expect(await stopped).toBe(0)
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    // Nothing of the log is lost on the way out.
    expect(running.stderr()).toContain('"http.status":200')
  })

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('end in peace when %s comes while they start', async (signal, status) => {
    await putKey('one')
    await put(config())
    const running = start(['serve', '--json', '--workers', '2'], { cwd: folder })
    while ((await workersOf(running)).length === 0);
    expect(await running.stop(signal)).toBe(status)
    // That is when standard error is closed, which the workers share: none is left.
    expect(running.stderr()).toBe('')
    expect(running.stdout()).not.toContain('"ready"')
  })

  it('end when the process above them is killed', async () => {
    await putKey('one')
    await put(config())
    const { running } = await serve()
    const workers = await workersOf(running)
    await running.stop('SIGKILL')
    for (const pid of workers) {
      let isThere = true
      while (isThere) {
        await new Promise(resolve => setTimeout(resolve, 20))
        isThere = await readFile(`/proc/${pid}/stat`, 'utf8').then(
          text => !/\) Z /.test(text),
          () => false,
        )
      }
    }
  })

  it('say that a port is taken, as one process does', async () => {
    await putKey('one')
    await put(config().replace(String(port), String(mock.port)))
    const running = start(['serve', '--json', '--workers', '2'], { cwd: folder })
    await running.until('PORT_TAKEN')
  })

  it('are as many as the config says, and a share of the processors too', async () => {
    await putKey('one')
    await put(`config: { workerThreads: 3 }\n${config()}`)
    const running = start(['serve', '--json', '--admin', 'off'], { cwd: folder })
    await running.until('"ready"')
    expect(await workersOf(running)).toHaveLength(3)
  })

  it.each(['0', 'many', '1000'])('cannot be %s', async count => {
    await putKey('one')
    await put(config())
    const running = start(['serve', '--workers', count], { cwd: folder })
    await running.until('--workers is neither a number', 'stderr')
  })
})
