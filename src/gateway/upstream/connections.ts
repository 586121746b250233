import { Readable } from 'node:stream'
import { CallConnections, type WholeCall } from './call-connections.ts'
import type { Call, Caller } from './caller.ts'
import { buildConnector, type Connector } from './undici.ts'
import { UndiciConnections } from './undici-connections.ts'

export interface ConnectionsOptions {
  readonly connect?: Connector
  /** How long a free one is kept where the upstream says nothing of that, in milliseconds. */
  readonly idleMs?: number
}

/**
 * The connections to one upstream. Calls whose body is here, nearly all, go over agw's own: undici's cost as
 * much as all else of a request (docs/performance.md, "What limits"). It makes those whose body is a stream, and WebSockets.
 */
export class Connections {
  readonly #calls: CallConnections
  readonly #others: UndiciConnections
  /** One of them has turned out to lead to this gateway itself. */
  leadsHere = false
  /** Calls under way whose answers nobody waits for. */
  copies = 0

  constructor(origin: string, { connect = buildConnector({}), idleMs = 4000 }: ConnectionsOptions = {}) {
    this.#calls = new CallConnections(origin, connect, idleMs)
    this.#others = new UndiciConnections(origin, connect, idleMs)
  }

  dispatch(call: Call, caller: Caller): void {
    if (isWhole(call)) this.#calls.dispatch(call, caller)
    else this.#others.dispatch(call, caller)
  }

  /** Those there are, free or not. */
  get count(): number {
    return this.#calls.count + this.#others.count
  }

  /** Closes each once its call is through. What is called from now on is refused. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.close(), this.#others.close()])
  }

  /** Drops them all, whatever is under way. What is called from now on is refused. */
  async destroy(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#others.destroy()])
  }
}

function isWhole(call: Call): call is WholeCall {
  return !(call.body instanceof Readable) && (call.upgrade ?? null) === null
}
