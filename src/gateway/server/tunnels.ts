import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { ALLOWED_METHODS, NO_TUNNEL } from '../failures.ts'
import { partFrom } from './parting.ts'

const REFUSED = `HTTP/1.1 405 Method Not Allowed\r\nallow: ${ALLOWED_METHODS}\r\ncontent-type: text/plain\r\ncontent-length: ${NO_TUNNEL.body.length}\r\nconnection: close\r\n\r\n${NO_TUNNEL.body}`

/**
 * Answers CONNECT with 405 and parts from the client, whatever it does. Node has taken its listeners and time limits off
 * such a socket. `before` is the answer to the last request on it, which may still be under way.
 */
export function refuseTunnel(socket: Duplex, before: ServerResponse | undefined): void {
  socket.on('error', () => socket.destroy())
  // The refusal would be taken for the answer that is still to come.
  if (before !== undefined && !before.writableFinished) {
    socket.destroy()
    return
  }
  socket.write(REFUSED)
  partFrom(socket)
}
