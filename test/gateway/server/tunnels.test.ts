import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const CONNECT = 'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n'
const CONFIG = JSON.stringify({
  binds: [
    {
      port: 3000,
      listeners: [{ routes: [{ policies: { directResponse: { status: 200, body: 'served' } } }] }],
    },
  ],
})

/** Has asked for a tunnel and been answered, but has not read the answer. It does not end with the gateway. */
async function answered(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(CONNECT)
  await new Promise(resolve => socket.once('readable', resolve))
  return socket
}

async function gone(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(resolve => socket.once('close', resolve))
  return text
}

describe('a client that asks for a tunnel', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['breaks the connection off', socket => socket.resetAndDestroy()],
    ['goes away', socket => socket.destroy()],
    ['sends at once what should go through it', socket => socket.end(Buffer.alloc(300_000, 0x16))],
  ])('is refused; the gateway goes on when it %s', async (_title, act) => {
    const { port } = await startTestGateway(CONFIG)
    const socket = await answered(port)
    const closed = gone(socket)
    act(socket)
    await closed
    expect(await call(port)).toMatchObject({ status: 200, body: 'served' })
  })

  it('hears that it is refused, though it has sent on', async () => {
    const { port } = await startTestGateway(CONFIG)
    const socket = connect({ port, host: '127.0.0.1' })
    onTestFinished(() => void socket.destroy())
    socket.write(CONNECT)
    socket.write(Buffer.alloc(300, 0x16))
    expect(await gone(socket)).toMatch(/^HTTP\/1\.1 405 .*method not allowed$/s)
  })

  it('is parted from when it does not go by itself, and no shutdown waits for it', async () => {
    const { port, gateway } = await startTestGateway(CONFIG)
    await answered(port)
    const sending = await answered(port)
    const sends = setInterval(() => sending.write('x'), 20)
    onTestFinished(() => clearInterval(sends))
    const parted = gone(sending)
    await gateway.close({ drainMs: 60_000 })
    await parted
  })

  it('behind another request is refused in its turn', async () => {
    const upstream = await startUpstream(response => void response.end('first'))
    const { port, events } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(`GET / HTTP/1.1\r\nhost: a\r\n\r\n${CONNECT}`)
    await client.closed
    expect(client.received()).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 405 .*connection: close.*not allowed$/is)
    expect(events.map(({ method, status }) => [method, status])).toEqual([
      ['GET', 200],
      ['CONNECT', 405],
    ])
  })
})
