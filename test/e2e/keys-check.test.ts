import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
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

describe('a key of somebody else', () => {
  /** Whether anybody was called at all, who only the provider itself would be. */
  async function callsTo(key: string, args: string[], input = ''): Promise<[calls: number, output: string]> {
    const config =
      'llm:\n  models:\n    - name: "*"\n      provider: openAI\n      params: { apiKey: $OPENAI_API_KEY }\n'
    await writeFile(join(folder, 'config.yaml'), config)
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${key}\n`, { mode: 0o600 })
    let calls = 0
    const provider = createTcpServer(socket => {
      calls += 1
      socket.destroy()
    })
    await new Promise<void>(resolve => provider.listen(0, '127.0.0.1', resolve))
    const { port } = provider.address() as AddressInfo
    const to = ['--connect-to', `api.openai.com:443:127.0.0.1:${port}`]
    const run = await agw([...args, ...to], { cwd: folder, input })
    provider.close()
    return [calls, run.stdout + run.stderr]
  }
  const PART = keyLike('anthropic', 'check').slice(0, 80)

  it('is not sent, copied whole or not', async () => {
    const [calls, output] = await callsTo(PART, ['keys', 'check'])
    expect(output).toContain('this starts like an Anthropic key, and the slot is for openAI')
    expect(calls).toBe(0)
    expect((await callsTo(keyLike('anthropic', 'check'), ['keys', 'check']))[0]).toBe(0)
    expect((await callsTo(KEY, ['keys', 'check']))[0]).toBeGreaterThan(0)
  })

  it('is not sent by keys rotate, nor written', async () => {
    const args = ['keys', 'rotate', 'openai', '--wait', '0']
    const [calls, output] = await callsTo(KEY, args, PART)
    expect(output).toMatch(
      /does not work: nobody was asked: this starts like an Anthropic key.*nothing was changed/,
    )
    expect(calls).toBe(0)
    expect(await readFile(join(folder, '.env'), 'utf8')).toContain(KEY)
    expect((await callsTo(KEY, args, keyLike('openai', 'another')))[0]).toBeGreaterThan(0)
  })
})
