const FIRST_SIZE = 64
/** Spreads hashes whose low bits are alike: 2^32 divided by the golden ratio. */
const SPREAD = 0x9e37_79b1

/**
 * Numbers by hash, any number of them for each: two arrays of 32-bit integers, where a Map of a million entries takes
 * ten times the memory. Hashes are 32-bit integers, numbers at least 0.
 */
export class HashTable {
  #hashes = new Int32Array(FIRST_SIZE)
  /** One more than the number at each place; 0 where there is none. */
  #numbers = new Int32Array(FIRST_SIZE)
  #shift = 32 - Math.log2(FIRST_SIZE)
  #size = 0

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(hash: number, number: number): void {
    if (2 * this.#size >= this.#hashes.length) this.#grow()
    this.#put(hash, number + 1)
    this.#size += 1
  }

  has(hash: number): boolean {
    return this.find(hash, () => true) !== undefined
  }

  /** A number with this hash that is accepted. */
  find(hash: number, accepts: (number: number) => boolean): number | undefined {
    const mask = this.#hashes.length - 1
    for (let at = this.#home(hash); this.#numbers[at] !== 0; at = (at + 1) & mask) {
      const number = (this.#numbers[at] ?? 0) - 1
      if (this.#hashes[at] === hash && accepts(number)) return number
    }
    return
  }

  #home(hash: number): number {
    return Math.imul(hash, SPREAD) >>> this.#shift
  }

  #put(hash: number, entry: number): void {
    const mask = this.#hashes.length - 1
    let at = this.#home(hash)
    while (this.#numbers[at] !== 0) at = (at + 1) & mask
    this.#hashes[at] = hash
    this.#numbers[at] = entry
  }

  #grow(): void {
    const hashes = this.#hashes
    const numbers = this.#numbers
    this.#hashes = new Int32Array(2 * hashes.length)
    this.#numbers = new Int32Array(2 * hashes.length)
    this.#shift -= 1
    for (const [at, entry] of numbers.entries()) if (entry !== 0) this.#put(hashes[at] ?? 0, entry)
  }
}
