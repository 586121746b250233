import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const UPLOAD = Buffer.alloc(3_000_000, 'u')
const PIECE = 64 * 1024
const LENGTH = `content-length: ${UPLOAD.length}\r\n`
const apiKey = { mode: 'strict', keys: [{ key: 'agw_sk_of_a_client' }] }

/** Sends piece by piece, as an upload does, and gives the statuses that have come once the connection is gone. */
async function statusesFor(port: number, head: string, body: Buffer): Promise<string[]> {
  const client = await rawClient(port)
  const { socket } = client
  socket.write(head)
  for (let at = 0; at < body.length && !socket.destroyed; at += PIECE) {
    socket.write(body.subarray(at, at + PIECE))
    await new Promise(resolve => setImmediate(resolve))
  }
  await client.closed
  return client.received().match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? []
}

describe('a client that is parted from has its answer, though more comes from it', () => {
  it.each([
    [
      'that it asks to be the last',
      `POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${LENGTH}\r\n`,
      '401',
    ],
    ['of HTTP/1.0', `POST / HTTP/1.0\r\n${LENGTH}\r\n`, '401'],
    [
      'and that has not waited for leave',
      `POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n${LENGTH}\r\n`,
      '401',
    ],
    [
      'whose body breaks the rules',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
      '400',
    ],
    ['whose head is too long', 'POST / HTTP/1.1\r\nhost: a\r\nx: ', '431'],
  ])('%s', async (_, head, status) => {
    const { port } = await startTestGateway(toHost('127.0.0.1:1', status === '401' ? { apiKey } : {}))
    for (let i = 0; i < 10; i++) expect(await statusesFor(port, head, UPLOAD)).toContain(status)
  })

  it('and the answers before it', async () => {
    const large = 'l'.repeat(300_000)
    const upstream = await startUpstream(response => void response.end(large))
    const policies = { buffer: { request: { maxBytes: 10 } } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    const heads = `GET / HTTP/1.1\r\nhost: a\r\n\r\nPOST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${LENGTH}\r\n`
    for (let i = 0; i < 10; i++) expect(await statusesFor(port, heads, UPLOAD)).toEqual(['200', '413'])
  })
})
