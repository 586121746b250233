import type { Socket } from 'node:net'

/** Bytes up to which joining pays: Node copies longer text once more on its way out. */
const SHORT = 15 * 1024

interface Piece {
  readonly chunk: Buffer | string
  readonly encoding: string
}

/**
 * Has a socket write short pieces that were handed over together as one text, in which every byte is a character. undici gives
 * the head of a request and its body apart, and of several pieces Node makes a list for the system first: 3 of 50 µs per
 * request of a bare relay (`npm run bench`). Gives the socket back.
 */
export function joinWrites<S extends Socket>(socket: S): S {
  const writeApart = socket._writev
  if (writeApart === undefined) return socket
  socket._writev = function (pieces: Piece[], done) {
    const text = joined(pieces)
    if (text === undefined) writeApart.call(this, pieces as never, done)
    else this._write(text, 'latin1', done)
  }
  return socket
}

/** Undefined where they are too long, or one is text in another encoding. */
function joined(pieces: readonly Piece[]): string | undefined {
  let size = 0
  for (const { chunk, encoding } of pieces) {
    size += chunk.length
    if (size > SHORT || (typeof chunk === 'string' && encoding !== 'latin1')) return undefined
  }
  let text = ''
  for (const { chunk } of pieces) text += typeof chunk === 'string' ? chunk : chunk.toString('latin1')
  return text
}
