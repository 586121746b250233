/**
 * A text with stars, each of which stands for any text, none included. What stands between them is taken where it is found
 * first, so that a text is looked through once, however it is made.
 */
export class Wildcard {
  readonly #first: string
  /** Between stars. */
  readonly #between: readonly string[]
  /** Behind the last star; undefined where there is none. */
  readonly #last: string | undefined

  constructor(written: string) {
    const [first = '', ...others] = written.split('*')
    this.#first = first
    this.#last = others.pop()
    this.#between = others
  }

  covers(text: string): boolean {
    if (this.#last === undefined) return text === this.#first
    const end = text.length - this.#last.length
    if (end < this.#first.length || !text.startsWith(this.#first) || !text.endsWith(this.#last)) return false
    let at = this.#first.length
    for (const part of this.#between) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= end
  }
}
