import { describe, expect, it, onTestFinished } from 'vitest'
import { compileRuntime } from '../../../src/gateway/compile/compile.ts'
import { call, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const ARROW = Buffer.from('→').toString('latin1')

/** What reached nobody's `catch` since the test began: it would have ended the process. */
function uncaught(): unknown[] {
  const errors: unknown[] = []
  const note = (error: unknown): void => void errors.push(error)
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, note)
    onTestFinished(() => void process.off(event, note))
  }
  return errors
}

describe('text beyond ASCII in a header of the config', () => {
  it.each([
    ['on an answer of the upstream', {}],
    ['on an answer of the gateway', { directResponse: { status: 200, body: 'x' } }],
  ])('goes as UTF-8 %s', async (_title, more) => {
    const upstream = await startUpstream(response => response.end('ok'))
    const policies = { responseHeaderModifier: { set: { 'x-a': 'a→b' } }, ...more }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    expect(await call(port)).toMatchObject({ status: 200, headers: { 'x-a': `a${ARROW}b` } })
  })

  it('goes as UTF-8 in a request', async () => {
    const upstream = await startUpstream(response => response.end('ok'))
    const policies = { requestHeaderModifier: { set: { 'x-a': 'a→b' } } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    expect((await call(port)).status).toBe(200)
    expect(upstream.seen[0]?.headers['x-a']).toBe(`a${ARROW}b`)
  })

  it('goes as UTF-8 in a realm', async () => {
    const policies = { basicAuth: { htpasswd: '', realm: 'a→b', mode: 'strict' } }
    const { port } = await startTestGateway(toHost('127.0.0.1:1', policies))
    expect(await call(port)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': `Basic realm="a${ARROW}b"` },
    })
  })
})

describe('an answer that cannot be sent', () => {
  it.each([
    ['on top of an answer of the upstream', {}],
    ['on top of an answer of the gateway', { directResponse: { status: 200, body: 'x' } }],
    [
      'and a body that is made anew',
      { transformations: { response: { body: "'b'", set: { 'x-a': "'v'" } } } },
    ],
  ])('%s is 503, and the next request is served', async (_title, more) => {
    const errors = uncaught()
    const upstream = await startUpstream(response => response.end('ok'))
    // The schema refuses every such value that is known; this is for those that are not.
    const cors = { allowOrigins: ['*'], exposeHeaders: ['a→b'] }
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`, { cors, ...more }))
    const { port, nextEvent } = await startTestGateway(compileRuntime(config))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\norigin: http://page.test\r\nconnection: close\r\n\r\n')
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r/)
    expect(await nextEvent()).toMatchObject({ status: 503 })
    expect((await call(port)).status).toBe(200)
    expect(errors).toEqual([])
  })
})

it('an answer without a body by its status says no length', async () => {
  const { port } = await startTestGateway(
    toHost('127.0.0.1:1', { directResponse: { status: 204, body: 'x' } }),
  )
  const client = await rawClient(port)
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 204 /)
  expect(client.received()).not.toMatch(/content-length/i)
})

it('an answer that nobody wants and that does not end gives its connection up', async () => {
  const upstream = await startRawUpstream((socket, first) => {
    const status = first.includes('x-retry-attempt') ? 200 : 503
    socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\n${status === 200 ? 'ok' : ''}`)
  })
  const policies = { retry: { codes: [503], attempts: 1 } }
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
  expect(await call(port)).toMatchObject({ status: 200, body: 'ok' })
  await expect.poll(() => upstream.sockets[0]?.readableEnded, { timeout: 4000 }).toBe(true)
})

describe("the words behind an upstream's status", () => {
  it.each([
    ['Nicht gefunden', 'Nicht gefunden'],
    ['Не найдено', 'Не найдено'],
    ['', ''],
    ['a\x01b', ''],
    ['a\x7fb', ''],
  ])('%j reach the client as %j', async (words, shown) => {
    const upstream = await startRawUpstream(socket =>
      socket.end(`HTTP/1.1 404 ${words}\r\ncontent-length: 2\r\n\r\nno`),
    )
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    await client.closed
    expect(Buffer.from(client.received(), 'latin1').toString()).toMatch(
      new RegExp(`^HTTP/1\\.1 404 ${shown}\r\n[^]*no$`),
    )
  })
})
