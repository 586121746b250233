import type { Position, Range } from './diagnostic.ts'

/** Turns offsets of a text into 1-based lines and columns; built once per text. */
export class LineIndex {
  readonly #starts: number[] = [0]
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) this.#starts.push(i + 1)
  }

  get count(): number {
    return this.#starts.length
  }

  /** The text of a 1-based line, without its line end; empty past the last line. */
  line(number: number): string {
    const start = this.#starts[number - 1]
    if (start === undefined) return ''
    const end = this.#starts[number] ?? this.#text.length + 1
    return this.#text.slice(start, end - 1).replace(/\r$/, '')
  }

  position(offset: number): Position {
    const bounded = Math.max(0, Math.min(offset, this.#text.length))
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= bounded) low = middle
      else high = middle - 1
    }
    return { offset: bounded, line: low + 1, column: bounded - (this.#starts[low] ?? 0) + 1 }
  }

  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(Math.max(start, end)) }
  }
}
