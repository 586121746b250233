import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a client may take to read its last answer, in milliseconds. */
const PARTING_MS = 500

/** And how long one that is sending meanwhile, as many look for an answer only then. */
const SENDING_MS = 5000

/** Ends a connection behind its last answer, whatever the client does. */
export function partFrom(socket: Duplex, patienceMs = PARTING_MS): void {
  // What the client sends on is read and dropped: closing over unread bytes would take the answer from it (RFC 9112 §9.6).
  socket.removeAllListeners('data').on('data', drop).resume()
  socket.end()
  const parting = setTimeout(() => socket.destroy(), patienceMs)
  socket.once('close', () => clearTimeout(parting))
}

/** The same for a client that may be in the midst of a request. */
export function partFromSender(socket: Duplex): void {
  partFrom(socket, SENDING_MS)
}

/** Has Node part so from a client, where it ends the connection by itself with the last answer. */
export function partGently(socket: Socket): void {
  socket.destroySoon = () => partFromSender(socket)
}

function drop(): void {}
