import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

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

/** How long it is waited for the next client, in milliseconds: meanwhile the system hands over those that it has let in. */
const PAUSE_MS = 1

/** The connections that workers are being handed: Node accepts them here, and passes each on to one of them. */
export class Handovers {
  /** So far. */
  #begun = 0
  /** Of which no worker has said yet that it has them. */
  #open = 0

  /**
   * Follows those to a worker, and closes the ones that it was being handed as it died. Node closes its own end of one when
   * the worker says that it has it, and forgets those of which no worker says so: their clients would wait for ever, and
   * descriptors be lost.
   */
  follow(child: ChildProcess): void {
    const handed = new Map<number, Handle>()
    const send: Send = child.send.bind(child) as never
    const watched: Send = (message, handle, ...rest) => {
      if (message?.act === 'newconn' && message.seq !== undefined && handle !== undefined) {
        handed.set(message.seq, handle)
        this.#begun += 1
        this.#open += 1
      }
      return send(message, handle, ...rest)
    }
    child.send = watched as never
    child.on('internalMessage' as 'message', message => {
      const { ack } = message as unknown as InternalMessage
      if (ack !== undefined && handed.delete(ack)) this.#open -= 1
    })
    child.once('exit', () => {
      this.#open -= handed.size
      for (const handle of handed.values()) handle.close()
      handed.clear()
    })
  }

  /**
   * Waits until the workers have all clients that the system has let in by now, for `limitMs` at most: there may always be
   * another one, or a worker that takes none. As soon as the last worker closes a port, Node drops those that wait for one.
   */
  async allMet(limitMs: number): Promise<void> {
    const latest = performance.now() + limitMs
    for (let before = -1; before !== this.#begun || this.#open > 0; ) {
      if (performance.now() >= latest) return
      before = this.#begun
      await sleep(PAUSE_MS)
    }
  }
}
