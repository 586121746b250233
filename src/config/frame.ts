import type { Range } from './diagnostic.ts'
import type { MaskedLine } from './mask.ts'
import type { LineIndex } from './position.ts'
import { printable } from './printable.ts'
import { maskedAt } from './secret-lines.ts'

/** Longer lines are no text for people, and looking for secrets in them takes time. Characters. */
const LONGEST_LINE = 2000

/** A line (1-based) as it may be shown: masked, or what is left to say of it when it is too long. */
export function shownLine(lines: LineIndex, number: number): string {
  return shown(lines, number).text
}

function shown(lines: LineIndex, number: number): MaskedLine {
  const line = lines.line(number)
  if (line.length > LONGEST_LINE)
    return { text: `(a line of ${line.length} characters, not shown)`, columnOf: column => column }
  const { text, columnOf } = maskedAt(lines, number)
  return { text: printable(text), columnOf }
}

/** One printed line of a code frame; `marker` is the column range to underline, 1-based, `end` exclusive. */
export interface FrameLine {
  readonly number: number
  readonly text: string
  readonly marker?: { readonly start: number; readonly end: number }
}

/** The lines around a finding, as written and masked, for a printer to lay out. */
export function codeFrame(lines: LineIndex, range: Range, around = 1): FrameLine[] {
  const from = Math.max(1, range.start.line - around)
  const to = Math.min(lines.count, range.start.line + around)
  const frame: FrameLine[] = []
  for (let number = from; number <= to; number += 1) {
    const { text, columnOf } = shown(lines, number)
    if (number !== range.start.line || lines.line(number).length > LONGEST_LINE) {
      frame.push({ number, text })
      continue
    }
    const start = columnOf(range.start.column)
    const end = range.end.line === number ? columnOf(range.end.column, true) : text.length + 1
    frame.push({ number, text, marker: { start, end: Math.max(end, start + 1) } })
  }
  while (frame.at(-1)?.text === '' && frame.at(-1)?.marker === undefined && frame.length > 1) frame.pop()
  return frame
}
