import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface RefusingPort {
  readonly port: number
  /** Lets a server listen there, until the test is over. */
  release(server: Server): Promise<void>
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
  const free = async (): Promise<void> => {
    server.close()
    if (holder.destroyed) return
    const closed = once(holder, 'close')
    // Reset, so that the port does not stay behind in TIME_WAIT.
    holder.resetAndDestroy()
    await closed
  }
  onTestFinished(free)
  const release = async (next: Server): Promise<void> => {
    await free()
    onTestFinished(() => void next.close())
    await listenAt(next, port)
  }
  return { port, release }
}

/** Whatever asks for any port may have been given this one meanwhile: mostly a connection, which does not last. */
async function listenAt(server: Server, port: number): Promise<void> {
  for (let left = 200; ; left--) {
    server.listen(port, '127.0.0.1')
    const error = await once(server, 'listening').then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    )
    if (error === undefined) return
    if (error.code !== 'EADDRINUSE' || left === 0) throw error
    await sleep(25)
  }
}
