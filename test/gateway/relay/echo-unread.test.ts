import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'
import { KEY, REFUSAL, TOLD, withKey } from './keyed.ts'

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
    const { port, nextEvent } = await startTestGateway(withKey(upstream.port))
    const answer = await call(port)
    expect(answer.status).toBe(500)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.body).toMatch(/cannot be read in its content-encoding$/)
    expect(answer.body).not.toContain(TOLD)
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
    const { port } = await startTestGateway(withKey(upstream.port))
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
    const { port } = await startTestGateway(withKey(upstream.port))
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
    const { port } = await startTestGateway(withKey(upstream.port))
    for (let i = 0; i < 2; i++) {
      expect((await call(port)).body).toBe('no')
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    expect(upstream.connections.length).toBe(1)
  })
})
