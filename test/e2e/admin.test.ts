import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { runningGateways } from '../../src/serving/running-gateways.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { ask as askAt, reloadAt, serveWithAdmin, toOpenAi } from '../helpers/serving.ts'

const KEY = keyLike('openai', 'admin')

let folder: string
let mock: Mock
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ keys: () => [KEY], control: true })
  port = await freePort()
})
afterEach(() => mock.close())

const config = (more = ''): string =>
  `${more}\n${toOpenAi({ port, upstream: `127.0.0.1:${mock.port}`, auth: 'key: "$OPENAI_API_KEY"' })}`
const put = (text: string) => writeFile(join(folder, 'config.yaml'), text, { mode: 0o600 })

const serve = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  serveWithAdmin(args, { cwd: folder, env: { OPENAI_API_KEY: KEY, AGW_ADMIN: undefined, ...env } })
const ask = () => askAt(port)

describe('the admin pages of serve', () => {
  it('count what was answered, and hold no key', async () => {
    await put(config())
    const { admin } = await serve(['--admin', '127.0.0.1:0'])
    await (await ask()).text()
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toMatch(
      /^agentgateway_requests_total\{backend="\/default\/default\/bind\/\d+\/listener0\/default\/route0\/backend0",.*status="200".*\} 1$/m,
    )
    expect(metrics).toMatch(/^agentgateway_gen_ai_client_token_usage_count\{.*gen_ai_system="openai".*\} 1$/m)
    expect(metrics).toMatch(/^agentgateway_downstream_connections_total\{bind="bind\/\d+".*\} 1$/m)
    const dump = await (await fetch(`${admin}/config_dump`)).text()
    expect(JSON.parse(dump).config.binds[0].port).toBe(port)
    for (const page of [metrics, dump, await (await fetch(`${admin}/keys`)).text()])
      expect(page).not.toContain(KEY)
  })

  it('tell which key is sent, and when the provider last refused it', async () => {
    await put(config())
    const wrong = keyLike('openai', 'wrong')
    const { running, admin } = await serve(['--admin', '127.0.0.1:0'], { OPENAI_API_KEY: wrong })
    const [before] = await runningGateways({ HOME: folder })
    expect(before).toMatchObject({ admin, pid: running.child.pid, config: join(folder, 'config.yaml') })
    expect(before?.keys).toEqual([{ name: 'openai', fingerprint: fingerprint(wrong) }])
    const told = async () => {
      const { keys } = (await (await fetch(`${admin}/keys`)).json()) as { keys: { last401?: string }[] }
      return keys[0]?.last401
    }
    expect(await told()).toBeUndefined()
    expect((await ask()).status).toBe(401)
    expect(await told()).toMatch(/^\d{4}-/)
  })

  it('reload, and say why not', async () => {
    await put(config())
    const { admin } = await serve(['--admin', '127.0.0.1:0', '--no-reload'])
    const reload = () => reloadAt(admin)
    expect(await reload()).toEqual({ result: 'unchanged' })
    await put(config('# more'))
    expect(await reload()).toEqual({ result: 'reloaded' })
    await put(config().replace('listeners', 'listners'))
    expect(await reload()).toMatchObject({ result: 'rejected', message: expect.stringContaining('listners') })
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('agentgateway_config_synchronized 0')
    expect((await ask()).status).toBe(200)
    await put(config())
    expect(await reload()).toEqual({ result: 'reloaded' })
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('agentgateway_config_synchronized 1')
  })

  it('change the log level while it runs', async () => {
    await put(config())
    const { running, admin } = await serve(['--admin', '127.0.0.1:0', '--log-level', 'off'])
    await (await ask()).text()
    await fetch(`${admin}/logging?level=info`, { method: 'POST' })
    await (await ask()).text()
    await running.until('http.path=/v1/chat/completions', 'stderr')
    await running.stop()
    expect(running.stderr().split('http.path=').length - 1).toBe(1)
  })

  it('off loopback want the token that lies in a private file', async () => {
    await put(config())
    const { running, admin } = await serve(['--admin', '0.0.0.0:0'])
    const url = admin.replace('0.0.0.0', '127.0.0.1')
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    const file = join(folder, '.local/state/agw/admin-token')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const token = (await readFile(file, 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}` }
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(200)
    expect(running.stdout() + running.stderr()).not.toContain(token)
    expect((await runningGateways({ HOME: folder }))[0]?.keys).toHaveLength(1)
  })

  it('take the token of the environment', async () => {
    await put(config())
    const { admin } = await serve(['--admin', '0.0.0.0:0'], { AGW_ADMIN_TOKEN: 'a-token-of-mine' })
    const url = admin.replace('0.0.0.0', '127.0.0.1')
    const headers = { authorization: 'Bearer a-token-of-mine' }
    expect((await fetch(`${url}/keys`, { headers })).status).toBe(200)
  })

  it('take none from a .env beside the config', async () => {
    await put(config())
    await writeFile(join(folder, '.env'), 'AGW_ADMIN_TOKEN=a-token-of-theirs\n', { mode: 0o600 })
    const { admin } = await serve(['--admin', '0.0.0.0:0'], { AGW_ADMIN_TOKEN: undefined })
    const url = admin.replace('0.0.0.0', '127.0.0.1')
    const headers = { authorization: 'Bearer a-token-of-theirs' }
    expect((await fetch(`${url}/keys`, { headers })).status).toBe(401)
  })

  it('stand where the config says, its metrics and readiness too', async () => {
    const [adminPort, stats, ready] = [await freePort(), await freePort(), await freePort()]
    await put(
      config(`config:
  adminAddr: "127.0.0.1:${adminPort}"
  statsAddr: "127.0.0.1:${stats}"
  readinessAddr: "0.0.0.0:${ready}"`),
    )
    const { running, admin } = await serve([])
    expect(admin).toBe(`http://127.0.0.1:${adminPort}`)
    await running.until('"pages":"readiness"')
    expect((await fetch(`http://127.0.0.1:${stats}/stats/prometheus`)).status).toBe(200)
    expect(await (await fetch(`http://127.0.0.1:${ready}/healthz/ready`)).text()).toBe('ready\n')
  })

  it('say that the flag overrules the config', async () => {
    await put(config('config: { adminAddr: "127.0.0.1:1" }'))
    const { running } = await serve(['--admin', '127.0.0.1:0'])
    await running.until('overrules config.adminAddr')
  })

  it('are not there with --admin off', async () => {
    await put(config())
    const running = start(['serve', '--json', '--admin', 'off'], {
      cwd: folder,
      env: { OPENAI_API_KEY: KEY },
    })
    await running.until('"ready"')
    expect((await ask()).status).toBe(200)
    expect(await runningGateways({ HOME: folder })).toMatchObject([
      { pid: running.child.pid, admin: null, keys: [{ name: 'openai', fingerprint: fingerprint(KEY) }] },
    ])
    await running.stop()
    expect(running.stdout()).not.toContain('"admin"')
  })
})

describe('a running gateway', () => {
  it('is found by its private file, which goes with it', async () => {
    await put(config())
    const { running } = await serve(['--admin', '127.0.0.1:0'])
    const run = join(folder, '.local/state/agw/run')
    const [name = ''] = await readdir(run)
    expect((await stat(join(run, name))).mode & 0o777).toBe(0o600)
    await running.stop()
    expect(await readdir(run)).toEqual([])
  })

  it('ends in order from its first word on, and leaves no file', async () => {
    await put(config())
    const env = { OPENAI_API_KEY: KEY }
    const running = start(['serve', '--json'], { cwd: folder, env })
    await running.until('"listening"')
    expect(await running.stop()).toBe(0)
    expect(await runningGateways({ HOME: folder })).toEqual([])
    expect(await readdir(join(folder, '.local/state/agw/run'))).toEqual([])
  })

  it('that was killed is not taken for one, and its file is removed', async () => {
    await put(config())
    const { running } = await serve(['--admin', '127.0.0.1:0'])
    await running.stop('SIGKILL')
    const run = join(folder, '.local/state/agw/run')
    expect(await readdir(run)).toHaveLength(1)
    expect(await runningGateways({ HOME: folder })).toEqual([])
    expect(await readdir(run)).toEqual([])
  })

  it('is not taken for another process that has its number now', async () => {
    await put(config())
    const { running } = await serve(['--admin', '127.0.0.1:0'])
    const run = join(folder, '.local/state/agw/run')
    const [name = ''] = await readdir(run)
    const told = JSON.parse(await readFile(join(run, name), 'utf8'))
    await writeFile(join(run, name), JSON.stringify({ ...told, started: '1' }))
    expect(await runningGateways({ HOME: folder })).toEqual([])
    await running.stop()
    await writeFile(join(run, 'gateway-1.json'), JSON.stringify({ ...told, host: 'elsewhere' }))
    expect(await runningGateways({ HOME: folder })).toEqual([])
    expect(await readdir(run), 'what another host has told stays').toEqual(['gateway-1.json'])
  })

  it('is looked for in XDG_RUNTIME_DIR where there is one', async () => {
    await put(config())
    const runtime = join(folder, 'runtime')
    await mkdir(runtime)
    await serve(['--admin', '127.0.0.1:0'], { XDG_RUNTIME_DIR: runtime })
    expect(await runningGateways({ HOME: folder, XDG_RUNTIME_DIR: runtime })).toHaveLength(1)
    expect(await runningGateways({ HOME: folder })).toEqual([])
  })
})
