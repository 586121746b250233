import { structuredPatch } from 'diff'
import { printable } from '../config/printable.ts'
import type { Terminal } from './terminal.ts'

/** A unified diff for people: two lines of context, secrets masked line by line by `mask`. */
export function printableDiff(
  before: string,
  after: string,
  name: string,
  terminal: Terminal,
  mask: (line: string) => string,
): string {
  const patch = structuredPatch(name, name, before, after, '', '', { context: 2 })
  const lines = [
    terminal.style('bold', before === '' ? `new file ${printable(name)}` : printable(name), 'err'),
  ]
  for (const hunk of patch.hunks) {
    if (before !== '') lines.push(terminal.style('dim', `@@ line ${hunk.newStart} @@`, 'err'))
    for (const line of hunk.lines) {
      if (line.startsWith('\\')) continue
      const shown = `  ${line[0] ?? ' '} ${mask(line.slice(1))}`.trimEnd()
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : undefined
      lines.push(style ? terminal.style(style, shown, 'err') : shown)
    }
  }
  return lines.join('\n')
}
