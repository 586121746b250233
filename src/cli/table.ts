import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'

/**
 * Rows under headings, each column as wide as its widest cell; where that is wider than the terminal, each row as a list
 * under its first cell. Cells may be coloured.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, 'columns' | 'lines' | 'style'>,
): string {
  // Not as arguments of one call: there may be more rows than it takes.
  const widths = headings.map((heading, column) =>
    rows.reduce((widest, row) => Math.max(widest, width(row[column] ?? '')), width(heading)),
  )
  if (widths.reduce((sum, one) => sum + one + 2, -2) > terminal.columns)
    return lists(headings, rows, terminal)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd()
  return [terminal.style('dim', line(headings)), ...rows.map(line)].join('\n')
}

/** Letters that take the place of two. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu
/** Signs that stand on the letter before them. */
const ON_TOP = /\p{Mark}/gu

/** How many places of a terminal a cell takes. */
function width(cell: string): number {
  const seen = stripVTControlCharacters(cell).replace(ON_TOP, '').replace(WIDE, 'xx')
  return [...seen].length
}

/** How far in a cell stands below its heading, where a word of it is too long to stand beside it. */
const BELOW = 4

/** One list a row: what does not fit side by side stands one below the other. */
function lists(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, 'columns' | 'lines' | 'style'>,
): string {
  const widest = Math.max(...headings.slice(1).map(heading => heading.length))
  const indent = widest + 4
  const shown = (cell: string): string => {
    const beside = terminal.lines(cell, terminal.columns - indent)
    if (beside.every(line => width(line) <= terminal.columns - indent))
      return `  ${beside.join(`\n${' '.repeat(indent)}`)}`
    return ['', ...terminal.lines(cell, terminal.columns - BELOW)].join(`\n${' '.repeat(BELOW)}`)
  }
  const list = ([first = '', ...rest]: readonly string[]): string =>
    [
      first,
      ...rest.map((cell, at) => {
        const told = shown(cell)
        const heading = headings[at + 1] ?? ''
        return `  ${terminal.style('dim', told.startsWith('\n') ? heading : heading.padEnd(widest))}${told}`
      }),
    ].join('\n')
  return rows.map(list).join('\n')
}
