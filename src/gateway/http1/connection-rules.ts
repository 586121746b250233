import type { Duplex } from 'node:stream'
import type { GatewayRequest } from './gateway-request.ts'
import type { GatewayResponse } from './gateway-response.ts'

/** Takes a request; `expectsContinue` when the client waits for leave to send its body. */
export type Accept = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean) => void

/** What all connections of a port share. */
export interface ConnectionRules {
  readonly accept: Accept
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
