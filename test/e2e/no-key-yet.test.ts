import { existsSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

let folder: string
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
})

async function init(method: string): Promise<void> {
  const args = ['init', '--provider', 'openai', '--method', method, '--port', String(port), '--yes']
  expect((await agw(args, { cwd: folder })).status).toBe(0)
}

async function ask(): Promise<{ status: number; body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] }),
  })
  return { status: answer.status, body: await answer.text() }
}

const MOCK_ANSWERS = /the built-in mock answers for every provider: no request leaves this machine/g

const methods = [
  { method: 'env', missing: 'the variable OPENAI_API_KEY is not set' },
  { method: 'file', missing: 'openai.key does not exist' },
]

describe('agw serve --mock, with the key of a client in a variable that is not set', () => {
  it('says that it stands as it is written, and lets that in', async () => {
    await init('env')
    const config = join(folder, 'config.yaml')
    const keys = '  policies: { apiKey: { mode: strict, keys: [{ key: "$TEAM_KEY" }] } }'
    await writeFile(config, (await readFile(config, 'utf8')).replace('llm:', `llm:\n${keys}`))
    const gateway = start(['serve', '--mock'], { cwd: folder })
    await gateway.until('ready')
    expect(gateway.stdout() + gateway.stderr()).toContain(
      'the variable TEAM_KEY is not set, so it stands as it is written, as in the key of a client; the variable OPENAI_API_KEY is not set',
    )
    expect((await ask()).status).toBe(401)
    await gateway.stop()
  })
})

describe.each(methods)('a new config without its key (method $method)', ({ method, missing }) => {
  beforeEach(() => init(method))

  it('says how it gets one, whoever asks', async () => {
    for (const args of [['validate'], ['serve'], ['test-route']]) {
      const run = await agw(args, { cwd: folder })
      expect([args, run.status]).toEqual([args, args[0] === 'validate' ? 1 : 4])
      expect(run.stdout + run.stderr).toContain(missing)
      expect(run.stdout + run.stderr).toMatch(/→ store the key with `agw keys set openai`, or /)
      expect(run.stderr.includes('; `agw serve --mock` answers without a key')).toBe(args[0] === 'serve')
    }
  })

  it('is served with --mock, with one note that says what is missing and who answers', async () => {
    const gateway = start(['serve', '--mock', '--log-level', 'off'], { cwd: folder })
    await gateway.until('ready')
    const { status, body } = await ask()
    expect(status).toBe(200)
    expect(body).toContain('chat.completion')
    expect(gateway.stderr().match(MOCK_ANSWERS)).toHaveLength(1)
    expect(gateway.stderr().split(missing)).toHaveLength(2)
    expect(await gateway.stop()).toBe(0)
  })

  it('takes the key in when it comes', async () => {
    const gateway = start(['serve', '--mock', '--json', '--log-level', 'off'], { cwd: folder })
    await gateway.until('"ready"')
    const key = keyLike('openai', 'no key yet')
    const [name, text] = method === 'env' ? ['.env', `OPENAI_API_KEY=${key}\n`] : ['openai.key', `${key}\n`]
    await writeFile(join(folder, name), text, { mode: 0o600 })
    await gateway.until('"key-changed"')
    expect((await ask()).status).toBe(200)
    expect(gateway.stdout() + gateway.stderr()).not.toContain(key)
  })

  it('is tried with test-route --mock, which knows of no key', async () => {
    const run = await agw(['test-route', '--mock'], { cwd: folder })
    expect(run.stderr.match(MOCK_ANSWERS)).toHaveLength(1)
    expect(run.stderr).toContain(missing)
    expect(run.stdout).toContain('not read')
    expect(run.status).toBe(0)
    const json = await agw(['test-route', '--mock', '--json'], { cwd: folder })
    expect(JSON.parse(json.stdout)).toMatchObject({ key: { fingerprint: null }, upstream: { status: 200 } })
  })

  it('is tried with test-route --url at a gateway that runs: that one has the key, or needs none', async () => {
    const gateway = start(['serve', '--mock', '--log-level', 'off'], { cwd: folder })
    const [, url = ''] = await gateway.until(/listening on (\S+)/)
    await gateway.until('ready')
    const run = await agw(['test-route', '--url', url], { cwd: folder })
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(
      /^key +openai \((?:env|file)\): its value was not read; goes into header authorization, /m,
    )
  })

  it.each([['serve'], ['test-route']])('is refused by %s without --mock', async command => {
    const run = await agw([command], { cwd: folder })
    expect(run.stderr).toContain(missing)
    expect(run.status).toBe(4)
  })
})

describe('--mock', () => {
  it('says who answers where no key is missing, too', async () => {
    await init('env')
    const env = { OPENAI_API_KEY: keyLike('openai', 'there') }
    const gateway = start(['serve', '--mock', '--log-level', 'off'], { cwd: folder, env })
    await gateway.until('ready')
    expect(gateway.stderr().match(MOCK_ANSWERS)).toHaveLength(1)
    expect(gateway.stderr()).not.toContain('stand-in')
  })

  it('asks no source that may leave the machine, and sends no traces', async () => {
    await init('env')
    let calls = 0
    const collector = createServer((_, response) => {
      calls += 1
      response.end()
    })
    await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void collector.close())
    const { port: at } = collector.address() as AddressInfo
    const tracing = `frontendPolicies: {tracing: {host: "127.0.0.1:${at}", protocol: http, randomSampling: "true"}}\n`
    await appendFile(join(folder, 'config.yaml'), tracing)
    await writeFile(join(folder, 'agw.yaml'), 'secrets: {OPENAI_API_KEY: {exec: [touch, made]}}\n')
    const gateway = start(['serve', '--mock', '--log-level', 'off'], { cwd: folder, env: { AGW_TRUST: '1' } })
    await gateway.until('ready')
    expect((await ask()).status).toBe(200)
    expect(await gateway.stop()).toBe(0)
    expect(calls).toBe(0)
    expect(existsSync(join(folder, 'made'))).toBe(false)
    expect(gateway.stderr()).toContain(
      'exec is not asked for OPENAI_API_KEY: nothing is to leave this machine',
    )
  })

  it.each([
    ['an empty file', 'file', '\n', 'openai.key is empty'],
    ['an empty variable', 'env', undefined, 'the key is empty'],
  ])('takes %s for a missing key', async (_what, method, content, missing) => {
    await init(method)
    if (content !== undefined) await writeFile(join(folder, 'openai.key'), content, { mode: 0o600 })
    const run = await agw(['test-route', '--mock'], { cwd: folder, env: { OPENAI_API_KEY: '' } })
    expect(run.stderr).toContain(missing)
    expect(run.status).toBe(0)
  })

  it('excuses no other mistake', async () => {
    await init('env')
    const file = join(folder, 'config.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('provider: openAI', 'provider: openAl'))
    const run = await agw(['test-route', '--mock'], { cwd: folder })
    expect(run.stderr).toContain('"provider" takes one of')
    expect(run.stderr).not.toContain('OPENAI_API_KEY')
    expect(run.status).toBe(3)
    await writeFile(file, text.replace(`port: ${port}`, 'port: $AGW_TEST_PORT'))
    const unset = await agw(['test-route', '--mock'], { cwd: folder })
    expect(unset.stderr).toContain('the variable AGW_TEST_PORT is not set')
    expect(unset.status).toBe(4)
  })
})
