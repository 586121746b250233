import { describe, expect, it, onTestFinished } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { agw, type Run } from '../helpers/agw.ts'
import { folder, KEY, put, testRoute, useRouteScene } from '../helpers/route-scene.ts'

useRouteScene()

const test = (...args: string[]): Promise<Run> => testRoute(args)
const route = (policies: object, more: object = {}) => ({
  gateways: { default: { port: 3000 } },
  routes: [{ policies, ...more }],
})
const body = (text: string) => ({ directResponse: { status: 200, body: text } })

describe('a guard that refuses a prompt', () => {
  const guardrails = { request: [{ regex: { action: 'reject', rules: [{ pattern: 'forbidden' }] } }] }
  const model = { name: 'fast', provider: 'openAI', params: { apiKey: KEY }, guardrails }

  it('is named, with the model whose it is, and no other model is advised', async () => {
    await put({ gateways: { default: { port: 3000 } }, llm: { models: [model] } })
    for (const args of [['--explain'], ['--mock']]) {
      const { stdout, status } = await test('--prompt', 'this is forbidden', ...args)
      expect(status).toBe(1)
      expect(stdout).toMatch(/^backend {4}fast {2}llm\.models\[0\] {2}refuses it: 403$/m)
      expect(stdout).toMatch(/^decided by config\.yaml:\d+ {2}llm\.models\[0\]\.guardrails\.request\[0\]$/m)
      expect(stdout).not.toContain('this client may ask for these models')
      expect(stdout).toMatch(/--expect-status 403 expects it\n$/)
    }
  })
})

it('says which of several ports it is about, where none was named', async () => {
  const gateways = { default: { port: 3000 }, other: { port: 3001 } }
  await put({ gateways, routes: [{ gateways: ['default', 'other'], policies: body('yes') }] })
  expect((await test('--explain')).stderr).toContain(
    'this is port 3000, the first of 2 of the config: --port',
  )
  expect((await test('--explain', '--port', '3001')).stderr).not.toContain('this is port')
})

it('tells where copies of the request go', async () => {
  const requestMirror = { backend: { host: '127.0.0.1:9' }, percentage: 0.5 }
  await put(route({ requestMirror }, { backends: [{ host: '127.0.0.1:8' }] }))
  expect((await test('--explain')).stdout).toMatch(/^mirror {5}a copy goes to 127\.0\.0\.1:9, of 50 %$/m)
  const { stdout } = await test('--explain', '--json')
  expect(JSON.parse(stdout).mirrors).toEqual([{ endpoint: '127.0.0.1:9', share: 0.5 }])
})

it('tells of a base URL that has the path of the call in it already', async () => {
  const config = (baseUrl: string) => ({
    gateways: { default: { port: 3000 } },
    llm: { models: [{ name: '*', provider: 'openAI', params: { apiKey: KEY, baseUrl } }] },
  })
  await put(config('http://127.0.0.1:9/v1/chat/completions'))
  const { stdout } = await test('--explain')
  expect(stdout).toMatch(
    /^the provider is asked for \/chat\/completions twice: leave it out at the end of the baseUrl or pathPrefix of llm\.models\[0\]$/m,
  )
  await put(config('http://127.0.0.1:9/v1'))
  expect((await test('--explain')).stdout).not.toContain('twice')
})

it.each(['CONNECT', 'TRACE'])('%s is refused by the gateway, sent or not', async method => {
  await put(route(body('hello')))
  for (const args of [[], ['--explain'], ['--expect-status', '405']]) {
    const { stdout, status } = await test('--method', method, '--timeout', '20', ...args)
    expect(stdout).toMatch(/^answer {5}405 from the gateway itself/m)
    expect(status).toBe(args.includes('405') ? 0 : 1)
  }
})

it('the handshake of a WebSocket passes with 101', async () => {
  const { createServer } = await import('node:http')
  const { createHash } = await import('node:crypto')
  const server = createServer().on('upgrade', ({ headers }, socket) => {
    const key = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.on('error', () => {})
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${key}\r\n\r\n`,
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  await put(route({}, { backends: [{ host: `127.0.0.1:${(server.address() as { port: number }).port}` }] }))
  const headers = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13']
  const key = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='
  const given = [...headers, key].flatMap(header => ['-H', header])
  const { stdout, status, stderr } = await test('/chat', '--method', 'GET', '--timeout', '20', ...given)
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/^answer {5}101 /m)
})

it('half a secret is not shown either, where only a part of a text is', async () => {
  const mock = await startMock()
  onTestFinished(() => mock.close())
  await put(route(body(`${'x '.repeat(295)}${KEY} and more`)))
  for (const args of [[], ['--explain']]) {
    const run = await agw(['test-route', '-H', `x-own: ${KEY}`, ...args], { cwd: folder })
    expect(run.stdout).toContain('[red')
    expect(run.stdout).not.toContain(KEY.slice(0, 8))
  }
})
