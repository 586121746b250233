import { printable } from '../../config/printable.ts'
import type { Terminal } from '../terminal.ts'
import type { WrittenFile } from '../write-files.ts'

/** What can be done after `agw init`. */
interface AfterInit {
  /** Does the same without questions. */
  readonly command: string
  readonly next: readonly string[]
  readonly dryRun: boolean
}

/** What became of each file, the one line that does the same, and what to run next. */
export function initText(
  files: readonly WrittenFile[],
  { command, next, dryRun }: AfterInit,
  terminal: Terminal,
): string {
  const lines = fileLines(files, dryRun, terminal)
  const steps = next.map(line => `  ${terminal.style('bold', line)}`)
  return [...lines, '', 'The same without questions:', `  ${command}`, '', 'Next:', ...steps].join('\n')
}

/** The same for a command that was told everything. */
export function writtenText(
  files: readonly WrittenFile[],
  next: readonly string[],
  dryRun: boolean,
  terminal: Terminal,
): string {
  const steps = next.map(line => `  ${terminal.style('bold', line)}`)
  return [...fileLines(files, dryRun, terminal), '', 'Next:', ...steps].join('\n')
}

function fileLines(files: readonly WrittenFile[], dryRun: boolean, terminal: Terminal): string[] {
  const shown = files.map(one => ({ ...one, file: printable(one.file) }))
  const width = Math.max(...shown.map(({ file }) => file.length))
  return shown.map(({ file, action, mode }) => {
    const word = dryRun && action !== 'unchanged' ? `would be ${action}` : action
    const rights = mode === '' ? '' : terminal.style('dim', `  ${mode}`)
    return `${terminal.style('green', word.padEnd(9))} ${mode === '' ? file : file.padEnd(width)}${rights}`
  })
}
