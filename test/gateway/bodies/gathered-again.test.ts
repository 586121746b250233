import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const BODY = 'x'.repeat(100)
const CHUNKED = `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n64\r\n${BODY}\r\n0\r\n\r\n`
const IN_PIECES = CHUNKED.match(/[\s\S]{1,40}/g) ?? []

const OPEN = { request: { maxBytes: 10, failureMode: 'failOpen' } }

describe('a body in chunks that was too large for one policy', () => {
  it.each<[string, object, string]>([
    [
      'is there for the next one, which takes more',
      { buffer: OPEN, transformations: { request: { body: 'string(request.body) + "!"' } } },
      `${BODY}!`,
    ],
    ['and goes on as it comes where none does', { buffer: OPEN }, BODY],
  ])('%s', async (_title, policies, wanted) => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    for (const pieces of [[CHUNKED], IN_PIECES]) {
      const client = await rawClient(port)
      for (const piece of pieces) {
        client.socket.write(piece)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 200 /)
    }
    expect(upstream.seen.map(({ body }) => body)).toEqual([wanted, wanted])
  })

  it('is there for a buffer that takes more than other policies do', async () => {
    const upstream = await startUpstream()
    const config = JSON.parse(
      toHost(`127.0.0.1:${upstream.port}`, {
        authorization: { rules: ['!has(request.body) || size(request.body) < 1000'] },
        buffer: { request: { maxBytes: 1000 } },
      }),
    )
    config.frontendPolicies = { http: { maxBufferSize: 10 } }
    const { port } = await startTestGateway(JSON.stringify(config))
    const client = await rawClient(port)
    client.socket.write(CHUNKED)
    expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.seen[0]?.body).toBe(BODY)
  })
})
