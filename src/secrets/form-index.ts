import { HashTable } from './hash-table.ts'

/** A form is looked for where its first so many characters stand; shorter ones cannot be added. */
const WINDOW = 8
/** How many places in a window three characters may stand at. */
const FARTHEST = WINDOW - 2
/** Of the polynomial whose value is a text's hash: odd, and another in each process. */
const BASE = Math.floor(Math.random() * 0x7fff_ffff) | 1
/** BASE to the power of its index, modulo 2^32. */
const powers: number[] = [1]

function power(exponent: number): number {
  for (let at = powers.length; at <= exponent; at += 1) powers.push(Math.imul(powers[at - 1] ?? 0, BASE))
  return powers[exponent] ?? 0
}

/** The hash of each beginning of a text, the empty one first. */
function hashesOf(text: string): Int32Array {
  const hashes = new Int32Array(text.length + 1)
  let hash = 0
  for (let at = 0; at < text.length; at += 1) {
    hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0
    hashes[at + 1] = hash
  }
  return hashes
}

/** The hash of a part of a text, out of those of its beginnings. */
function between(hashes: Int32Array, start: number, end: number): number {
  return ((hashes[end] ?? 0) - Math.imul(hashes[start] ?? 0, power(end - start))) | 0
}

function windowAt(text: string, start: number): number {
  let hash = 0
  for (let at = start; at < start + WINDOW; at += 1) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0
  return hash
}

/** Three characters in a row, for a table as long as the mask says. */
function blockAt(text: string, at: number, mask: number): number {
  return ((text.charCodeAt(at) << 10) ^ (text.charCodeAt(at + 1) << 5) ^ text.charCodeAt(at + 2)) & mask
}

/**
 * Bytes of the table at first, when it grows, and at last. A small one is quickly made, and stays in the processor's nearest
 * cache: with 64 KiB for one key the search of a line of the log took twice as long.
 */
const SMALLEST = 0x1000
const GROWTH = 4
const LARGEST = 0x1_0000
/** Of a table, for each form: with more forms than that it would know too few places where there is nothing to look at. */
const ROOM = 64

/** Where a form stands in a text, and whose it is. Offsets; `end` is exclusive. */
export interface Found {
  readonly start: number
  readonly end: number
  readonly owner: number
}

/**
 * Finds the forms of any number of owners in a text, in one pass: at most places nothing is looked at. Of many it keeps
 * hashes alone; `isForm` is asked whether a text is really one. A form is looked for only as far as its beginning stands there, of 8, 16, 32
 * characters and so on: the first few of a key are no secret, and a text may be full of them.
 */
export class FormIndex {
  readonly #isForm: (owner: number, text: string) => boolean
  readonly #owners = new HashTable()
  /**
   * How far a form that starts later must be away, by the last three characters of a window: at nearly all places of a text
   * there is nothing more to look at. (Wu and Manber, A fast algorithm for multi-pattern searching, 1994.)
   */
  #shifts = new Uint8Array(SMALLEST).fill(FARTHEST)
  /** All forms, until the table has grown to its last size. */
  #few: string[] | undefined = []
  /** Hashes of the first 8, 16, 32 characters of forms and so on. */
  readonly #beginnings = new HashTable()
  /** The lengths that forms have, by the longest of those beginnings that they have room for; longest first. */
  readonly #lengths = new Map<number, number[]>()

  constructor(isForm: (owner: number, text: string) => boolean) {
    this.#isForm = isForm
  }

  add(form: string, owner: number): void {
    if (form.length < WINDOW) throw new RangeError(`a form has ${WINDOW} characters or more`)
    const hashes = hashesOf(form)
    this.#owners.add(between(hashes, 0, form.length), owner)
    let size = WINDOW
    for (; size <= form.length; size *= 2) this.#begin(between(hashes, 0, size))
    const lengths = this.#lengths.get(size / 2) ?? []
    if (!lengths.includes(form.length))
      this.#lengths.set(
        size / 2,
        [...lengths, form.length].sort((a, b) => b - a),
      )
    this.#few?.push(form)
    if (this.#few !== undefined && this.#few.length * ROOM > this.#shifts.length) this.#grow(this.#few)
    else this.#putShifts(form)
  }

  #grow(forms: readonly string[]): void {
    this.#shifts = new Uint8Array(this.#shifts.length * GROWTH).fill(FARTHEST)
    for (const form of forms) this.#putShifts(form)
    if (this.#shifts.length === LARGEST) this.#few = undefined
  }

  #putShifts(form: string): void {
    for (let shift = 0; shift < FARTHEST; shift += 1) {
      const block = blockAt(form, FARTHEST - 1 - shift, this.#shifts.length - 1)
      this.#shifts[block] = Math.min(this.#shifts[block] ?? 0, shift)
    }
  }

  #begin(hash: number): void {
    if (!this.#beginnings.has(hash)) this.#beginnings.add(hash, 0)
  }

  /** False where what stands at a place is surely not the beginning of a form. */
  mayBeginAt(text: string, at: number): boolean {
    return at + WINDOW > text.length || this.#beginnings.has(windowAt(text, at))
  }

  /** The first place from `from` on where a form may begin; -1 where there is none. */
  candidate(text: string, from: number): number {
    if (this.#beginnings.isEmpty) return -1
    const last = text.length - WINDOW
    const shifts = this.#shifts
    const mask = shifts.length - 1
    for (let at = from; at <= last; ) {
      const shift = shifts[blockAt(text, at + FARTHEST - 1, mask)] ?? 0
      if (shift === 0 && this.mayBeginAt(text, at)) return at
      at += shift || 1
    }
    return -1
  }

  /** Where forms stand in a text: from the left, the longest of those that start alike, none inside another. */
  *find(text: string): Generator<Found, void> {
    let at = this.candidate(text, 0)
    if (at < 0) return
    const hashes = hashesOf(text)
    while (at >= 0) {
      const found = this.#longestAt(text, hashes, at)
      if (found !== undefined) yield found
      at = this.candidate(text, found?.end ?? at + 1)
    }
  }

  #longestAt(text: string, hashes: Int32Array, start: number): Found | undefined {
    let longest: Found | undefined
    for (let size = WINDOW; start + size <= text.length; size *= 2) {
      if (!this.#beginnings.has(between(hashes, start, start + size))) break
      longest = this.#foundAt(text, hashes, start, this.#lengths.get(size) ?? []) ?? longest
    }
    return longest
  }

  #foundAt(text: string, hashes: Int32Array, start: number, lengths: readonly number[]): Found | undefined {
    for (const length of lengths) {
      const end = start + length
      if (end > text.length) continue
      const isForm = (owner: number): boolean => this.#isForm(owner, text.slice(start, end))
      const owner = this.#owners.find(between(hashes, start, end), isForm)
      if (owner !== undefined) return { start, end, owner }
    }
    return
  }
}
