import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { explainRoute } from '../../src/gateway/explain/explain.ts'
import { jsonFormat, textFormat } from '../../src/gateway/telemetry/access-log.ts'
import { call, post, rawClient } from './kit/client.ts'
import { runtimeOf } from './kit/config.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startUpstream } from './kit/upstream.ts'
import { eventually } from './kit/wait.ts'

/** A route with policies to an upstream that repeats nothing. */
function config(port: number, policies: object): string {
  const routes = [{ backends: [{ host: `127.0.0.1:${port}` }], policies }]
  return JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes }] }] })
}

const KEY = 'agw_sk_canary_0123456789abcdef'
const PASSWORD = 'correct-horse-battery'

async function keySet() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const set = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] }
  const token = (claims: Record<string, unknown> = {}) =>
    new SignJWT({ iss: 'https://issuer.test', exp: 4102444800, sub: 'alice', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(privateKey)
  return { set, token }
}

/** A request that shows the credential. */
interface Asked {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

describe('a credential of a client is seen by nobody', () => {
  const sha = '{SHA}+Xl5/0SpoaQQX0uub+gJcV4KCoQ='
  const cases: [string, object, (secret: string) => Asked, string][] = [
    [
      'a key in Authorization',
      { apiKey: { mode: 'strict', keys: [{ key: KEY, metadata: { user: 'a' } }] } },
      secret => ({ headers: { authorization: `Bearer ${secret}` } }),
      KEY,
    ],
    [
      'a key in the query',
      { apiKey: { mode: 'strict', location: { queryParameter: { name: 'who' } }, keys: [{ key: KEY }] } },
      secret => ({ path: `/?who=${secret}` }),
      KEY,
    ],
    [
      'a key in a cookie',
      { apiKey: { mode: 'strict', location: { cookie: { name: 'sid' } }, keys: [{ key: KEY }] } },
      secret => ({ headers: { cookie: `sid=${secret}` } }),
      KEY,
    ],
    [
      'a password',
      { basicAuth: { mode: 'strict', htpasswd: `alice:${sha}` } },
      secret => ({
        headers: { authorization: `Basic ${Buffer.from(`alice:${secret}`).toString('base64')}` },
      }),
      PASSWORD,
    ],
  ]

  it.each(cases)('%s', async (_, policies, ask, secret) => {
    const upstream = await startUpstream(response => void response.end('ok'))
    const rules = { authorization: { rules: [{ deny: 'request.path == "/denied"' }] } }
    const text = config(upstream.port, { ...policies, ...rules })
    const gateway = await startTestGateway(text)
    const answers: string[] = []
    // Let in, refused for a wrong one, refused by a rule, and with something that no policy looks at.
    const good = ask(secret)
    for (const one of [
      good,
      ask(`${secret}x`),
      { ...good, path: (good.path ?? '/').replace('/', '/denied') },
    ]) {
      const { status, headers, body } = await call(gateway.port, { method: 'GET', ...one })
      answers.push(JSON.stringify({ status, headers, body }))
    }
    await eventually(() => gateway.events.length === 3)
    expect(gateway.events.map(event => event.status)).toEqual([200, 401, 403])
    const lines = gateway.events.flatMap(event => [jsonFormat()(event), textFormat()(event)])
    const explained = await explainRoute(runtimeOf(text), { method: 'GET', path: '/', ...good, body: '' })
    const everything = [...answers, ...lines, JSON.stringify(upstream.seen), JSON.stringify(explained)].join(
      '\n',
    )
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(4, -4)])
      expect(everything).not.toContain(form)
  })

  it('a token', async () => {
    const { set, token } = await keySet()
    const upstream = await startUpstream(response => void response.end('ok'))
    const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks: JSON.stringify(set) }
    const gateway = await startTestGateway(config(upstream.port, { jwtAuth }))
    const good = await token()
    const [head = '', payload = ''] = good.split('.')
    const answers: string[] = []
    for (const one of [good, `${head}.${payload}.c2ln`, await token({ iss: 'x' }), `${head}.${payload}`]) {
      const got = await call(gateway.port, { method: 'GET', headers: { authorization: `Bearer ${one}` } })
      answers.push(JSON.stringify(got))
    }
    expect(answers.map(one => (JSON.parse(one) as { status: number }).status)).toEqual([200, 401, 401, 401])
    await eventually(() => gateway.events.length === 4)
    const lines = gateway.events.map(jsonFormat())
    const everything = [...answers, ...lines, JSON.stringify(upstream.seen)].join('\n')
    expect(everything).not.toContain(payload)
  })

  it.each([
    [`http://alice:${PASSWORD}@a.test/x?y=1`, '/', 400],
    ['http://a.test/x?y=1', '/x?y=1', 200],
    ['http://a.test', '/', 200],
    [`${PASSWORD}@a.test:443`, '<redacted>@a.test:443', 405, 'CONNECT'],
    [`alice:${PASSWORD}@a.test:443`, '/', 405, 'CONNECT'],
    [`/;key=${PASSWORD}`, '/;key=<redacted>', 405, 'CONNECT'],
    [`/#access_token=${PASSWORD}`, '/#access_token=<redacted>', 400],
  ])(
    'a credential in a target with a host, or one that is refused: %s',
    async (target, path, status, method = 'GET') => {
      const upstream = await startUpstream(response => void response.end('ok'))
      const gateway = await startTestGateway(config(upstream.port, {}))
      const client = await rawClient(gateway.port)
      client.socket.write(`${method} ${target} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n`)
      await client.closed
      const event = await gateway.nextEvent()
      expect(event).toMatchObject({ path, status })
      expect([JSON.stringify(event), textFormat()(event), client.received()].join('\n')).not.toContain(
        PASSWORD,
      )
    },
  )

  it('the test itself can fail', () => {
    expect(JSON.stringify({ error: `no such key: ${KEY}` })).toContain(KEY)
  })
})

describe('a key set behind a URL', () => {
  it('is fetched when the gateway starts, and lets good tokens in', async () => {
    const { set, token } = await keySet()
    let asked = 0
    const keys = createServer((_, response) => {
      asked++
      response.end(JSON.stringify(set))
    })
    await new Promise<void>(resolve => keys.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void keys.close())
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`
    const upstream = await startUpstream(response => void response.end('ok'))
    const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks: { url } }
    const text = config(upstream.port, { jwtAuth })
    const { port, gateway } = await startTestGateway(text)
    await eventually(() => asked === 1)
    const headers = { authorization: `Bearer ${await token()}` }
    const ask = async () => (await call(port, { method: 'GET', headers })).status
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([200, 200, 200])
    // A reload that leaves the policy as it is keeps what was fetched.
    await gateway.reload(runtimeOf(text))
    expect(await ask()).toBe(200)
    expect(asked).toBe(1)
  })

  it.each([
    ['a stand-in takes the place of every upstream', { standIn: { host: '127.0.0.1', port: 1 } }],
    ['clients come without a port', { inMemory: true }],
  ])('is not fetched by itself where %s', async (_, options) => {
    const upstream = await startUpstream()
    const url = `http://127.0.0.1:${upstream.port}/jwks`
    const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks: { url } }
    await startTestGateway(config(upstream.port, { jwtAuth }), options)
    const { gateway } = await startTestGateway(config(upstream.port, { jwtAuth }))
    await eventually(() => upstream.seen.length > 0)
    await gateway.close()
    expect(upstream.seen).toHaveLength(1)
  })

  it('that cannot be had lets nobody in, and is told of', async () => {
    const { token } = await keySet()
    const upstream = await startUpstream(response => void response.end('ok'))
    const jwtAuth = {
      mode: 'strict',
      issuer: 'https://issuer.test',
      jwks: { url: 'http://127.0.0.1:1/jwks' },
    }
    const notes: string[] = []
    const onNote = (note: string): void => void notes.push(note)
    const { port } = await startTestGateway(config(upstream.port, { jwtAuth }), { onNote })
    const got = await call(port, { method: 'GET', headers: { authorization: `Bearer ${await token()}` } })
    expect(got).toMatchObject({ status: 401, body: 'authentication failure: token uses an unknown key' })
    expect(notes).toEqual([
      expect.stringMatching(/^the keys at http:.* could not be fetched \(.+\): tokens are/),
    ])
  })
})

describe('a rule that looks at the body', () => {
  const policies = { authorization: { rules: [{ deny: 'request.body == b"evil"' }] } }
  const large = Buffer.alloc(3 * 1024 * 1024, 'x')

  it.each([
    ['announced', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('refuses one that is too large to look at, %s', async (_, headers) => {
    const upstream = await startUpstream(response => void response.end('ok'))
    const { port } = await startTestGateway(config(upstream.port, policies))
    expect((await call(port, { body: large, headers })).status).toBe(403)
    expect(upstream.seen).toEqual([])
  })

  it.each([
    ['announced', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('that allows it all the same loses none of it, %s', async (_, headers) => {
    const upstream = await startUpstream(response => void response.end('ok'))
    const rules = { authorization: { rules: ['default(size(request.body), 0) >= 0'] } }
    const { port } = await startTestGateway(config(upstream.port, rules))
    expect((await call(port, { body: large, headers })).status).toBe(200)
    expect(upstream.seen[0]?.body.length).toBe(large.length)
    expect((await post(port, '/', { small: true })).status).toBe(200)
  })
})

it('a client that leaves while its password is compared leaves nothing behind', async () => {
  const slow = '$$2b$$12$$Ar0we0FftGHrMXrARsrFdug..qtqZzNqUl9ZeZ0foD4kVkr86qczG'
  const upstream = await startUpstream(response => void response.end('ok'))
  const basicAuth = { mode: 'strict', htpasswd: `alice:${slow}` }
  const gateway = await startTestGateway(config(upstream.port, { basicAuth }))
  const client = await rawClient(gateway.port)
  const password = Buffer.from('alice:x').toString('base64')
  client.socket.write(`GET / HTTP/1.1\r\nhost: a\r\nauthorization: Basic ${password}\r\n\r\n`, () =>
    client.socket.destroy(),
  )
  await eventually(() => gateway.events.length === 1)
  expect(gateway.events[0]).toMatchObject({ status: undefined, error: 'client disconnected' })
  expect(upstream.seen).toEqual([])
})

it('a password that cannot be checked because too many others wait is no wrong password', async () => {
  const slow = '$$2b$$12$$Ar0we0FftGHrMXrARsrFdug..qtqZzNqUl9ZeZ0foD4kVkr86qczG'
  const upstream = await startUpstream(response => void response.end('ok'))
  const basicAuth = { mode: 'strict', htpasswd: `alice:${slow}` }
  const { port } = await startTestGateway(config(upstream.port, { basicAuth }))
  // A name that nobody has waits in the same line: it is not told by the time it takes.
  const ask = (name: string) =>
    call(port, { headers: { authorization: `Basic ${Buffer.from(`${name}:x`).toString('base64')}` } })
  const busy = await Promise.any(
    Array.from({ length: 90 }, (_, i) => ask(i % 2 === 0 ? 'alice' : 'nobody')).map(async asked => {
      const answer = await asked
      return answer.status === 503 ? answer : Promise.reject(new Error('was checked'))
    }),
  )
  expect(busy).toMatchObject({ headers: { 'retry-after': '1' } })
  expect(busy.headers).not.toHaveProperty('www-authenticate')
})
