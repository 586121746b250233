import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RefusingPort {
  readonly port: number
  /** From now on somebody may listen there. */
  release(): Promise<void>
}

/**
 * A port at which connections are refused, until it is released or the test is over. One that was only free a moment ago
 * may be given to whatever asks for any port next: a gateway to which that happened called itself 10,000 times. This one is
 * taken, by the near end of a connection, at which nobody can listen.
 */
export async function refusingPort(): Promise<RefusingPort> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const holder = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[far]] = await Promise.all([once(server, 'connection'), once(holder, 'connect')])
  far.on('error', () => {})
  const { localPort: port = 0 } = holder
  const release = async (): Promise<void> => {
    server.close()
    if (holder.destroyed) return
    const closed = once(holder, 'close')
    // Reset, so that the port does not stay behind in TIME_WAIT.
    holder.resetAndDestroy()
    await closed
  }
  onTestFinished(release)
  return { port, release }
}
