import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keySlots } from '../../../src/config/index.ts'
import { readDocument } from '../../../src/config/read.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { type ProbeOptions, probeKeys } from '../../../src/gateway/probe/probe-keys.ts'
import { sender } from '../../../src/gateway/probe/send.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { startUpstream } from '../kit/upstream.ts'

const KEY = 'canary-6a1f0b7c9d2e4f18'
const VALID = JSON.stringify({ object: 'list', data: [] })

/** Tries all keys of a config; each is the canary unless `secrets` says otherwise. */
async function probe(
  text: string,
  options: ProbeOptions = {},
  secrets: Readonly<Record<string, string>> = {},
) {
  const document = readDocument(text, { file: 'config.yaml', lookup: () => 'set' })
  const config = configSchema.parse(document.data)
  const keys = keySlots(config, document)
    .filter(slot => slot.value !== undefined)
    .map(slot => ({ slot, secret: new Secret(secrets[slot.name] ?? KEY, slot.name) }))
  const found = await probeKeys(config, keys, { pauseMs: () => 0, ...options })
  return found.map(({ slot, ...rest }) => ({ name: slot.name, ...rest }))
}

const ai = (name: string, port: number, more = '', provider = 'openAI: {}'): string => `
gateways: {default: {port: 8080}}
routes:
- backends:
  - ai:
      name: ${name}
      hostOverride: "127.0.0.1:${port}"
      provider: {${provider}}
      policies: {backendAuth: {key: ${more || '"$KEY"'}}}
`

describe('a key is tried', () => {
  it('at the host that the config names, where the gateway would put it', async () => {
    const { port, seen } = await startUpstream(answer => answer.end(VALID))
    const [found] = await probe(ai('mine', port))
    expect(found).toMatchObject({ name: 'mine', result: 'valid', status: 200, host: `127.0.0.1:${port}` })
    expect(seen.map(({ method, url, headers }) => [method, url, headers['authorization']])).toEqual([
      ['GET', '/v1/models', `Bearer ${KEY}`],
    ])
  })

  it('behind the Unix socket that the config names, and nowhere else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agw-probe-'))
    const path = join(folder, 'provider.sock')
    const asked: (string | undefined)[][] = []
    const server = createHttpServer(({ url, headers }, answer) => {
      asked.push([url, headers.host, headers.authorization])
      answer.end(VALID)
    })
    await new Promise<void>(resolve => server.listen(path, resolve))
    onTestFinished(async () => {
      server.close()
      await rm(folder, { recursive: true })
    })
    const [found] = await probe(ai('mine', 1).replace('127.0.0.1:1', `unix:${path}`))
    expect(found).toMatchObject({ result: 'valid', host: `unix:${path}` })
    expect(asked).toEqual([['/v1/models', 'localhost', `Bearer ${KEY}`]])
  })

  it.each([
    ['a header', '{value: "$KEY", location: {header: {name: api-key}}}', 'api-key', KEY],
    [
      'a header with a prefix',
      '{value: "$KEY", location: {header: {name: x-auth, prefix: "Token "}}}',
      'x-auth',
      `Token ${KEY}`,
    ],
    ['a cookie', '{value: "$KEY", location: {cookie: {name: session}}}', 'cookie', `session=${KEY}`],
  ])('in the place of its own that the config names: %s', async (_what, key, header, value) => {
    const { port, seen } = await startUpstream(answer => answer.end(VALID))
    await probe(ai('mine', port, key))
    expect(seen[0]?.headers[header]).toBe(value)
    expect(seen[0]?.headers['authorization']).toBeUndefined()
  })

  it('never in a URL', async () => {
    const { port, seen } = await startUpstream()
    const [found] = await probe(ai('mine', port, '{value: "$KEY", location: {queryParameter: {name: key}}}'))
    expect(found).toMatchObject({ result: 'indeterminate', host: undefined })
    expect(seen).toEqual([])
  })

  it.each<[string, string, string, Record<string, string>]>([
    ['openAI', 'api.openai.com', '/v1/models', { authorization: `Bearer ${KEY}` }],
    ['anthropic', 'api.anthropic.com', '/v1/models', { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' }],
    ['gemini', 'generativelanguage.googleapis.com', '/v1beta/models', { 'x-goog-api-key': KEY }],
  ])('at the own host of %s, over TLS that is verified', async (provider, host, path, headers) => {
    const { port, seen, certificate } = await tlsUpstream(host)
    const connectTo = [{ fromHost: host, fromPort: 443, toHost: '127.0.0.1', toPort: port }]
    const text = `
llm:
  models:
  - {name: m, provider: ${provider}, params: {apiKey: "$KEY"}, tls: {root: ca.pem}}
`
    const [found] = await probe(text, { connectTo, readFile: () => certificate.ca })
    expect(found).toMatchObject({ status: 200, host: `${host}:443` })
    expect(seen[0]).toMatchObject({ url: path, headers: { ...headers, host } })

    const stranger = makeCertificate([host]).ca
    const [refused] = await probe(text, { connectTo, readFile: () => stranger })
    expect(refused).toMatchObject({ result: 'indeterminate', status: undefined })
    expect(seen).toHaveLength(1)
  })

  it('below the path of baseUrl, by the rules of a known service', async () => {
    const { port, seen } = await startUpstream(answer => answer.end('{"data": {"label": "k"}}'))
    const [found] = await probe(`
llm:
  providers:
  - {name: or, provider: openrouter, params: {apiKey: "$KEY", baseUrl: "http://127.0.0.1:${port}/proxy/v1"}}
  models: []
`)
    expect(found?.result).toBe('valid')
    expect(seen[0]?.url).toBe('/proxy/v1/key')
  })

  it('once, however many slots have it', async () => {
    const { port, seen } = await startUpstream(answer => answer.end(VALID))
    const models = ['a', 'b', 'c'].map(
      name =>
        `  - {name: ${name}, provider: openAI, params: {apiKey: "$KEY", baseUrl: "http://127.0.0.1:${port}"}}`,
    )
    const found = await probe(`llm:\n  models:\n${models.join('\n')}\n`)
    expect(found.map(one => one.result)).toEqual(['valid', 'valid', 'valid'])
    expect(seen).toHaveLength(1)
  })

  it('not at a second host', async () => {
    const [first, second] = [await startUpstream(answer => answer.end(VALID)), await startUpstream()]
    const models = [first, second].map(
      ({ port }, index) =>
        `  - {name: m${index}, provider: openAI, params: {apiKey: "$KEY", baseUrl: "http://127.0.0.1:${port}"}}`,
    )
    const found = await probe(`llm:\n  models:\n${models.join('\n')}\n`)
    expect(found.map(one => one.result)).toEqual(['valid', 'indeterminate'])
    expect(second.seen).toEqual([])
  })

  it('never in clear text beyond this machine', async () => {
    const [found] = await probe(ai('mine', 8080).replace('127.0.0.1', 'llm.example.com'), {
      send: unreachable,
    })
    expect(found).toMatchObject({ result: 'indeterminate', host: undefined })
    expect(found?.detail).toContain('llm.example.com:8080')
  })

  it.each([
    ['an extra credential', '{credentials: [{key: "$KEY", location: {header: {name: dd-api-key}}}]}'],
    ['a provider without a free call', '{key: "$KEY"}', 'vertex: {projectId: p}'],
  ])('not where nobody can be asked: %s', async (_what, auth, provider = 'openAI: {}') => {
    const text = ai('mine', 1, '', provider).replace('{key: "$KEY"}', auth)
    const found = await probe(text, { send: unreachable })
    expect(found).toEqual([expect.objectContaining({ result: 'indeterminate', host: undefined })])
  })
})

describe('what goes wrong on the way leaves it open whether a key works', () => {
  const tries = async (answer: Parameters<typeof startUpstream>[0], send?: ProbeOptions['send']) => {
    const { port, seen, connections } = await startUpstream(answer)
    const [found] = await probe(ai('mine', port), send && { send })
    return { found, calls: seen.length, connections: connections.length }
  }

  it('a redirect is not followed', async () => {
    const other = await startUpstream()
    const location = `http://127.0.0.1:${other.port}/`
    const { found } = await tries(answer => answer.writeHead(302, { location }).end())
    expect(found).toMatchObject({ result: 'indeterminate', status: 302 })
    expect(other.seen).toEqual([])
  })

  it('a body that does not end is read to its limit and dropped', async () => {
    const { found } = await tries(answer => {
      answer.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (answer.write(' '.repeat(4096)));
      }
      answer.on('drain', more)
      more()
    })
    expect(found).toMatchObject({ result: 'indeterminate', status: 200 })
  })

  it('a connection that breaks is tried once more', async () => {
    const { found, calls } = await tries(answer => answer.destroy())
    expect(found).toMatchObject({ result: 'indeterminate', status: undefined })
    expect(calls).toBe(2)
  })

  it('and the second try counts', async () => {
    let calls = 0
    const { found } = await tries(answer => (++calls === 1 ? answer.destroy() : answer.end(VALID)))
    expect(found).toMatchObject({ result: 'valid' })
  })

  it.each<[string, Parameters<typeof startUpstream>[0]]>([
    ['no answer', () => {}],
    ['half an answer', answer => void answer.writeHead(200).write('{')],
  ])('%s in time is not waited for twice', async (_what, answer) => {
    const { found, calls } = await tries(answer, sender([], 100))
    expect(found).toMatchObject({ result: 'indeterminate', status: undefined })
    expect(found?.detail).toContain('in time')
    expect(calls).toBe(1)
  })

  it('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await new Promise(resolve => server.close(resolve))
    const [found] = await probe(ai('mine', port))
    expect(found?.detail).toContain('ECONNREFUSED')
  })
})

it('no more than four providers are asked at a time', async () => {
  let now = 0
  let most = 0
  const { port } = await startUpstream(answer => {
    most = Math.max(most, ++now)
    setTimeout(() => {
      now--
      answer.end(VALID)
    }, 20)
  })
  const names = Array.from({ length: 12 }, (_, index) => `m${index}`)
  const models = names.map(
    name =>
      `  - {name: ${name}, provider: openAI, params: {apiKey: "$KEY", baseUrl: "http://127.0.0.1:${port}"}}`,
  )
  const secrets = Object.fromEntries(names.map(name => [name, `${KEY}-${name}`]))
  const found = await probe(`llm:\n  models:\n${models.join('\n')}\n`, {}, secrets)
  expect(found.filter(one => one.result === 'valid')).toHaveLength(12)
  expect(most).toBe(4)
})

it('nothing of a key or of an answer stands in a result', async () => {
  const body = JSON.stringify({ error: { code: 'invalid_api_key', message: `Incorrect API key: ${KEY}` } })
  const { port } = await startUpstream(answer => answer.writeHead(401).end(body))
  const found = await probe(ai('mine', port))
  expect(found[0]?.result).toBe('invalid')
  expect(JSON.stringify(found)).not.toContain(KEY.slice(0, 8))
})

async function tlsUpstream(host: string) {
  const certificate = makeCertificate([host])
  const upstream = await startUpstream(
    answer => answer.end('{"object": "list", "data": [], "models": []}'),
    certificate,
  )
  return { ...upstream, certificate }
}

const unreachable: ProbeOptions['send'] = async () => {
  throw new Error('nobody is to be asked')
}
