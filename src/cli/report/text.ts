import { stripVTControlCharacters } from 'node:util'
import type { Diagnostic, Severity } from '../../config/diagnostic.ts'
import { codeFrame, type FrameLine, type LineIndex, printable } from '../../config/index.ts'
import type { Style, Terminal } from '../terminal.ts'
import { wrappedText } from '../wrapped.ts'
import { type CheckedFile, countOf } from './checked-file.ts'
import { counted } from './counted.ts'

/** How severities are called and coloured. */
export const LOOK: Readonly<Record<Severity, { readonly word: string; readonly style: Style }>> = {
  error: { word: 'error', style: 'red' },
  warning: { word: 'warning', style: 'yellow' },
  note: { word: 'note', style: 'blue' },
  'unsupported-here': { word: 'not run by agw serve', style: 'magenta' },
}

/** So many findings of a file are shown with their lines. */
const FRAMES = 100
const NO_MORE_FRAMES = 'from here on without the lines of the file: those above come first'

/** One finding as text: place and code, the sentence, a frame of the written text, what to do. `width` is that of a line. */
export function diagnosticText(
  diagnostic: Diagnostic,
  lines: LineIndex,
  name: string,
  terminal: Terminal,
  stream: 'out' | 'err',
  framed = true,
  width = terminal.columnsOf(stream),
): string {
  const { word, style } = LOOK[diagnostic.severity]
  const { start } = diagnostic.range
  const place = terminal.style('bold', `${nameInLog(name)}:${start.line}:${start.column}`, stream)
  const what = `${terminal.style(style, word, stream)} ${terminal.style('dim', diagnostic.code, stream)}`
  const written = framed ? codeFrame(lines, diagnostic.range) : []
  // What is cut before may be a secret that nobody finds any more.
  const whole = written.map(line => ({ ...line, text: terminal.redacted(line.text) }))
  const digits = String(whole.at(-1)?.number ?? 1).length
  const frame = cutTo(Math.max(LEAST, width - digits - GUTTER), whole)
  const drawn = frame.flatMap(line => {
    const gutter = terminal.style('dim', `  ${String(line.number).padStart(digits)} │`, stream)
    const row = `${gutter} ${line.text}`.trimEnd()
    if (line.marker === undefined) return [row]
    const { start: from, end } = line.marker
    const carets = '^'.repeat(Math.max(1, Math.min(end, line.text.length + 1) - from))
    const under = terminal.style('dim', `  ${' '.repeat(digits)} │`, stream)
    return [row, `${under} ${' '.repeat(from - 1)}${terminal.style(style, carets, stream)}`]
  })
  const laidOut = (text: string): string => wrappedText(terminal.redacted(text), width)
  const hint =
    diagnostic.hint === ''
      ? []
      : [laidOut(`  ${terminal.style('cyan', '→', stream)} ${printable(diagnostic.hint)}`)]
  return [
    besideOrBelow(terminal.redacted(place), what, width),
    laidOut(`  ${printable(diagnostic.message)}`),
    ...(lines.count > 1 || lines.line(1) !== '' ? drawn : []),
    ...hint,
  ].join('\n')
}

/** A name and what is told of it, in one line where that fits: a name that was broken could not be copied. */
function besideOrBelow(name: string, told: string, width: number): string {
  const line = `${name} ${told}`
  const fits = stripVTControlCharacters(line).length <= width
  return fits ? line : `${name}\n${wrappedText(`  ${told}`, width)}`
}

/** What stands around the number in front of a line of a frame: `  1 │ `. */
const GUTTER = 5
/** A line of a frame has so many characters however narrow the terminal is. */
const LEAST = 24
/** What is seen before the place that is meant, where a line does not fit. */
const BEFORE = 12

/** The lines of a frame in so many characters, all from the same column on, so that what is meant is seen. */
function cutTo(room: number, frame: readonly FrameLine[]): readonly FrameLine[] {
  const { start = 1, end = 1 } = frame.find(line => line.marker !== undefined)?.marker ?? {}
  const from = end - 1 <= room ? 0 : Math.max(0, start - 1 - BEFORE)
  return frame.map(({ number, text, marker }) => {
    const part = text.slice(from, from + room)
    const shown = `${from > 0 && part !== '' ? '…' : part.charAt(0)}${part.slice(1)}`
    return {
      number,
      text: text.length > from + room ? `${shown.slice(0, -1)}…` : shown,
      ...(marker && { marker: { start: marker.start - from, end: Math.min(marker.end - from, room + 1) } }),
    }
  })
}

/** The name of a file in front of a line. One that begins with these signs would be a command to the runner of a pipeline. */
function nameInLog(name: string): string {
  return printable(name).replace(/^(?=\s*(?:::|##\[))/, './')
}

/** `2 errors, 1 warning`, or `no findings`. */
export function summaryText(diagnostics: readonly Diagnostic[], ignored = 0): string {
  const parts: string[] = []
  const add = (number: number, word: string): void => {
    if (number > 0) parts.push(counted(number, word))
  }
  add(countOf(diagnostics, 'error'), 'error')
  add(countOf(diagnostics, 'warning'), 'warning')
  add(countOf(diagnostics, 'note'), 'note')
  const here = countOf(diagnostics, 'unsupported-here')
  if (here > 0) parts.push(`${here} not run by agw serve`)
  const found = parts.length === 0 ? 'no findings' : parts.join(', ')
  return ignored === 0 ? found : `${found} (${ignored} ignored by comments)`
}

/** Of more files, those in which nothing was found are but counted. */
const MANY_FILES = 10

/** All findings of all files, each file with its summary; `strict` is how warnings are marked. */
export function validateText(files: readonly CheckedFile[], terminal: Terminal, strict: boolean): string {
  const width = terminal.columnsOf('out')
  const isFound = (file: CheckedFile): boolean => file.diagnostics.length > 0 || file.suppressed.length > 0
  const shown = files.length > MANY_FILES ? files.filter(isFound) : files
  const blocks = shown.map(({ name: written, document, diagnostics, suppressed }) => {
    const name = nameInLog(written)
    const failed = countOf(diagnostics, 'error') + (strict ? countOf(diagnostics, 'warning') : 0) > 0
    const mark = failed ? terminal.style('red', '✗') : terminal.style('green', '✓')
    const told = diagnostics.map((one, index) => {
      const text = `${diagnosticText(one, document.lines, name, terminal, 'out', index < FRAMES)}\n`
      return index === FRAMES
        ? `${wrappedText(terminal.style('dim', NO_MORE_FRAMES), width)}\n\n${text}`
        : text
    })
    const shownName = `${mark} ${terminal.redacted(name)}:`
    return [...told, besideOrBelow(shownName, summaryText(diagnostics, suppressed.length), width)].join('\n')
  })
  if (files.length === 1) return blocks.join('')
  const ignored = files.reduce((sum, file) => sum + file.suppressed.length, 0)
  const all = files.flatMap(file => file.diagnostics)
  const gap = all.length > 0 ? '\n\n' : '\n'
  const clean = files.length - shown.length
  const rest = clean === 0 || all.length === 0 ? '' : ` (none in ${counted(clean, 'other file')})`
  const sum = wrappedText(`${files.length} files: ${summaryText(all, ignored)}${rest}`, width)
  return [...blocks, sum].join(gap)
}
