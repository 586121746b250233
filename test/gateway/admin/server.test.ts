import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AdminView, ReloadOutcome } from '../../../src/gateway/admin/pages.ts'
import {
  type AdminOptions,
  isLoopback,
  parseAdminAddress,
  startAdmin,
} from '../../../src/gateway/admin/server.ts'
import type { LogLevel } from '../../../src/gateway/telemetry/log-level.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { type Answer, type Call, call } from '../kit/client.ts'

class View implements AdminView {
  pid = 42
  waitingFor: string[] = []
  firstLogLevel: LogLevel = 'info'
  logLevel: LogLevel = 'info'
  outcome: ReloadOutcome = { result: 'reloaded' }
  pending = () => this.waitingFor
  metrics = async () => 'agentgateway_config_synchronized 1\n'
  configDump = () => ({ key: new Secret('sk-canary-0123456789', '$KEY'), note: 'sk-canary-0123456789' })
  keys = () => [
    { name: 'openai', fingerprint: 'sha256:1a2b3c4d', since: 'then', last401: undefined, former: undefined },
  ]
  reload = async () => this.outcome
  redact = (text: string) => text.replaceAll('sk-canary-0123456789', '[redacted]')
}

async function startView(options: Partial<AdminOptions> = {}) {
  const view = new View()
  const server = await startAdmin(view, {
    host: '127.0.0.1',
    port: 0,
    on: 'admin',
    token: undefined,
    ...options,
  })
  onTestFinished(() => server.close())
  const ask = (path: string, more: Call = {}): Promise<Answer> =>
    call(Number(new URL(server.url).port), { method: 'GET', path, ...more })
  return { view, ask, server }
}

describe('the admin pages', () => {
  it('say when the gateway is ready, and what it waits for until then', async () => {
    const { view, ask } = await startView()
    expect(await ask('/healthz/ready')).toMatchObject({ status: 200, body: 'ready\n' })
    view.waitingFor = ['config', 'ports']
    expect(await ask('/healthz/ready')).toMatchObject({
      status: 500,
      body: 'not ready, pending: config, ports\n',
    })
  })

  it.each(['/metrics', '/stats/prometheus'])('serve %s in the text form of Prometheus', async path => {
    const { ask } = await startView()
    const answer = await ask(path)
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.body).toContain('agentgateway_config_synchronized 1')
  })

  it('show the config with secrets as references, and nothing that the redactor knows', async () => {
    const { ask } = await startView()
    const { body } = await ask('/config_dump')
    expect(JSON.parse(body)).toEqual({ key: '<secret $KEY>', note: '[redacted]' })
  })

  it('list the keys in use by fingerprint', async () => {
    const { ask } = await startView()
    expect(JSON.parse((await ask('/keys')).body)).toEqual({
      pid: 42,
      keys: [{ name: 'openai', fingerprint: 'sha256:1a2b3c4d', since: 'then' }],
    })
  })

  it('show and change the log level', async () => {
    const { view, ask } = await startView()
    expect(await ask('/logging')).toMatchObject({ status: 200, body: 'current log level is info\n' })
    for (const method of ['GET', 'HEAD'])
      expect(await ask('/logging?level=off', { method })).toMatchObject({ status: 400 })
    expect(view.logLevel).toBe('info')
    expect(await ask('/logging?level=warn', { method: 'POST' })).toMatchObject({ status: 200 })
    expect(await ask('/logging', { method: 'POST' })).toMatchObject({ status: 200 })
    expect(view.logLevel).toBe('warn')
    for (const query of ['level=loud', 'level=loud&reset'])
      expect(await ask(`/logging?${query}`, { method: 'POST' })).toMatchObject({ status: 400 })
    expect(view.logLevel).toBe('warn')
  })

  it('put the log level back to what it was at the start, and to another one from there', async () => {
    const { view, ask } = await startView()
    view.logLevel = 'off'
    expect(await ask('/logging?reset')).toMatchObject({ status: 400 })
    const back = await ask('/logging?reset', { method: 'POST' })
    expect(back).toMatchObject({ status: 200, body: 'current log level is info\n' })
    expect(await ask('/logging?reset=1&level=debug', { method: 'POST' })).toMatchObject({ status: 200 })
    expect(view.logLevel).toBe('debug')
  })

  it('reload on request, and say why not', async () => {
    const { view, ask } = await startView()
    expect(await ask('/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    view.outcome = { result: 'rejected', message: 'config.yaml:3:1: no' }
    const answer = await ask('/reload', { method: 'POST' })
    expect(answer.status).toBe(409)
    expect(JSON.parse(answer.body)).toEqual({ result: 'rejected', message: 'config.yaml:3:1: no' })
  })

  it.each([
    ['GET', '/reload', 405],
    ['POST', '/metrics', 405],
    ['GET', '/nothing', 404],
    ['HEAD', '/metrics', 200],
    ['HEAD', '/nothing', 404],
    ['OPTIONS', '/keys', 405],
    ['DELETE', '/reload', 405],
  ])('%s %s is %i', async (method, path, status) => {
    const { ask } = await startView()
    expect((await ask(path, { method })).status).toBe(status)
  })

  it('name the methods they have, and themselves', async () => {
    const { ask } = await startView()
    expect((await ask('/logging', { method: 'OPTIONS' })).headers).toMatchObject({
      allow: 'GET, POST',
      'x-content-type-options': 'nosniff',
    })
    const index = await ask('/')
    expect(index.status).toBe(200)
    for (const page of ['/healthz/ready', '/metrics', '/config_dump', '/keys', '/logging', '/reload'])
      expect(index.body).toContain(page)
    const stats = await startView({ on: 'stats' })
    expect((await stats.ask('/')).body).not.toContain('/reload')
  })

  it('wait for no body: one that does not end costs its connection', async () => {
    const { server } = await startView()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const told = new Promise<string>(resolve => {
      let text = ''
      socket.on('data', piece => {
        text += piece
      })
      socket.on('close', () => resolve(text))
    })
    socket.write('POST /reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\nx')
    expect(await told).toMatch(/^HTTP\/1\.1 200 OK\r\n.*connection: close/is)
  })

  it('give up a request whose head does not come to its end', { timeout: 20_000 }, async () => {
    const { server, ask } = await startView()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write('GET /keys HTTP/1.1\r\nhost: localhost\r\nx-a')
    const closed = new Promise<void>(resolve => socket.resume().on('close', () => resolve()))
    expect((await ask('/keys')).status).toBe(200)
    await closed
  })

  it('let nobody change anything from a page of this machine', async () => {
    const { view, ask } = await startView()
    let reloads = 0
    view.reload = async () => {
      reloads++
      return { result: 'reloaded' }
    }
    for (const headers of [
      { origin: 'null' },
      { origin: 'http://localhost:3000' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-origin' },
      { host: 'localhost.evil.test' },
      { host: '127.0.0.1.nip.test' },
    ] as Record<string, string>[]) {
      expect((await ask('/reload', { method: 'POST', headers })).status).toBeGreaterThanOrEqual(400)
      expect((await ask('/logging?level=off', { method: 'POST', headers })).status).toBeGreaterThanOrEqual(
        400,
      )
    }
    expect([reloads, view.logLevel]).toEqual([0, 'info'])
  })

  it.each([
    ['an Origin', { origin: 'http://evil.test' }, 403],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a name that was pointed at loopback', { host: 'evil.test' }, 421],
  ])('are not for a browser: %s', async (_title, headers, status) => {
    const { ask } = await startView()
    expect((await ask('/keys', { headers: headers as Record<string, string> })).status).toBe(status)
  })

  it('want the token where there is one, but for readiness', async () => {
    const { ask } = await startView({ token: 'right' })
    expect((await ask('/keys')).status).toBe(401)
    expect((await ask('/keys', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await ask('/keys', { headers: { authorization: 'Bearer right' } })).status).toBe(200)
    expect((await ask('/healthz/ready')).status).toBe(200)
    const ready = await startView({ token: 'right', on: 'readiness' })
    expect((await ready.ask('/healthz/ready')).status).toBe(200)
  })

  it('are those of the address only', async () => {
    const stats = await startView({ on: 'stats' })
    expect((await stats.ask('/metrics')).status).toBe(200)
    expect((await stats.ask('/config_dump')).status).toBe(404)
    const ready = await startView({ on: 'readiness' })
    expect((await ready.ask('/metrics')).status).toBe(404)
  })

  it('say which address is taken', async () => {
    const { server } = await startView()
    const port = Number(new URL(server.url).port)
    const again = startAdmin(new View(), { host: '127.0.0.1', port, on: 'admin', token: undefined })
    await expect(again).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      hint: expect.stringContaining('--admin'),
    })
  })
})

describe('an admin address', () => {
  it.each([
    ['127.0.0.1:15000', { host: '127.0.0.1', port: 15000 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::]:15020', { host: '::', port: 15020 }],
    ['off', undefined],
  ])('%s', (text, expected) => {
    expect(parseAdminAddress(text, '--admin')).toEqual(expected)
  })

  it.each(['15000', 'example.com:80', '127.0.0.1:99999', '::1:80', 'unix:/x', ''])('%s is none', text => {
    expect(() => parseAdminAddress(text, '--admin')).toThrow('--admin is not an address')
  })

  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
  ])('%s is on loopback: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })
})
