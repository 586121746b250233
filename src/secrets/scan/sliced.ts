import type { Range } from '../../config/diagnostic.ts'
import { LineIndex } from '../../config/position.ts'
import { decoderOf, isCompressed } from './encoding.ts'
import type { FoundKey, Search } from './search.ts'

/** A key and where it stands in the whole text. Holds no value. */
export interface PlacedKey extends Omit<FoundKey, 'start' | 'end'> {
  readonly range: Range
}

/** What was found in a text. */
export interface Searched {
  readonly found: readonly PlacedKey[]
  /** The lines, every key in them masked; none of a text that was too long for one slice. */
  readonly lines: LineIndex
  /** The text was packed: nothing was looked for. */
  readonly compressed: boolean
}

/** How much is searched in one go. Bytes. */
export const SLICE_BYTES = 4 * 1024 * 1024
/** What is looked at twice where two slices meet: more than a key, its name and its comment take. Characters. */
const MARGIN = 64 * 1024

/** Looks for keys in bytes that come in pieces, in memory that does not grow with them. */
export class SlicedSearch {
  readonly #search: Search
  readonly #found: PlacedKey[] = []
  #chunks: Buffer[] = []
  #length = 0
  #decode: ((bytes: Buffer, last: boolean) => string) | undefined
  #compressed = false
  #lines: LineIndex | undefined
  /** The end of the text that has been searched, and how much of it is there only to be looked back at. */
  #carry = ''
  #before = 0
  /** Where `#carry` starts. */
  #at = { offset: 0, line: 1, column: 1 }

  constructor(search: Search) {
    this.#search = search
  }

  push(chunk: Buffer): void {
    if (this.#compressed) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length >= SLICE_BYTES) this.#slice(false)
  }

  end(): Searched {
    if (!this.#compressed) this.#slice(true)
    return { found: this.#found, lines: this.#lines ?? new LineIndex(''), compressed: this.#compressed }
  }

  #slice(last: boolean): void {
    const bytes = Buffer.concat(this.#chunks, this.#length)
    this.#chunks = []
    this.#length = 0
    if (this.#decode === undefined) {
      this.#compressed = isCompressed(bytes)
      if (this.#compressed) return
      this.#decode = decoderOf(bytes)
    }
    const isWhole = last && this.#at.offset === 0 && this.#carry === ''
    const text = this.#carry + this.#decode(bytes, last)
    const found = this.#search(text)
    const end = last ? text.length : Math.max(this.#before, text.length - MARGIN)
    const fresh = found.filter(({ start }) => start >= this.#before && start < end)
    if (isWhole && fresh.length > 0) this.#lines = new LineIndex(masked(text, found))
    if (last && fresh.length === 0) return
    const lines = this.#lines ?? new LineIndex(text)
    this.#found.push(...fresh.map(one => this.#placed(one, lines)))
    const from = Math.max(0, end - MARGIN)
    this.#at = this.#position(lines, from)
    this.#carry = text.slice(from)
    this.#before = end - from
  }

  #placed({ start, end, ...rest }: FoundKey, lines: LineIndex): PlacedKey {
    return { ...rest, range: { start: this.#position(lines, start), end: this.#position(lines, end) } }
  }

  #position(lines: LineIndex, at: number): Range['start'] {
    const { offset, line, column } = lines.position(at)
    return {
      offset: this.#at.offset + offset,
      line: this.#at.line + line - 1,
      column: line === 1 ? this.#at.column + column - 1 : column,
    }
  }
}

function masked(text: string, found: readonly FoundKey[]): string {
  let shown = ''
  let at = 0
  for (const { start, end } of found) {
    shown += text.slice(at, start) + '*'.repeat(end - Math.max(start, at))
    at = end
  }
  return shown + text.slice(at)
}
