import type { Exchange } from '../exchange.ts'
import {
  EXPECTATION_FAILED,
  type Failure,
  INVALID_REQUEST,
  NO_HANDSHAKE,
  NO_TRACE,
  NO_TUNNEL,
  TOO_MANY_HEADERS,
  UNKNOWN_CODING,
} from '../failures.ts'
import { loopOf } from '../headers/via.ts'
import { isHandshake } from '../websocket/handshake.ts'
import { isSound } from './soundness.ts'

/** Why no gateway takes a request, whatever its config says; undefined of one that may look for its listener. */
export function unfitness(exchange: Exchange): Failure | undefined {
  const { request, headers } = exchange
  const { maxHeaders } = exchange.generation.runtime.settings
  if (exchange.method === 'CONNECT') return NO_TUNNEL
  if (exchange.path === '' || !exchange.hasItsHosts || !isSound(request)) return INVALID_REQUEST
  if (request.expectsOther) return EXPECTATION_FAILED
  if (request.rawHeaders.length > 2 * maxHeaders) return TOO_MANY_HEADERS
  if (exchange.method === 'TRACE') return NO_TRACE
  const loop = loopOf(exchange)
  if (loop !== undefined) return loop
  const { 'transfer-encoding': coding } = headers
  // The chunks are taken apart, and the other codings are left on, which nobody behind would know of.
  if (coding !== undefined && /,\s*chunked\s*$/i.test(coding)) return UNKNOWN_CODING
  return exchange.isUpgrade && !isHandshake(request) ? NO_HANDSHAKE : undefined
}
