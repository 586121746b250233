import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { call, post, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { CHAT, KEY, REFUSAL, TOLD, toProvider, withKey } from './keyed.ts'

/** A credential that nothing but the name of its header tells. */
const WORDS = 'correct-horse-battery-staple'
describe('an upstream that repeats the key it was given does not tell it to the client', () => {
  const bodies: [title: string, headers: Record<string, string>, body: string | Buffer][] = [
    ['in a JSON body', { 'content-type': 'application/json' }, REFUSAL],
    ['in a body with its length', { 'content-length': String(REFUSAL.length) }, REFUSAL],
    ['in a header', { 'x-debug': `Bearer ${KEY}` }, 'no'],
    ['in the name of a header', { [`x-${KEY}`]: '1' }, 'no'],
    ['in a challenge', { 'www-authenticate': `Bearer realm="x", error="${KEY}"` }, 'no'],
    ['URL-encoded', {}, `q=${encodeURIComponent(KEY)}`],
    ['in base64', {}, Buffer.from(`user:${KEY}`).toString('base64')],
    ['compressed with gzip', { 'content-encoding': 'gzip' }, gzipSync(REFUSAL)],
    ['compressed with deflate', { 'content-encoding': 'deflate' }, deflateSync(REFUSAL)],
    ['compressed with brotli', { 'content-encoding': 'br' }, brotliCompressSync(REFUSAL)],
    ['in an encoding that is not known', { 'content-encoding': 'rot13' }, REFUSAL],
    ['in UTF-16', { 'content-type': 'text/plain; charset=utf-16' }, Buffer.from(REFUSAL, 'utf16le')],
    ['in UTF-16 the other way round', {}, Buffer.from(REFUSAL, 'utf16le').swap16()],
    ['in an event stream', { 'content-type': 'text/event-stream' }, `data: ${REFUSAL}\n\n`],
  ]
  for (const status of [400, 401, 403, 404, 429, 500, 503, 302]) {
    it.each(bodies)(`${status} %s`, async (_, headers, body) => {
      const upstream = await startUpstream(response => response.writeHead(status, headers).end(body))
      const { port } = await startTestGateway(withKey(upstream.port))
      const answer = await call(port)
      expect(upstream.seen[0]?.headers['authorization']).toBe(`Bearer ${KEY}`)
      expect(answer.status).toBe(status)
      expect(JSON.stringify(answer.headers) + answer.body).not.toContain(TOLD)
      expect(decode(answer.body)).not.toContain(TOLD)
      expect(answer.body.replaceAll('\0', '')).not.toContain(TOLD)
    })
  }

  it('in the reason of the status line', async () => {
    const upstream = await startRawUpstream(socket =>
      socket.end(`HTTP/1.1 401 ${KEY}\r\ncontent-length: 2\r\n\r\nno`),
    )
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(answer.statusText).toBe('[redacted]')
    expect(await answer.text()).toBe('no')
  })

  it('in any pieces it comes in', async () => {
    const text = `${REFUSAL.replace('Try', `${KEY.slice(0, -1)}; ${KEY}`)}`
    const upstream = await startUpstream(async response => {
      response.writeHead(401)
      for (const letter of text) {
        response.write(letter)
        await new Promise(resolve => setImmediate(resolve))
      }
      response.end()
    })
    const { port } = await startTestGateway(withKey(upstream.port))
    const { body } = await call(port)
    expect(body).toBe(text.replaceAll(KEY, '[redacted]'))
  })

  it('where a redirect keeps the query that held it', async () => {
    const upstream = await startUpstream((response, { url }) =>
      response.writeHead(307, { location: url.replace('/a', '/a/') }).end(),
    )
    const location = { queryParameter: { name: 'key' } }
    const policies = { backendAuth: { key: { value: KEY, location } } }
    const { port } = await startTestGateway(withKey(upstream.port, policies))
    const { headers } = await call(port, { path: '/a' })
    expect(headers.location).toBe('/a/?key=[redacted]')
  })

  it.each(['authorization', 'x-api-key'])('where a header modifier sets it in %s', async name => {
    const upstream = await startUpstream((response, { headers }) =>
      response.writeHead(401).end(`you sent ${headers[name]}`),
    )
    for (const how of ['set', 'add']) {
      const policies = { requestHeaderModifier: { [how]: { [name]: `Bearer ${WORDS}` } } }
      const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
      expect((await call(port)).body).toBe('you sent Bearer [redacted]')
    }
  })

  const basic = Buffer.from(`user:${KEY}`).toString('base64')
  it.each<[title: string, header: string, value: string, told: string, shown?: string]>([
    ['a subscription key', 'Ocp-Apim-Subscription-Key', KEY, KEY],
    ['a key of functions', 'x-functions-key', KEY, KEY],
    ['a session', 'x-session', KEY, KEY],
    ['one cookie of several', 'cookie', `a=b; session=${KEY}; c=d`, KEY],
    ['a cookie in quotation marks', 'cookie', `session="${KEY}"`, KEY],
    ['all cookies', 'cookie', `a=b; session=${KEY}`, `a=b; session=${KEY}`],
    ['a password, decoded', 'authorization', `Basic ${basic}`, KEY],
    ['a password with its user', 'authorization', `basic ${basic}`, `user:${KEY}`, 'user:[redacted]'],
    ['a password, encoded', 'authorization', `Basic ${basic}`, basic],
  ])('where a header modifier sets it, told alone: %s', async (_, name, value, told, shown) => {
    const upstream = await startUpstream(response => response.writeHead(401).end(`no: ${told}.`))
    const level = { requestHeaderModifier: { set: { [name]: value } } }
    const address = `127.0.0.1:${upstream.port}`
    const ofBackend = { backends: [{ host: address, policies: level }] }
    const all = JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [ofBackend] }] }] })
    for (const config of [toHost(address, level), all]) {
      const { port } = await startTestGateway(config)
      expect((await call(port)).body).toBe(`no: ${shown ?? '[redacted]'}.`)
    }
    expect(upstream.seen[0]?.headers[name.toLowerCase()]).toBe(value)
  })

  it('a short word under such a name, or in a cookie, is no key', async () => {
    const upstream = await startUpstream(response => response.writeHead(401).end('v2, dark'))
    const policies = { requestHeaderModifier: { set: { 'x-auth-version': 'v2', cookie: 'theme=dark' } } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    expect((await call(port)).body).toBe('v2, dark')
  })

  it.each<[string, object]>([
    ['set', { set: { authorization: `'Bearer ${WORDS}'` } }],
    ['add', { add: { 'x-api-key': `'${WORDS}'` } }],
    ['made anew with the others', { replace: `{'x-token': '${WORDS.slice(0, 10)}' + '${WORDS.slice(10)}'}` }],
  ])('where an expression gives it: %s', async (_, request) => {
    const upstream = await startUpstream((response, { headers }) =>
      response.writeHead(401).end(JSON.stringify(headers)),
    )
    const policies = { transformations: { request } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    const { body } = await call(port)
    expect(JSON.stringify(upstream.seen[0]?.headers)).toContain(WORDS)
    expect(body).toContain('[redacted]')
    expect(body).not.toContain(WORDS)
  })

  it.each([
    ['openAI', '/v1/chat/completions', { openAI: {} }],
    ['anthropic', '/v1/messages', { anthropic: {} }],
    ['a translated answer', '/v1/chat/completions', { anthropic: {} }],
  ])('from a provider: %s', async (_, path, provider) => {
    const refusal = JSON.stringify({
      type: 'error',
      error: { type: 'authentication_error', message: `no: ${KEY}` },
    })
    const upstream = await startUpstream(response =>
      response.writeHead(401, { 'content-type': 'application/json' }).end(refusal),
    )
    const { port } = await startTestGateway(toProvider(upstream.port, provider))
    const answer = await post(port, path, CHAT)
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('[redacted]')
    expect(answer.body).not.toContain(TOLD)
  })

  it('in an early hint, in an extension of a chunk, nor in a trailer', async () => {
    const trailer = `0\r\nx-key: ${KEY}\r\n\r\n`
    const upstream = await startRawUpstream(socket =>
      socket.end(
        `HTTP/1.1 103 Early Hints\r\nlink: <${KEY}>\r\n\r\n` +
          `HTTP/1.1 401 no\r\ntrailer: x-key\r\ntransfer-encoding: chunked\r\n\r\n2;x="${KEY}"\r\nno\r\n${trailer}`,
      ),
    )
    const { port } = await startTestGateway(withKey(upstream.port))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close\r\n\r\n')
    await client.closed
    expect(client.received()).toContain('401 no')
    expect(client.received()).not.toContain(TOLD)
  })
})

describe('the guard leaves alone', () => {
  it('a success, to the byte', async () => {
    const zipped = gzipSync(`the key is ${KEY}`)
    const upstream = await startUpstream(response =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped),
    )
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('content-length')).toBe(String(zipped.length))
    expect(await answer.text()).toBe(`the key is ${KEY}`)
  })

  it('an error of an upstream without a key, encoding and length included', async () => {
    const zipped = gzipSync('no such page')
    const upstream = await startUpstream(response =>
      response.writeHead(404, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped),
    )
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const { headers } = await call(port)
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.length) })
  })

  it('the text of an error in which no key stands, whatever its bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 256))
    const upstream = await startUpstream(response => response.writeHead(500).end(bytes))
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it.each([
    ['HEAD', 404],
    ['GET', 304],
  ])('an answer without a body: %s %i', async (method, status) => {
    const upstream = await startUpstream(response => response.writeHead(status, { etag: '"x"' }).end())
    const { port } = await startTestGateway(withKey(upstream.port))
    const answer = await call(port, { method })
    expect(answer).toMatchObject({ status, headers: { etag: '"x"' }, body: '' })
  })
})

/** Base64 in the text, decoded as well. */
function decode(text: string): string {
  return text.replace(/[A-Za-z0-9+/]{24,}/g, part => Buffer.from(part, 'base64').toString('latin1'))
}
