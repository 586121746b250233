import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import type { Run } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { ENV, folder, GOOD, json, KEY, put, useFolder, validate } from '../helpers/validate.ts'

useFolder()

it('opens no connection', async () => {
  await put({
    'config.yaml': GUIDE.env,
    'no-network.cjs': `
      const refuse = name => () => { process._rawDebug('NETWORK ' + name); process.exit(99) }
      require('node:net').Socket.prototype.connect = refuse('net')
      require('node:dgram').Socket.prototype.bind = refuse('dgram')
      for (const dns of [require('node:dns'), require('node:dns').promises])
        for (const name of Object.keys(dns)) if (/^(lookup|resolve)/.test(name)) dns[name] = refuse(name)
      globalThis.fetch = refuse('fetch')
    `,
  })
  const options = { NODE_OPTIONS: `--require "${join(folder, 'no-network.cjs')}"`, ...ENV }
  for (const args of [
    [],
    ['--engine', 'embedded'],
    ['--format', 'sarif'],
    ['--fix', '--dry-run'],
    ['--no-secrets'],
  ]) {
    const run = await validate(args, options)
    expect([run.status, run.stderr.includes('NETWORK')], args.join(' ')).toEqual([0, false])
  }
  for (const args of [['--schema', 'https://127.0.0.1:1/x'], ['--online']]) {
    const online = await validate(args, options)
    expect([online.status, online.stderr]).toEqual([99, expect.stringContaining('NETWORK')])
  }
})

describe('--schema', () => {
  const SCHEMA = JSON.stringify({
    type: 'object',
    properties: { binds: {}, novelty: {} },
    additionalProperties: false,
  })

  it.each([['schema.json'], ['file']])('checks against a published schema, too (%s)', async kind => {
    await put({ 'config.yaml': 'binds: []\nnovelty: {}\nllm: { models: [] }\n', 'schema.json': SCHEMA })
    const source = kind === 'file' ? new URL('schema.json', `file://${folder}/`).href : kind
    const run = await validate(['--schema', source, '--json'])
    expect(json(run).files[0]?.diagnostics).toMatchObject([
      { code: 'UNKNOWN_KEY', severity: 'note', line: 2 },
      { code: 'PUBLISHED_SCHEMA', severity: 'error', line: 3, path: 'llm' },
    ])
  })

  it.each<[string, number, RegExp]>([
    ['/schema.json', 1, /PUBLISHED_SCHEMA/],
    ['/moved', 1, /PUBLISHED_SCHEMA/],
    ['/nowhere', 5, /cannot read the schema https:\/\/localhost:\d+\/nowhere: the answer has status 404/],
    ['/plain', 5, /an address without TLS/],
    ['/round', 5, /from one address to the next/],
    ['/html', 2, /is not a JSON Schema/],
  ])('reads %s over https', async (path, status, said) => {
    const { ca, cert, key } = makeCertificate(['localhost'])
    const server = createServer({ cert, key }, (request, response) => {
      const to: Record<string, string> = {
        '/moved': '/schema.json',
        '/plain': 'http://localhost:1/',
        '/round': '/round',
      }
      const target = to[request.url?.split('?')[0] ?? '']
      if (target !== undefined) response.writeHead(302, { location: target }).end()
      else if (request.url?.startsWith('/schema.json')) response.end(SCHEMA)
      else if (request.url?.startsWith('/html')) response.end('<html></html>')
      else response.writeHead(404).end()
    })
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    await put({ 'config.yaml': 'llm: { models: [] }\n', 'ca.pem': ca })
    const { port } = server.address() as AddressInfo
    const run = await validate(['--schema', `https://localhost:${port}${path}?token=${KEY}`], {
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    })
    server.close()
    expect(run.stdout + run.stderr).toMatch(said)
    expect(run.status).toBe(status)
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })

  it('shows no user name of an address', async () => {
    await put({ 'config.yaml': GOOD })
    const run = await validate(['--schema', `https://user:${KEY}@localhost/s.json`])
    expect([run.status, run.stderr]).toEqual([2, expect.stringMatching(/with a user name in it/)])
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })
})

describe('--online', () => {
  const config = (url: string): string =>
    `llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: "$OPENAI_API_KEY", baseUrl: "${url}"}}\n`
  const codes = (run: Run): string[] => json(run).files.flatMap(file => file.diagnostics.map(one => one.code))

  it('tells a key that works from one that does not, and says nothing of either', async () => {
    const mock = await startMock({ keys: [KEY] })
    onTestFinished(() => mock.close())
    await put({ 'config.yaml': config(`${mock.url}/v1`) })
    const args = ['--online', '--engine', 'agentgateway', '--json']
    const good = await validate(args, ENV)
    expect([good.status, codes(good).filter(code => code.startsWith('KEY_'))]).toEqual([0, []])
    const wrong = keyLike('openai', 'wrong')
    const bad = await validate(args, { OPENAI_API_KEY: wrong })
    expect([bad.status, codes(bad)]).toEqual([1, expect.arrayContaining(['KEY_REJECTED'])])
    expect(bad.stdout + bad.stderr).not.toContain(wrong)
  })

  it('shows no word that is no key, and to a host of one’s own whatever may be one', async () => {
    const seen: unknown[] = []
    const mock = await startMock({ onRequest: request => seen.push(request) })
    onTestFinished(() => mock.close())
    await put({ 'config.yaml': config(`${mock.url}/v1`) })
    await validate(['--online'], { OPENAI_API_KEY: 'changeme' })
    expect(seen).toEqual([])
    await validate(['--online'], { OPENAI_API_KEY: keyLike('anthropic', 'of its own') })
    expect(seen).toHaveLength(1)
  })

  it('needs the keys', async () => {
    await put({ 'config.yaml': GOOD })
    expect((await validate(['--online', '--no-secrets'])).status).toBe(2)
  })
})
