import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a client may take to read its last answer, in milliseconds. */
const READING_MS = 500
/** And how long one that is sending meanwhile, as many look for an answer only then. */
const SENDING_MS = 5000

/** How a connection comes to its end. Once that has begun, nothing more of what its client sends is looked at. */
export class Parting {
  hasBegun = false
  readonly #socket: Duplex
  #patience: NodeJS.Timeout | undefined
  #isWatched = false

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

  /** Breaks off once the client has taken nothing for so long of what is on its way to it: Node sees to what it has taken. */
  watch(ms: number): void {
    if (this.#isWatched || !('setTimeout' in this.#socket)) return
    this.#isWatched = true
    ;(this.#socket as Socket).setTimeout(ms, this.#onStill)
  }

  /** It has taken all, or is somebody else's. */
  unwatch(): void {
    if (!this.#isWatched) return
    this.#isWatched = false
    ;(this.#socket as Socket).setTimeout(0, this.#onStill)
  }

  readonly #onStill = (): void => {
    if (this.#socket.writableLength > 0) this.breakOff()
    else this.unwatch()
  }

  /** The connection is closed. */
  end(): void {
    this.hasBegun = true
    clearTimeout(this.#patience)
  }
}
