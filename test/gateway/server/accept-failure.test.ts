import { Server } from 'node:net'
import { expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

/** Of this process, without a public way to them. */
const { _getActiveHandles } = process as unknown as { _getActiveHandles(): object[] }

it('a client that the system cannot hand over is no end of the others', async () => {
  const upstream = await startUpstream()
  const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
  const server = _getActiveHandles().find(one => one instanceof Server && portOf(one) === port) as Server
  // As Node does it for all that accept(2) may say: no memory, no descriptor, a firewall.
  server.emit('error', Object.assign(new Error('accept EPERM'), { code: 'EPERM', syscall: 'accept' }))
  expect((await call(port)).status).toBe(200)
})

function portOf(server: Server): number | undefined {
  const address = server.address()
  return address === null || typeof address === 'string' ? undefined : address.port
}
