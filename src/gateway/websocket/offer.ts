import type { Duplex } from 'node:stream'

/** What the connection of a client gives away when that becomes a WebSocket. */
export interface TakenConnection {
  readonly socket: Duplex
  /** What the client has sent by now. */
  readonly early: readonly Buffer[]
}

/** A client's offer to become a WebSocket. Until it is accepted, what the client sends is kept, and goes nowhere. */
export interface Offer {
  /** It is accepted: the socket is the caller's. The answer ends when the socket closes. */
  take(): TakenConnection
}
