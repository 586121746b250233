import { HashTable } from './hash-table.ts'

/** A form is looked for where its first so many characters stand; shorter ones cannot be added. */
const WINDOW = 8
/** How many places in a window three characters may stand at. */
const FARTHEST = WINDOW - 2
/** Of the polynomial whose value is a text's hash: odd, and another in each process, so that nobody can aim at it. */
const BASE = Math.floor(Math.random() * 0x7fff_ffff) | 1
function hashOf(text: string, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0
  return hash
}

/** Three characters in a row, for a table of 64 Ki. */
function blockAt(text: string, at: number): number {
  return ((text.charCodeAt(at) << 10) ^ (text.charCodeAt(at + 1) << 5) ^ text.charCodeAt(at + 2)) & 0xffff
}

/** Where a form stands in a text, and whose it is. Offsets; `end` is exclusive. */
export interface Found {
  readonly start: number
  readonly end: number
  readonly owner: number
}

/**
 * Finds the forms of any number of owners in a text, in one pass that takes no longer the more there are. It keeps their
 * hashes alone; `isForm` is asked whether a text is really one.
 */
export class FormIndex {
  readonly #isForm: (owner: number, text: string) => boolean
  readonly #owners = new HashTable()
  /**
   * How far a form that starts later must be away, by the last three characters of a window: at nearly all places of a text
   * there is nothing more to look at. (Wu and Manber, A fast algorithm for multi-pattern searching, 1994.)
   */
  readonly #shifts = new Uint8Array(0x1_0000).fill(FARTHEST)
  /** Hashes of the first characters of forms. */
  readonly #beginnings = new HashTable()
  /** The lengths that forms have, longest first. */
  #lengths: number[] = []

  constructor(isForm: (owner: number, text: string) => boolean) {
    this.#isForm = isForm
  }

  add(form: string, owner: number): void {
    if (form.length < WINDOW) throw new RangeError(`a form has ${WINDOW} characters or more`)
    this.#owners.add(hashOf(form, 0, form.length), owner)
    const beginning = hashOf(form, 0, WINDOW)
    if (!this.#beginnings.has(beginning)) this.#beginnings.add(beginning, 0)
    for (let shift = 0; shift < FARTHEST; shift += 1) {
      const block = blockAt(form, FARTHEST - 1 - shift)
      this.#shifts[block] = Math.min(this.#shifts[block] ?? 0, shift)
    }
    if (!this.#lengths.includes(form.length))
      this.#lengths = [...this.#lengths, form.length].sort((a, b) => b - a)
  }

  /** Where forms stand in a text: from the left, the longest of those that start alike, none inside another. */
  *find(text: string): Generator<Found, void> {
    let at = this.#nextBeginning(text, 0)
    while (at !== -1) {
      const found = this.#longestAt(text, at)
      if (found !== undefined) yield found
      at = this.#nextBeginning(text, found?.end ?? at + 1)
    }
  }

  /** The first place from `from` on where a form may stand; -1 where there is none. */
  #nextBeginning(text: string, from: number): number {
    if (this.#beginnings.isEmpty) return -1
    const last = text.length - WINDOW
    for (let at = from; at <= last; ) {
      const shift = this.#shifts[blockAt(text, at + FARTHEST - 1)] ?? 0
      if (shift === 0 && this.#beginnings.has(hashOf(text, at, at + WINDOW))) return at
      at += shift || 1
    }
    return -1
  }

  #longestAt(text: string, start: number): Found | undefined {
    for (const length of this.#lengths) {
      const end = start + length
      if (end > text.length) continue
      const isForm = (owner: number): boolean => this.#isForm(owner, text.slice(start, end))
      const owner = this.#owners.find(hashOf(text, start, end), isForm)
      if (owner !== undefined) return { start, end, owner }
    }
    return
  }
}
