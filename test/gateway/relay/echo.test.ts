import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { keyLike } from '../../helpers/keys.ts'
import { call, post, rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const KEY = keyLike('openai', 'echo')
const REFUSAL = JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}. Try again.` } })
const CHAT = { model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }

/** A credential that nothing but the name of its header tells. */
const WORDS = 'correct-horse-battery-staple'
/** What somebody who knows how to decode it makes of a part of the key. */
const TOLD = KEY.slice(10, 40)

const ENCODED: [encoding: string, body: Buffer][] = [
  ['gzip', gzipSync(REFUSAL)],
  ['deflate', deflateSync(REFUSAL)],
  ['br', brotliCompressSync(REFUSAL)],
  ['identity', Buffer.from(REFUSAL)],
]

/** One route to an upstream that is given the key. */
function withKey(address: string, policies: object = { backendAuth: { key: KEY } }): string {
  return JSON.stringify({
    binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: address }], policies }] }] }],
  })
}

/** The same for an LLM backend. */
function toProvider(address: string, provider: object): string {
  const ai = { name: 'llm', hostOverride: address, provider, policies: { backendAuth: { key: KEY } } }
  return JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ ai }] }] }] }] })
}

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
      const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
      const answer = await call(port)
      expect(upstream.seen[0]?.headers['authorization']).toBe(`Bearer ${KEY}`)
      expect(answer.status).toBe(status)
      expect(JSON.stringify(answer.headers) + answer.body).not.toContain(KEY.slice(10, 40))
      expect(decode(answer.body)).not.toContain(TOLD)
      expect(answer.body.replaceAll('\0', '')).not.toContain(TOLD)
    })
  }

  it('in the reason of the status line', async () => {
    const upstream = await startRawUpstream(socket =>
      socket.end(`HTTP/1.1 401 ${KEY}\r\ncontent-length: 2\r\n\r\nno`),
    )
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
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
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const { body } = await call(port)
    expect(body).toBe(text.replaceAll(KEY, '[redacted]'))
  })

  it('where a redirect keeps the query that held it', async () => {
    const upstream = await startUpstream((response, { url }) =>
      response.writeHead(307, { location: url.replace('/a', '/a/') }).end(),
    )
    const location = { queryParameter: { name: 'key' } }
    const policies = { backendAuth: { key: { value: KEY, location } } }
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, policies))
    const { headers } = await call(port, { path: '/a' })
    expect(headers.location).toBe('/a/?key=[redacted]')
  })

  it.each(['authorization', 'x-api-key'])('where a header modifier sets it in %s', async name => {
    const upstream = await startUpstream((response, { headers }) =>
      response.writeHead(401).end(`you sent ${headers[name]}`),
    )
    for (const how of ['set', 'add']) {
      const policies = { requestHeaderModifier: { [how]: { [name]: `Bearer ${WORDS}` } } }
      const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, policies))
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
    for (const config of [withKey(address, level), all]) {
      const { port } = await startTestGateway(config)
      expect((await call(port)).body).toBe(`no: ${shown ?? '[redacted]'}.`)
    }
    expect(upstream.seen[0]?.headers[name.toLowerCase()]).toBe(value)
  })

  it('a short word under such a name, or in a cookie, is no key', async () => {
    const upstream = await startUpstream(response => response.writeHead(401).end('v2, dark'))
    const policies = { requestHeaderModifier: { set: { 'x-auth-version': 'v2', cookie: 'theme=dark' } } }
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, policies))
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
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, policies))
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
    const { port } = await startTestGateway(toProvider(`127.0.0.1:${upstream.port}`, provider))
    const answer = await post(port, path, { max_tokens: 1, ...CHAT })
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('[redacted]')
    expect(answer.body).not.toContain(KEY.slice(10, 40))
  })
})

/** What the gateway makes of an answer that comes in these very bytes. */
async function ofBytes(
  head: string[],
  body: Buffer,
  policies: object = {},
  method = 'GET',
): Promise<Response> {
  const upstream = await startRawUpstream(socket => {
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    socket.end(body)
  })
  const all = { backendAuth: { key: KEY }, ...policies }
  const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, all))
  return fetch(`http://127.0.0.1:${port}/`, { method, redirect: 'manual' })
}

describe('what an upstream says of its encodings is read as it was sent', () => {
  const refused = 'HTTP/1.1 401 Unauthorized'
  const zipped = gzipSync(REFUSAL)
  const chunked = (body: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
  const unnamed = { responseHeaderModifier: { remove: ['content-encoding'] } }
  const renamed = { responseHeaderModifier: { set: { 'content-encoding': 'identity' } } }
  const decoded: [title: string, head: string[], body: Buffer, policies?: object][] = [
    ['in capitals', ['content-encoding: GZip'], zipped],
    ['with identity behind it', ['content-encoding: gzip, identity'], zipped],
    ['with identity in a line behind it', ['content-encoding: gzip', 'content-encoding: identity'], zipped],
    ['with an empty line behind it', ['content-encoding: gzip', 'content-encoding:'], zipped],
    ['in a header of the connection', ['content-encoding: gzip', 'connection: content-encoding'], zipped],
    ['in a header that the config removes', ['content-encoding: gzip'], zipped, unnamed],
    ['in a header that the config sets', ['content-encoding: gzip'], zipped, renamed],
    ['of the transfer', ['transfer-encoding: gzip, chunked'], chunked(zipped)],
    [
      'of the transfer, in a line of its own',
      ['transfer-encoding: gzip', 'transfer-encoding: chunked'],
      chunked(zipped),
    ],
    ['of the transfer, to the end of the connection', ['transfer-encoding: gzip'], zipped],
  ]
  it.each(decoded)('one encoding %s', async (_, head, body, policies) => {
    const answer = await ofBytes([refused, ...head], body, policies)
    const text = Buffer.from(await answer.arrayBuffer())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(readings(text)).not.toContain(TOLD)
    expect(text.toString()).toBe(REFUSAL.replace(KEY, '[redacted]'))
  })

  const withheld: [title: string, head: string[], body: Buffer][] = [
    ['two', ['content-encoding: br, gzip'], gzipSync(brotliCompressSync(REFUSAL))],
    [
      'two in lines of their own',
      ['content-encoding: br', 'content-encoding: gzip'],
      gzipSync(brotliCompressSync(REFUSAL)),
    ],
    ['the same one twice', ['content-encoding: gzip, gzip'], gzipSync(zipped)],
    [
      'of content and of transfer',
      ['content-encoding: gzip', 'transfer-encoding: gzip, chunked'],
      chunked(gzipSync(zipped)),
    ],
    ['zstd', ['content-encoding: zstd'], Buffer.from(REFUSAL)],
    ['compress', ['content-encoding: compress'], Buffer.from(REFUSAL)],
    ['one with parameters', ['content-encoding: gzip;q=1'], zipped],
  ]
  it.each(withheld)('an answer is withheld where that cannot be undone: %s', async (_, head, body) => {
    const answer = await ofBytes([refused, ...head], body)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(await answer.text()).toMatch(/^the answer is withheld: in its content-encoding/)
  })

  it('what was read of a key when the answer broke off is not passed on', async () => {
    const long = `${'x'.repeat(50)} ${KEY}`
    // Stored, not packed: what is here by the time it breaks off is most of the key.
    const body = gzipSync(long, { level: 0 }).subarray(0, -12)
    const answer = await ofBytes([refused, 'content-encoding: gzip'], body)
    const text = await answer.text()
    expect(text).toContain('xxx')
    expect(text).toMatch(/it cannot be read in its content-encoding$/)
    expect(text).not.toContain(KEY.slice(0, 12))
  })

  it('neither what comes before it nor what comes behind it is passed on', async () => {
    const trailer = `0\r\nx-key: ${KEY}\r\n\r\n`
    const upstream = await startRawUpstream(socket =>
      socket.end(
        `HTTP/1.1 103 Early Hints\r\nlink: <${KEY}>\r\n\r\n` +
          `HTTP/1.1 401 no\r\ntrailer: x-key\r\ntransfer-encoding: chunked\r\n\r\n2;x="${KEY}"\r\nno\r\n${trailer}`,
      ),
    )
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close\r\n\r\n')
    await client.closed
    expect(client.received()).toContain('401 no')
    expect(client.received()).not.toContain(TOLD)
  })

  it('the head of an answer to HEAD is looked through as any other', async () => {
    const head = [
      refused,
      'content-encoding: gzip',
      'content-length: 90',
      `location: /?key=${KEY}`,
      `x-a: ${KEY}`,
    ]
    const answer = await ofBytes(head, Buffer.alloc(0), {}, 'HEAD')
    expect(answer.headers.get('location')).toBe('/?key=[redacted]')
    expect(answer.headers.get('content-length')).toBe('90')
    expect(JSON.stringify([...answer.headers])).not.toContain(TOLD)
  })
})

describe('an answer that is gathered before it goes is read in its encoding, too', () => {
  const transformed = (response: object) => ({ backendAuth: { key: KEY }, transformations: { response } })
  const guards = { response: [{ regex: { action: 'reject', rules: [{ pattern: 'nothing' }] } }] }
  const llm = (address: string, provider: object, more: object) => {
    const ai = { name: 'llm', hostOverride: address, provider }
    const policies = { ...more, backendAuth: { key: KEY } }
    return JSON.stringify({
      binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ ai }], policies }] }] }],
    })
  }
  const seesBody = { response: { set: { 'x-seen': 'string(response.body)' } } }
  const ways: [title: string, (address: string) => string][] = [
    ['an expression sees it', address => withKey(address, transformed(seesBody.response))],
    ['an expression makes it anew', address => withKey(address, transformed({ body: 'response.body' }))],
    [
      'a guard stands before an expression',
      address => llm(address, { openAI: {} }, { ai: { promptGuard: guards }, transformations: seesBody }),
    ],
    ['it is translated', address => llm(address, { anthropic: {} }, {})],
  ]
  describe.each(ways)('where %s', (_title, config) => {
    it.each(ENCODED)('from %s', async (encoding, body) => {
      const upstream = await startUpstream(response =>
        response
          .writeHead(401, { 'content-encoding': encoding, 'content-type': 'application/json' })
          .end(body),
      )
      const { port } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
      const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify(CHAT),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(JSON.stringify(upstream.seen[0]?.headers)).toContain(KEY)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-encoding')).toBeNull()
      expect(readings(bytes)).not.toContain(TOLD)
      expect(JSON.stringify([...answer.headers])).not.toContain(TOLD)
      expect(bytes.toString()).toContain('Incorrect API key provided: [redacted]. Try again.')
    })

    it('and withheld where that is not known', async () => {
      const upstream = await startUpstream(response =>
        response.writeHead(401, { 'content-encoding': 'rot13' }).end(REFUSAL),
      )
      const { port } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
      const answer = await post(port, '/v1/chat/completions', CHAT)
      expect(answer.status).toBe(401)
      expect(answer.body).toContain('the answer is withheld')
      expect(JSON.stringify(answer.headers) + answer.body).not.toContain(TOLD)
    })
  })

  it('however much it becomes: the rest of what is too large is not read', async () => {
    const upstream = await startUpstream(response =>
      response.writeHead(401, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 << 20, 'x'))),
    )
    const policies = transformed({ body: 'response.body' })
    const { port, nextEvent } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, policies))
    // The failure is an answer like any other: the expression has its say, and sees how long it is.
    expect(await call(port)).toMatchObject({ status: 502, body: expect.stringContaining('too large') })
    expect(await nextEvent()).toMatchObject({ status: 502, reason: 'UpstreamFailure' })
  })
})

describe('the guard leaves alone', () => {
  it('a success, to the byte', async () => {
    const zipped = gzipSync(`the key is ${KEY}`)
    const upstream = await startUpstream(response =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped),
    )
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
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
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`, {}))
    const { headers } = await call(port)
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.length) })
  })

  it('the text of an error in which no key stands, whatever its bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 256))
    const upstream = await startUpstream(response => response.writeHead(500).end(bytes))
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it.each([
    ['HEAD', 404],
    ['GET', 304],
  ])('an answer without a body: %s %i', async (method, status) => {
    const upstream = await startUpstream(response => response.writeHead(status, { etag: '"x"' }).end())
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const answer = await call(port, { method })
    expect(answer).toMatchObject({ status, headers: { etag: '"x"' }, body: '' })
  })
})

it('a large compressed error flows with back-pressure and arrives whole', async () => {
  const text = `${'x'.repeat(1000)} ${KEY}\n`.repeat(8000)
  const upstream = await startUpstream(response =>
    response.writeHead(500, { 'content-encoding': 'gzip' }).end(gzipSync(text)),
  )
  const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
  expect((await call(port)).body).toBe(text.replaceAll(KEY, '[redacted]'))
})

describe('a compressed error that cannot be read still has its status, and tells no key', () => {
  const whole = gzipSync(REFUSAL.repeat(50))
  it.each<[string, Buffer]>([
    ['it breaks off', whole.subarray(0, 60)],
    ['it breaks off in its head', whole.subarray(0, 5)],
    ['its checksum is wrong', Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)])],
    ['it is plain text', Buffer.from(REFUSAL)],
    ['it is long and plain', Buffer.from(REFUSAL.repeat(5000))],
  ])('%s', async (_, body) => {
    const upstream = await startUpstream(response =>
      response.writeHead(500, { 'content-encoding': 'gzip' }).end(body),
    )
    const { port, nextEvent } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const answer = await call(port)
    expect(answer.status).toBe(500)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.body).toMatch(/cannot be read in its content-encoding$/)
    expect(answer.body).not.toContain(KEY.slice(10, 40))
    const event = await nextEvent()
    expect(event).toMatchObject({ status: 500, reason: 'UpstreamFailure' })
    expect(event.error).toContain('cannot be read')
  })

  it.each<[string, string, number, Record<string, string>]>([
    ['an empty body', 'GET', 401, {}],
    ['an empty body with its length', 'GET', 401, { 'content-length': '0' }],
    ['an unknown encoding', 'GET', 401, { 'content-encoding': 'rot13', 'content-length': '0' }],
    ['HEAD', 'HEAD', 404, { 'content-length': '123' }],
    ['304', 'GET', 304, { etag: '"x"' }],
  ])('an answer without a body passes: %s', async (_, method, status, headers) => {
    const all = { 'content-encoding': 'gzip', ...headers }
    const upstream = await startUpstream(response => response.writeHead(status, all).end())
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const answer = await call(port, { method })
    expect(answer).toMatchObject({ status, headers, body: '' })
  })
})

describe('no connection to an upstream stays behind a compressed error', () => {
  const much = Buffer.alloc(8_000_000, 'A')
  it.each<[title: string, encoding: string, body: Buffer, ends: boolean, text: string]>([
    ['that is over before the answer', 'deflate', Buffer.concat([deflateSync('no'), much]), true, 'no'],
    [
      'that is over, and the answer goes on',
      'br',
      Buffer.concat([brotliCompressSync('no'), much]),
      false,
      'no',
    ],
    ['that cannot be read, and goes on', 'gzip', Buffer.concat([Buffer.from('no gzip'), much]), false, 'the'],
    [
      'that cannot be read, and falls silent',
      'gzip',
      Buffer.from('no gzip'),
      false,
      'the answer is withheld',
    ],
    ['in no known encoding, that goes on', 'zstd', much, false, 'the answer is withheld'],
    ['in no known encoding, that falls silent', 'zstd', Buffer.from(KEY), false, 'the answer is withheld'],
    ['in two encodings, that falls silent', 'br, gzip', Buffer.from(KEY), false, 'the answer is withheld'],
    [
      'that is over, and falls silent',
      'deflate',
      Buffer.concat([deflateSync('no'), much.subarray(0, 9)]),
      false,
      'no',
    ],
  ])('%s', async (_, encoding, body, ends, text) => {
    const upstream = await startUpstream(response => {
      response.writeHead(401, { 'content-encoding': encoding }).write(body)
      if (ends) response.end()
    })
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    const answer = await call(port)
    expect(answer.status).toBe(401)
    expect(answer.body.startsWith(text)).toBe(true)
    const [connection] = upstream.connections
    if (connection?.destroyed === false) await new Promise(resolve => connection.once('close', resolve))
  })

  it('and one that ends soon is used again', async () => {
    const body = Buffer.concat([deflateSync('no'), Buffer.from('garbage')])
    const upstream = await startUpstream(response => {
      response.writeHead(401, { 'content-encoding': 'deflate' }).write(body)
      setTimeout(() => response.end(), 50)
    })
    const { port } = await startTestGateway(withKey(`127.0.0.1:${upstream.port}`))
    for (let i = 0; i < 2; i++) {
      expect((await call(port)).body).toBe('no')
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    expect(upstream.connections.length).toBe(1)
  })
})

/** Base64 in the text, decoded as well. */
function decode(text: string): string {
  return text.replace(/[A-Za-z0-9+/]{24,}/g, part => Buffer.from(part, 'base64').toString('latin1'))
}

/** Every form in which bytes that came compressed could still hold the key. */
function readings(bytes: Buffer): string {
  const ways = [
    () => bytes,
    () => gunzipSync(bytes),
    () => inflateSync(bytes),
    () => brotliDecompressSync(bytes),
  ]
  return ways
    .map(read => {
      try {
        return read().toString('latin1')
      } catch {
        return ''
      }
    })
    .join('\n')
}
