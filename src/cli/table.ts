import { stripVTControlCharacters } from 'node:util'

/** Rows under headings, each column as wide as its widest cell. Cells may be coloured. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  styleHeading: (text: string) => string = text => text,
): string {
  const width = (cell: string): number => stripVTControlCharacters(cell).length
  const widths = headings.map((heading, column) =>
    Math.max(width(heading), ...rows.map(row => width(row[column] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd()
  return [styleHeading(line(headings)), ...rows.map(line)].join('\n')
}
