import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a client may take to read its last answer, in milliseconds. */
const READING_MS = 500
/** And how long one that is sending meanwhile, as many look for an answer only then. */
const SENDING_MS = 5000

/** What a socket tells of what it has not sent: Node has no public word for how much of a piece has gone. */
interface Wire extends Duplex {
  readonly bytesWritten?: number
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

/** How a connection comes to its end. Once that has begun, nothing more of what its client sends is looked at. */
export class Parting {
  hasBegun = false
  readonly #socket: Duplex
  #patience: NodeJS.Timeout | undefined
  /** How far the client had come with what was written, when that was looked at, and since when it is no further. */
  #place = 0
  #stillSince = 0

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Whatever is on its way. */
  breakOff(): void {
    this.hasBegun = true
    this.#socket.destroy()
  }

  /** Behind what was written, from a client that sends nothing. */
  atOnce(): void {
    this.hasBegun = true
    if ('destroySoon' in this.#socket) (this.#socket as Socket).destroySoon()
    else this.gently(false)
  }

  /**
   * Behind what was written, whatever the client does. What it sends on is read and dropped: closing over unread bytes would
   * take the answer from it (RFC 9112 §9.6).
   */
  gently(isSending: boolean): void {
    this.hasBegun = true
    this.#socket.resume()
    this.#socket.end()
    this.#patience = setTimeout(() => this.#socket.destroy(), isSending ? SENDING_MS : READING_MS)
  }

  /**
   * Breaks off where the client has taken nothing for `ms` of what is on its way to it; true where it does. Asked again and
   * again.
   */
  watch(now: number, ms: number): boolean {
    const { writableLength, bytesWritten = 0, _handle } = this.#socket as Wire
    // What it sends is no sign that it takes anything, and a piece may be long: what the system has of it counts, too.
    const left = writableLength === 0 ? 0 : writableLength + (_handle?.writeQueueSize ?? 0)
    const place = bytesWritten - left
    const isStill = left > 0 && place === this.#place
    this.#place = place
    if (!isStill) this.#stillSince = now
    if (!isStill || now - this.#stillSince < ms) return false
    this.breakOff()
    return true
  }

  /** The connection is closed. */
  end(): void {
    this.hasBegun = true
    clearTimeout(this.#patience)
  }
}
