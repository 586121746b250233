/** Bytes of an answer nobody wants that are read before its connection is given up. */
const MOST_BYTES = 64 * 1024
/** And how long that may take, in milliseconds. */
const MOST_MS = 2000

/**
 * An answer that is not for the client. A short one is read to its end, so that its connection can be used again; one that
 * does not come to its end would keep it for ever.
 */
export class DiscardedAnswer {
  readonly #giveUp: () => void
  readonly #patience: NodeJS.Timeout
  #bytes = 0

  constructor(giveUp: () => void) {
    this.#giveUp = giveUp
    this.#patience = setTimeout(giveUp, MOST_MS).unref()
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MOST_BYTES) this.#giveUp()
  }

  /** Nothing more comes of it. */
  end(): void {
    clearTimeout(this.#patience)
  }
}
