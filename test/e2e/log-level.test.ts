import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'log-level')
const NEXT = keyLike('openai', 'log-level-next')

let folder: string
let port: number
let upstream: Server
let failures: number
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
  failures = 1
  // Repeats what it was given, and fails first.
  upstream = createServer((request, response) => {
    failures -= 1
    response.writeHead(failures >= 0 ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ you: request.headers.authorization }))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => upstream.once('listening', resolve))
  const at = `127.0.0.1:${(upstream.address() as AddressInfo).port}`
  await writeFile(
    join(folder, 'config.yaml'),
    `binds:
- port: ${port}
  listeners:
  - routes:
    - name: open
      matches: [{ path: { pathPrefix: /v1 } }]
      policies: { cors: { allowOrigins: ["https://a.example"] }, retry: { attempts: 1, codes: [503] } }
      backends:
      - ai:
          name: openai
          hostOverride: "${at}"
          provider: { openAI: {} }
        policies: { backendAuth: { key: "$LOG_KEY" }, backendTLS: null }
    - name: closed
      matches: [{ path: { pathPrefix: /closed } }]
      policies: { directResponse: { status: 403, body: "no" } }
    - name: ruled
      matches: [{ path: { pathPrefix: /ruled } }]
      policies: { authorization: { rules: [{ deny: "1 == 2" }, { require: "1 == 2" }] } }
      backends: [{ host: "${at}" }]
`.replace(', backendTLS: null', ''),
  )
  await writeFile(join(folder, 'key'), `${KEY}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'agw.yaml'), 'secrets: { LOG_KEY: { file: key } }\n')
})
afterEach(() => {
  upstream.closeAllConnections()
  upstream.close()
})

const ask = (path = '/v1/chat/completions'): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'a-prompt' }] }),
  })

describe('agw serve --log-level debug', () => {
  it.each([
    ['by flags', ['--log-level', 'debug', '--log-format', 'json'], ''],
    [
      'by the config, in two workers',
      ['--workers', '2'],
      'config: { logging: { level: debug, format: json } }\n',
    ],
  ])(
    'tells of each request how it came about, and of sources, and of no value: %s',
    async (_, flags, more) => {
      const config = join(folder, 'config.yaml')
      await writeFile(config, more + (await readFile(config, 'utf8')))
      const gateway = start(['serve', '--access-log', 'log', ...flags], { cwd: folder })
      await gateway.until('ready')
      expect((await ask()).status).toBe(200)
      expect((await ask('/closed')).status).toBe(403)
      expect((await ask('/ruled')).status).toBe(403)
      await writeFile(join(folder, 'key'), `${NEXT}\n`, { mode: 0o600 })
      await gateway.until('key changed', 'stderr')
      await gateway.stop()
      const told = (gateway.stdout() + gateway.stderr()).trim().split('\n')
      for (const line of told)
        expect(JSON.parse(line)).toMatchObject({
          time: expect.any(String),
          level: 'info',
          message: expect.any(String),
        })
      const text = await readFile(join(folder, 'log'), 'utf8')
      const lines = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>)
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'debug',
          scope: 'request',
          route: expect.stringContaining('open'),
          'agw.backend': expect.stringContaining('openai'),
          'agw.policies': expect.stringContaining('route/cors'),
          'agw.key.fingerprint': fingerprint(KEY),
          'agw.key.slot': expect.stringContaining('backendAuth'),
          'agw.calls.before': expect.stringMatching(/^127\.0\.0\.1:\d+ 503 \d+ms$/),
        }),
      )
      expect(lines).toContainEqual(
        expect.objectContaining({ 'http.status': 403, 'agw.ended_by': 'directResponse' }),
      )
      expect(lines).toContainEqual(
        expect.objectContaining({
          'agw.ended_by': 'authorization',
          'agw.decided_by': expect.stringMatching(/policies\.authorization\.rules\[1\]/),
        }),
      )
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'debug',
          scope: 'source',
          kind: 'file',
          variable: 'LOG_KEY',
          result: 'changed',
        }),
      )
      expect(lines).toContainEqual(expect.objectContaining({ scope: 'reload', result: 'reloaded' }))
      for (const key of [KEY, NEXT]) expect(text).not.toContain(key.slice(10, 40))
      expect(text).not.toContain('a-prompt')
    },
  )

  it('is set by the admin pages too, and taken back', async () => {
    const admin = await freePort()
    const gateway = start(['serve', '--admin', `127.0.0.1:${admin}`, '--access-log', 'log'], { cwd: folder })
    await gateway.until('ready')
    const level = (to: string) => fetch(`http://127.0.0.1:${admin}/logging?level=${to}`, { method: 'POST' })
    await (await ask()).text()
    expect(await (await level('debug')).text()).toBe('current log level is debug\n')
    await (await ask()).text()
    await level('info')
    await (await ask()).text()
    await gateway.stop()
    const lines = (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n')
    expect(lines.map(line => line.includes('agw.key.fingerprint'))).toEqual([false, true, false])
  })
})
