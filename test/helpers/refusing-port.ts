import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RefusingPort {
  readonly port: number
  /** Lets a server listen there, until the test is over. */
  release(server: Server): Promise<void>
}

/**
 * A port at which connections are refused, until it is released or the test is over. One that was only free a moment ago
 * may be given to whatever asks for any port next: a gateway to which that happened called itself 10,000 times. This one is
 * taken, by the far end of a connection whose server has gone. Nobody is given such a port who asks for any; a server that
 * asks for this one may listen there beside the connection, as after a restart.
 */
export async function refusingPort(): Promise<RefusingPort> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const near = connect(port, '127.0.0.1')
  const [[far]] = await Promise.all([once(server, 'connection'), once(near, 'connect')])
  for (const end of [near, far]) end.on('error', () => {})
  server.close()
  // Reset, so that the port does not stay behind in TIME_WAIT.
  onTestFinished(() => void far.resetAndDestroy())
  const release = async (next: Server): Promise<void> => {
    onTestFinished(() => void next.close())
    next.listen(port, '127.0.0.1')
    await once(next, 'listening')
  }
  return { port, release }
}
