import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { keyLike } from '../../helpers/keys.ts'
import { type RawClient, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'

const KEY = keyLike('openai', 'answer-codings')
const ZIPPED = gzipSync('ok')
const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])

/** What a client receives of an answer in these very bytes. */
async function received(head: string[], body: Buffer, policies: object, method = 'GET'): Promise<string> {
  const upstream = await startRawUpstream(socket => {
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    socket.end(body)
  })
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
  const client: RawClient = await rawClient(port)
  client.socket.write(`${method} / HTTP/1.1\r\nhost: a\r\nte: gzip\r\nconnection: close\r\n\r\n`)
  await client.closed
  return client.received()
}

const POLICIES: [title: string, policies: object][] = [
  ['without a key', {}],
  ['with a key', { backendAuth: { key: KEY } }],
  ['whose coding the config takes away', { responseHeaderModifier: { remove: ['transfer-encoding'] } }],
  ['whose coding the config names', { responseHeaderModifier: { set: { 'transfer-encoding': 'chunked' } } }],
  ['that is gathered', { transformations: { response: { set: { 'x-a': 'string(response.body)' } } } }],
]

describe.each(POLICIES)('a success %s, in a transfer coding that no client is told of', (_, policies) => {
  it.each<[title: string, codings: string[], body: Buffer]>([
    ['packed and in chunks', ['transfer-encoding: gzip, chunked'], chunked(ZIPPED)],
    ['in capitals', ['Transfer-Encoding: GZIP, Chunked'], chunked(ZIPPED)],
    ['in lines of their own', ['transfer-encoding: gzip', 'transfer-encoding: chunked'], chunked(ZIPPED)],
    ['packed, to the end of the connection', ['transfer-encoding: gzip'], ZIPPED],
    ['of a name that nobody knows', ['transfer-encoding: x, chunked'], chunked(ZIPPED)],
  ])('is a 502: %s', async (_, codings, body) => {
    const answer = await received(['HTTP/1.1 200 OK', ...codings], body, policies)
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer).toContain('the answer of the upstream is in a transfer coding other than chunked')
  })

  it.each(['chunked', 'Chunked', 'identity, chunked', ', chunked', ' chunked '])(
    'in chunks alone it passes: "%s"',
    async coding => {
      const head = ['HTTP/1.1 200 OK', `transfer-encoding:${coding}`]
      const answer = await received(head, chunked(Buffer.from('ok')), policies)
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(answer).toContain('ok')
    },
  )

  it.each([
    ['HEAD', '200 OK'],
    ['GET', '304 Not Modified'],
    ['GET', '204 No Content'],
  ])('without a body it passes: %s %s', async (method, status) => {
    const head = [`HTTP/1.1 ${status}`, 'transfer-encoding: gzip, chunked']
    expect(await received(head, Buffer.alloc(0), policies, method)).toContain(`HTTP/1.1 ${status}`)
  })
})

it('an error in such a coding is a 502 where no key has it unpacked', async () => {
  const head = ['HTTP/1.1 401 no', 'transfer-encoding: gzip, chunked']
  expect(await received(head, chunked(ZIPPED), {})).toMatch(/^HTTP\/1\.1 502 /)
  const unpacked = await received(head, chunked(ZIPPED), { backendAuth: { key: KEY } })
  expect(unpacked).toMatch(/^HTTP\/1\.1 401 /)
  expect(unpacked).toContain('ok')
})
