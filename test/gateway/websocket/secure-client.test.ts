import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

const A = makeCertificate(['a.test'])

/** A client over TLS, and the upstream's side of its socket. */
async function tunnel() {
  const upstream = await startRawUpstream(socket => void socket.write(AGREED))
  const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
  Object.assign(config.binds[0].listeners[0], { protocol: 'HTTPS', tls: { cert: 'a.pem', key: 'a.key' } })
  const test = await startTestGateway(JSON.stringify(config), {
    compile: { readFile: path => (path === 'a.pem' ? A.cert : A.key) },
  })
  const client = connect({ host: '127.0.0.1', port: test.port, ca: A.ca, servername: 'a.test' })
  onTestFinished(() => void client.destroy())
  client.write(handshake())
  await once(client, 'data')
  return { test, client, server: upstream.sockets[0] as Socket }
}

it('a client over TLS has both ends passed on', async () => {
  const { client, server, test } = await tunnel()
  client.write('up')
  expect(String((await once(server, 'data'))[0])).toBe('up')
  server.end(serverFrame('down'))
  expect(String((await once(client, 'data'))[0])).toMatch(/down$/)
  await once(client, 'close')
  expect(await test.nextEvent()).toMatchObject({ status: 101, error: undefined })
})

it('a client over TLS that goes without a word takes the upstream with it', async () => {
  const { client, server, test } = await tunnel()
  client.destroy()
  await once(server, 'close')
  expect(await test.nextEvent()).toMatchObject({ status: 101 })
})

it('a client over TLS is told that the gateway goes', async () => {
  const { client, server, test } = await tunnel()
  const [[last]] = await Promise.all([
    once(client, 'data'),
    once(client, 'close'),
    once(server, 'close'),
    test.gateway.close({ drainMs: 50 }),
  ])
  expect((last as Buffer).toString('hex')).toBe('880203e9')
})
