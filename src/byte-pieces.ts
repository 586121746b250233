/** From this size on a piece is kept as it came. */
const LARGE = 16 * 1024
const LEAST_BLOCK = 4 * 1024
const MOST_BLOCK = 64 * 1024

/**
 * Bytes that come in pieces of any size. A sender chooses the sizes, and each piece holds on to all the bytes that were
 * read with it: small ones are copied together, so that what is held stays within a few times the size. The first is
 * kept as it came, for it is mostly the only one.
 */
export class BytePieces {
  #list: Buffer[] = []
  /** Bytes of all pieces. */
  size = 0
  /** Takes small pieces. */
  #block: Buffer | undefined
  #filled = 0

  add(piece: Buffer): void {
    this.size += piece.length
    if (this.#list.length > 0 || this.#block !== undefined) {
      if (piece.length < LARGE) return this.#copy(piece)
      this.#closeBlock()
    }
    this.#list.push(piece)
  }

  /** In order, in few pieces. */
  get list(): readonly Buffer[] {
    this.#closeBlock()
    return this.#list
  }

  /** All of it as one. */
  whole(): Buffer {
    const [only = Buffer.alloc(0), ...others] = this.list
    return others.length === 0 ? only : Buffer.concat(this.#list, this.size)
  }

  /** All of it as one; none of it is held any longer. */
  take(): Buffer {
    const whole = this.whole()
    this.#list = []
    this.size = 0
    return whole
  }

  #copy(piece: Buffer): void {
    let rest = piece
    while (rest.length > 0) {
      this.#block ??= Buffer.allocUnsafeSlow(Math.min(Math.max(this.size, LEAST_BLOCK), MOST_BLOCK))
      const copied = rest.copy(this.#block, this.#filled)
      this.#filled += copied
      if (this.#filled === this.#block.length) this.#closeBlock()
      rest = rest.subarray(copied)
    }
  }

  #closeBlock(): void {
    if (this.#block === undefined) return
    const taken = this.#block.subarray(0, this.#filled)
    this.#list.push(2 * taken.length < this.#block.length ? copyOf(taken) : taken)
    this.#block = undefined
    this.#filled = 0
  }
}

/** In memory of its own: Node's pool for small ones is held as long as any of them is, and has 64 KiB since Node 24. */
function copyOf(piece: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(piece.length)
  piece.copy(copy)
  return copy
}
