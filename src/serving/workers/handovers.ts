import type { ChildProcess } from 'node:child_process'

/** A connection that Node has accepted for a worker. */
interface Handle {
  close(): void
}

/** What Node's cluster says to a worker, and a worker to it: the word on a message has its number. */
interface InternalMessage {
  readonly act?: string
  readonly seq?: number
  readonly ack?: number
}

type Send = (message: InternalMessage | undefined, handle?: Handle, ...rest: unknown[]) => boolean

/**
 * Closes the connections that a worker was being handed as it died. Node closes its own end of one when the worker says
 * that it has it, and forgets those of which no worker says so: their clients would wait for ever, and descriptors be lost.
 */
export function closeLost(child: ChildProcess): void {
  const handed = new Map<number, Handle>()
  const send: Send = child.send.bind(child) as never
  const watched: Send = (message, handle, ...rest) => {
    if (message?.act === 'newconn' && message.seq !== undefined && handle !== undefined)
      handed.set(message.seq, handle)
    return send(message, handle, ...rest)
  }
  child.send = watched as never
  child.on('internalMessage' as 'message', message => {
    const { ack } = message as unknown as InternalMessage
    if (ack !== undefined) handed.delete(ack)
  })
  child.once('exit', () => {
    for (const handle of handed.values()) handle.close()
  })
}
