import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'check')

let folder: string
let server: Server
let answer: RequestListener
let seen: string[]
beforeEach(async () => {
  folder = await tempFolder()
  seen = []
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ai = (name: string, provider: object) => ({
    ai: {
      name,
      hostOverride: `127.0.0.1:${port}`,
      provider,
      policies: { backendAuth: { key: '$OPENAI_API_KEY' } },
    },
  })
  const routes = [{ backends: [ai('openai', { openAI: {} })] }]
  await writeFile(
    join(folder, 'config.yaml'),
    JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes }] }] }),
  )
  await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
})
afterEach(() => server.close())

const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

describe('agw keys check', () => {
  const results: [title: string, answers: RequestListener, status: number, result: object][] = [
    [
      'a key that works',
      json(200, { object: 'list', data: [] }),
      0,
      { result: 'valid', status: 200, limited: false },
    ],
    [
      'a key that is refused',
      json(401, { error: { code: 'invalid_api_key', message: KEY } }),
      1,
      { result: 'invalid', status: 401 },
    ],
    [
      'a page that is not the provider',
      json(200, { hello: 'world' }),
      0,
      { result: 'indeterminate', status: 200 },
    ],
    ['a server that fails', json(500, {}), 5, { result: 'indeterminate', status: 500 }],
    [
      'a redirect, which is not followed',
      (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      0,
      { result: 'indeterminate' },
    ],
    ['a limit', json(429, { error: { code: 'insufficient_quota' } }), 0, { result: 'valid', limited: true }],
    [
      'a connection that breaks',
      request => request.socket.destroy(),
      5,
      { result: 'indeterminate', status: null },
    ],
  ]
  it.each(results)('%s', async (_, answers, status, result) => {
    answer = answers
    const run = await agw(['keys', 'check', '--json'], { cwd: folder })
    expect(run.status, run.stderr).toBe(status)
    expect(JSON.parse(run.stdout).keys).toMatchObject([{ name: 'openai', provider: 'openAI', ...result }])
    expect(run.stdout + run.stderr).not.toContain(KEY.slice(10, 40))
    expect(new Set(seen)).toEqual(new Set([`GET /v1/models Bearer ${KEY}`]))
    const { keys } = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
    expect(keys[0].lastCheck).toMatchObject({ result: JSON.parse(run.stdout).keys[0].result })
  })

  it('a table for people, and by name', async () => {
    answer = json(200, { object: 'list', data: [] })
    const run = await agw(['keys', 'check', 'openai'], { cwd: folder })
    expect(run.stdout).toMatch(
      /^NAME +PROVIDER +RESULT +ASKED +DETAIL\nopenai +openAI +valid +127\.0\.0\.1:\d+ \(200\)/,
    )
    expect((await agw(['keys', 'check', 'nope'], { cwd: folder })).status).toBe(2)
  })

  it('nobody is asked about a key that is not there, or is somebody else’s', async () => {
    await writeFile(join(folder, '.env'), '')
    expect(await agw(['keys', 'check'], { cwd: folder })).toMatchObject({
      status: 4,
      stdout: expect.stringContaining('nobody was asked'),
    })
    await writeFile(join(folder, '.env'), 'OPENAI_API_KEY=changeme\n')
    expect((await agw(['keys', 'check'], { cwd: folder })).stdout).toContain('nobody was asked')
    expect(seen).toEqual([])
  })
})
