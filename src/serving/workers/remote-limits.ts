import type { Limits, Taken, Want } from '../../gateway/index.ts'
import type { FromWorker, SentSettlement, SentWant } from './wire.ts'

type Take = Extract<FromWorker, { kind: 'take' }>

/**
 * Buckets that another process keeps for all workers, so that a limit holds over all of them to the letter. What is
 * asked within one turn of the event loop goes in one message.
 */
export class RemoteLimits implements Limits {
  readonly #send: (message: Take) => void
  readonly #waiting = new Map<number, (taken: Taken) => void>()
  #asks: { id: number; wants: SentWant[] }[] = []
  #settlements: SentSettlement[] = []
  #nextId = 1
  #isFlushing = false

  constructor(send: (message: Take) => void) {
    this.#send = send
  }

  take(wants: readonly Want[]): Promise<Taken> {
    return new Promise(resolve => {
      const id = this.#nextId++
      this.#waiting.set(id, resolve)
      this.#asks.push({ id, wants: wants.map(sentWant) })
      this.#flushSoon()
    })
  }

  settle(want: Want, taken: number, cost: number): void {
    if (taken === cost) return
    this.#settlements.push({ want: sentWant(want), taken, cost })
    this.#flushSoon()
  }

  /** The answer to what was asked. */
  answer(id: number, taken: Taken): void {
    this.#waiting.get(id)?.(taken)
    this.#waiting.delete(id)
  }

  /** Sends what waits to be sent. */
  flush(): void {
    this.#isFlushing = false
    if (this.#asks.length === 0 && this.#settlements.length === 0) return
    this.#send({ kind: 'take', asks: this.#asks, settlements: this.#settlements })
    this.#asks = []
    this.#settlements = []
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => this.flush())
  }
}

function sentWant({ bucket, rule, amount }: Want): SentWant {
  return { bucket: bucket.id, rule, amount }
}
