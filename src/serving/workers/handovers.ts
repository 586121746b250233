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
  /** Of the port that it is about. */
  readonly key?: string
  readonly errno?: number | null
  /** Of a connection: a worker that has closed the port takes it no more. */
  readonly accepted?: boolean
}

/** The workers that take the connections of one port. Where all have left it, those who come back to it are others. */
type Takers = Set<ChildProcess>

interface Handover {
  readonly handle: Handle
  readonly takers: Takers | undefined
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
  readonly #takers = new Map<string, Takers>()

  /**
   * Follows those to a worker, and closes the ones that nobody will take: which it was being handed as it died, or as the
   * last worker closed the port. Node closes its own end of one when a worker says that it has it, and keeps or forgets the
   * others: their clients would wait for ever, and descriptors be lost.
   */
  follow(child: ChildProcess): void {
    const handed = new Map<number, Handover>()
    const send: Send = child.send.bind(child) as never
    const watched: Send = (message, handle, ...rest) => {
      const { act, seq, ack, key = '', errno } = message ?? {}
      if (act === 'newconn' && seq !== undefined && handle !== undefined) {
        handed.set(seq, { handle, takers: this.#takers.get(key) })
        this.#begun += 1
        this.#open += 1
      } else if (key !== '' && ack !== undefined && !errno) this.#join(key, child)
      return send(message, handle, ...rest)
    }
    child.send = watched as never
    // Node has heard it by then, and handed a connection that is not taken to another worker if there is one.
    child.on('internalMessage' as 'message', message => {
      const { act, ack, key, accepted } = message as unknown as InternalMessage
      if (act === 'close' && key !== undefined) this.#leave(key, child)
      const handover = ack === undefined ? undefined : handed.get(ack)
      if (ack === undefined || handover === undefined) return
      handed.delete(ack)
      this.#open -= 1
      if (accepted === false && handover.takers?.size === 0) handover.handle.close()
    })
    child.once('exit', () => {
      for (const key of this.#takers.keys()) this.#leave(key, child)
      this.#open -= handed.size
      for (const { handle } of handed.values()) handle.close()
      handed.clear()
    })
  }

  #join(key: string, child: ChildProcess): void {
    const takers = this.#takers.get(key) ?? new Set()
    this.#takers.set(key, takers.add(child))
  }

  #leave(key: string, child: ChildProcess): void {
    const takers = this.#takers.get(key)
    takers?.delete(child)
    if (takers?.size === 0) this.#takers.delete(key)
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
