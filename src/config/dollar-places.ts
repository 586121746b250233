import type { LineIndex } from './position.ts'

/** The most that is looked at in front of a dollar sign: no hash of a password is longer. Characters. */
const HASH_LENGTH = 200

/** Where a `$` stands in the written text, which need not be YAML. Each line is read once, however many stand in it. */
export class DollarPlaces {
  readonly #text: string
  readonly #lines: LineIndex
  /** Line → offset of its comment; infinite where it has none. */
  readonly #comments = new Map<number, number>()

  constructor(text: string, lines: LineIndex) {
    this.#text = text
    this.#lines = lines
  }

  /** Behind a `#` on its line that follows white space or starts the line; quotes are respected. */
  isInComment(offset: number): boolean {
    const { line, column } = this.#lines.position(offset)
    let comment = this.#comments.get(line)
    if (comment === undefined) {
      comment = offset - column + 1 + commentIn(this.#lines.line(line))
      this.#comments.set(line, comment)
    }
    return comment < offset
  }

  /** Behind a name that starts with a digit, as in the hash of a password: no part of it is meant as a variable. */
  isInHash(offset: number): boolean {
    return /\$\d[^\s"']*$/.test(this.#text.slice(Math.max(0, offset - HASH_LENGTH), offset))
  }
}

/** Where the comment of a line starts. */
function commentIn(line: string): number {
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const c = line[at]
    if (quote !== '') {
      if (c === '\\' && quote === '"') at += 1
      else if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '#' && (at === 0 || /\s/.test(line[at - 1] ?? ' '))) return at
  }
  return Number.POSITIVE_INFINITY
}
