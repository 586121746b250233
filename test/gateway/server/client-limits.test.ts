import { expect, it, onTestFinished } from 'vitest'
import { call, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

/** JSON for a model, of so many bytes. */
function body(size: number): string {
  const [before, behind] = ['{"model":"m","x":"', '"}']
  return before + 'y'.repeat(size - before.length - behind.length) + behind
}

const MIB = 1024 * 1024

it('a body for a model may have 2 MiB where the config says nothing, and no byte more', async () => {
  const upstream = await startUpstream()
  const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
  expect((await call(port, { body: body(2 * MIB) })).status).toBe(200)
  expect(upstream.seen.map(one => one.body.length)).toEqual([2 * MIB])
  const refused = await call(port, { body: body(2 * MIB + 1) })
  expect(refused).toMatchObject({
    status: 413,
    body: 'failed to process LLM request: request was too large',
    headers: { 'content-type': 'text/plain' },
  })
  expect(upstream.seen).toHaveLength(1)
})

it('a body for any other backend may have more', async () => {
  const upstream = await startUpstream()
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  expect((await call(port, { body: body(3 * MIB) })).status).toBe(200)
  expect(upstream.seen.map(one => one.body.length)).toEqual([3 * MIB])
})

it('a client that has nothing more to ask is parted from after http1IdleTimeout', async () => {
  const upstream = await startUpstream()
  const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
  config.frontendPolicies = { http: { http1IdleTimeout: '20ms' } }
  const { port } = await startTestGateway(JSON.stringify(config))
  const client = await rawClient(port)
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.closed
  expect(client.received()).toMatch(/^HTTP\/1\.1 200 /)
})

it('one may have more time than timers can wait, and Node has nothing to say of it', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const upstream = await startUpstream()
  const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
  config.frontendPolicies = { http: { http1IdleTimeout: '8760h' } }
  const { port } = await startTestGateway(JSON.stringify(config))
  const client = await rawClient(port)
  for (const answers of [1, 2]) {
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.split('HTTP/1.1 200 ').length > answers)
  }
  expect(warnings).toEqual([])
})
