import type { Socket } from 'node:net'
import type { GatewayRequest, GatewayResponse } from './exchange.ts'

/** Requests of one connection that may wait for the answers before theirs. */
const MOST_WAITING = 100
/** All that came with the last of them has been read into requests already; with more than this it is an assault. */
const MOST_READ = 500

/** How many requests wait, or were read behind those that may. */
const waiting = new WeakMap<Socket, number>()

/**
 * Takes up requests that came before the answer to the one before them. One request of a connection goes upstream at a
 * time, or a single connection could take all that there are. Reading goes on meanwhile, for only so it is seen that a
 * client has gone; a client that sends too many gets the answers to the first, the last with `Connection: close`, and
 * has to send the others again (RFC 9112 §9.3.2).
 */
export function inTurn(request: GatewayRequest, response: GatewayResponse, begin: () => void): void {
  const { socket } = request
  const before = waiting.get(socket) ?? 0
  waiting.set(socket, before + 1)
  if (before < MOST_WAITING) {
    if (before === MOST_WAITING - 1) response.shouldKeepAlive = false
    response.onTurn = () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
      begin()
    }
    return
  }
  request.resume()
  if (before === MOST_WAITING) socket.removeAllListeners('data').on('data', forget)
  else if (before === MOST_READ) socket.destroy()
}

function forget(): void {}
