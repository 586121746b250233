import type { Duplex } from 'node:stream'
import type { GatewayRequest } from './gateway-request.ts'
import type { GatewayResponse } from './gateway-response.ts'

/** Who is told of what comes over connections. */
export interface Intake {
  /** A request has come; `expectsContinue` when the client waits for leave to send its body. */
  accept(request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean): void
  /**
   * The connection is about to answer what is no request, or could not be accepted. It began at `since`, by `performance.now()`.
   */
  onRefused(response: GatewayResponse, since: number): void
}

/** What all connections of a port share. */
export interface ConnectionRules extends Intake {
  /** How long clients may take, in milliseconds, for a head, for a whole request, and for the next one. */
  readonly headMs: number
  readonly requestMs: number
  idleMs: number
  keepAliveLine: string
  /** The port closes: an answer is the last one of its connection, unless further requests are here. */
  isClosing: boolean
  /** Whether requests of this connection are taken still. */
  isOutdated(socket: Duplex): boolean
}

/** As clients are told it: in seconds, where it is one at least. */
export function keepAliveLine(idleMs: number): string {
  const seconds = Math.floor(idleMs / 1000)
  return seconds < 1 ? '' : `Keep-Alive: timeout=${seconds}\r\n`
}
