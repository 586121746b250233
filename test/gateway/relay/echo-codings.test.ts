import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { call, post } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { CHAT, KEY, REFUSAL, TOLD, toProvider, withKey } from './keyed.ts'

const ENCODED: [encoding: string, body: Buffer][] = [
  ['gzip', gzipSync(REFUSAL)],
  ['deflate', deflateSync(REFUSAL)],
  ['br', brotliCompressSync(REFUSAL)],
  ['identity', Buffer.from(REFUSAL)],
]

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
  const { port } = await startTestGateway(withKey(upstream.port, policies))
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
  const transformed = (response: object) => ({ transformations: { response } })
  const guards = { response: [{ regex: { action: 'reject', rules: [{ pattern: 'nothing' }] } }] }
  const seesBody = { response: { set: { 'x-seen': 'string(response.body)' } } }
  const ways: [title: string, (port: number) => string][] = [
    ['an expression sees it', port => withKey(port, transformed(seesBody.response))],
    ['an expression makes it anew', port => withKey(port, transformed({ body: 'response.body' }))],
    [
      'a guard stands before an expression',
      port => toProvider(port, { openAI: {} }, { ai: { promptGuard: guards }, transformations: seesBody }),
    ],
    ['it is translated', port => toProvider(port, { anthropic: {} })],
  ]
  describe.each(ways)('where %s', (_title, config) => {
    it.each(ENCODED)('from %s', async (encoding, body) => {
      const upstream = await startUpstream(response =>
        response
          .writeHead(401, { 'content-encoding': encoding, 'content-type': 'application/json' })
          .end(body),
      )
      const { port } = await startTestGateway(config(upstream.port))
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
      const { port } = await startTestGateway(config(upstream.port))
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
    const { port, nextEvent } = await startTestGateway(withKey(upstream.port, policies))
    // The failure is an answer like any other: the expression has its say, and sees how long it is.
    expect(await call(port)).toMatchObject({ status: 502, body: expect.stringContaining('too large') })
    expect(await nextEvent()).toMatchObject({ status: 502, reason: 'UpstreamFailure' })
  })
})

it('a large compressed error flows with back-pressure and arrives whole', async () => {
  const text = `${'x'.repeat(1000)} ${KEY}\n`.repeat(8000)
  const upstream = await startUpstream(response =>
    response.writeHead(500, { 'content-encoding': 'gzip' }).end(gzipSync(text)),
  )
  const { port } = await startTestGateway(withKey(upstream.port))
  expect((await call(port)).body).toBe(text.replaceAll(KEY, '[redacted]'))
})

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
