import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP server that records bytes and does what the test says with each connection. */
export interface RawUpstream {
  readonly port: number
  readonly sockets: Socket[]
  /** Everything that came, over all connections. */
  readonly bytes: () => string
}

/** `behave` is called once per connection that has sent something, with the text of its first chunk. */
export async function startRawUpstream(
  behave: (socket: Socket, first: string) => void,
): Promise<RawUpstream> {
  const sockets: Socket[] = []
  const chunks: Buffer[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', first => behave(socket, first.toString('latin1')))
    socket.on('data', chunk => chunks.push(chunk))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    bytes: () => Buffer.concat(chunks).toString('latin1'),
  }
}
