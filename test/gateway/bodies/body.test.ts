import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { call, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { settled } from '../kit/wait.ts'

const OPENING = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'
const MB = 1024 * 1024

/** Bytes in use after garbage was collected. */
function used(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a body in chunks of one byte', () => {
  it('takes memory by its size', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const before = used()
    client.socket.write(OPENING)
    const piece = '1\r\nx\r\n'.repeat(1000)
    for (let i = 0; i < 1000; i++) {
      if (!client.socket.write(piece)) await new Promise(resolve => client.socket.once('drain', resolve))
    }
    await settled(() => Math.round(used() / MB))
    expect(used() - before).toBeLessThan(30 * MB)
    client.socket.write('0\r\n\r\n')
    await client.until(text => text.includes('{}'))
    expect(upstream.seen[0]?.body.length).toBe(1_000_000)
  })

  it('goes on where somebody has found it too large', async () => {
    const upstream = await startUpstream()
    const config = JSON.parse(
      toHost(`127.0.0.1:${upstream.port}`, { transformations: { request: { set: { x: 'request.body' } } } }),
    )
    const { port } = await startTestGateway(
      JSON.stringify({ ...config, frontendPolicies: { http: { maxBufferSize: 200_000 } } }),
    )
    const client = await rawClient(port)
    client.socket.write(`${OPENING}${'1\r\nx\r\n'.repeat(300_000)}0\r\n\r\n`)
    await client.until(text => text.includes('\r\n\r\n'))
    expect(client.received()).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.seen[0]?.body.length).toBe(300_000)
  })
})

it('an answer in chunks of one byte that is held takes memory by its size', async () => {
  let finish = (): void => {}
  const upstream = await startRawUpstream(socket => {
    socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_000_000)}`)
    finish = () => socket.write('0\r\n\r\n')
  })
  const { port } = await startTestGateway(
    toHost(`127.0.0.1:${upstream.port}`, { buffer: { response: { maxBytes: 2 * MB } } }),
  )
  const before = used()
  const answer = call(port)
  await settled(() => Math.round(used() / MB))
  await settled(() => Math.round(used() / MB))
  expect(used() - before).toBeLessThan(40 * MB)
  finish()
  expect((await answer).body.length).toBe(1_000_000)
})
