import { Agent } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What Node asks of a socket beyond a stream; a stream in memory never waits and has no address. */
function asSocket(duplex: Duplex): Socket {
  const nothing = () => duplex
  return Object.assign(duplex, {
    setTimeout: nothing,
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
  }) as unknown as Socket
}

/** An agent whose requests go over connections that the gateway makes. */
export class MemoryAgent extends Agent {
  readonly #connect: () => Duplex

  constructor(connect: () => Duplex) {
    super({ keepAlive: false })
    this.#connect = connect
  }

  override createConnection(): Socket {
    return asSocket(this.#connect())
  }
}
