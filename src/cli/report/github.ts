import type { Diagnostic, Severity } from '../../config/diagnostic.ts'
import { CODES, printable } from '../../config/index.ts'
import type { AgwError } from '../../errors.ts'
import {
  type CheckedFile,
  countOf,
  failureSentence,
  fileBelow,
  SEVERITIES,
  sentence,
} from './checked-file.ts'
import { summaryText } from './text.ts'

/** GitHub shows no more annotations of a kind than this for one step. */
const SHOWN = 10
/** Rows of the step summary; GitHub refuses one of more than a megabyte. */
const ROWS = 200

const KIND: Readonly<Record<Severity, 'error' | 'warning' | 'notice'>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
  'unsupported-here': 'notice',
}

interface Placed {
  readonly file: string
  readonly diagnostic: Diagnostic
}

/**
 * The findings as workflow commands of GitHub Actions: as many annotations of a kind as it shows, worst first; the rest
 * as lines of the log; then one line with the count. Files are named from `root`, the workspace, on.
 */
export function githubText(files: readonly CheckedFile[], root: string, command = 'agw validate'): string {
  const shown: Record<string, number> = {}
  const annotations: string[] = []
  const others: string[] = []
  for (const placed of worstFirst(files, root)) {
    const kind = KIND[placed.diagnostic.severity]
    const count = (shown[kind] ?? 0) + 1
    shown[kind] = count
    if (count <= SHOWN) annotations.push(annotation(kind, placed))
    else others.push(logLine(placed))
  }
  const all = files.flatMap(file => file.diagnostics)
  const more =
    others.length === 0
      ? ''
      : `; GitHub shows ${SHOWN} of a kind as annotations, ${others.length} more are above`
  return [...annotations, ...others, `${command}: ${summaryText(all)}${more}`].map(printable).join('\n')
}

/** The annotation of a check that could not be made. */
export function githubFailure(error: AgwError): string {
  return printable(`::error title=agw validate::${data(failureSentence(error))}`)
}

/** The findings as Markdown, for the page of the run (`$GITHUB_STEP_SUMMARY`). */
export function stepSummary(files: readonly CheckedFile[], root: string): string {
  const all = files.flatMap(file => file.diagnostics)
  const word = countOf(all, 'error') > 0 ? '❌' : all.length > 0 ? '⚠️' : '✅'
  const head = `### ${word} agw validate: ${summaryText(all)}\n`
  const named = files
    .map(file => `- ${code(fileBelow(root, file))}: ${summaryText(file.diagnostics)}`)
    .join('\n')
  if (all.length === 0) return `${head}\n${named}\n`
  const placed = worstFirst(files, root)
  const rows = placed.slice(0, ROWS).map(({ file, diagnostic }) => {
    const { line } = diagnostic.range.start
    const cells = [
      diagnostic.severity,
      code(diagnostic.code),
      code(`${file}:${line}`),
      cell(sentence(diagnostic)),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const more = placed.length > ROWS ? `\n${placed.length - ROWS} more are in the log.\n` : ''
  const table = ['| severity | code | place | finding |', '| --- | --- | --- | --- |', ...rows].join('\n')
  return `${head}\n${named}\n\n${table}\n${more}`
}

function worstFirst(files: readonly CheckedFile[], root: string): Placed[] {
  const placed = files.flatMap(file => {
    const name = fileBelow(root, file)
    return file.diagnostics.map(diagnostic => ({ file: name, diagnostic }))
  })
  const rank = ({ diagnostic }: Placed): number => SEVERITIES.indexOf(diagnostic.severity)
  return placed.toSorted((a, b) => rank(a) - rank(b))
}

function annotation(kind: string, { file, diagnostic }: Placed): string {
  const { start, end } = diagnostic.range
  const properties: Record<string, string | number> = { file, line: start.line, endLine: end.line }
  // Columns are taken for a range of one line only.
  if (start.line === end.line) {
    properties['col'] = start.column
    properties['endColumn'] = end.column
  }
  properties['title'] = `${diagnostic.code}: ${titleOf(diagnostic.code)}`
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`)
  return `::${kind} ${listed.join(',')}::${data(sentence(diagnostic))}`
}

function titleOf(code: string): string {
  return (CODES as Readonly<Record<string, { readonly title: string }>>)[code]?.title ?? 'finding'
}

/** A line of the log that the runner cannot take for a command. */
function logLine({ file, diagnostic }: Placed): string {
  const { line, column } = diagnostic.range.start
  const text = `${file}:${line}:${column} ${diagnostic.severity} ${diagnostic.code} ${sentence(diagnostic)}`
  return text
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('##[', '## [')
    .replace(/^\s*::/, ': :')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function cell(text: string): string {
  return printable(text.replace(/[\r\n]+/g, ' '))
    .replace(/[\\`*_{}[\]<>|#~]/g, '\\$&')
    .replaceAll('@', '@\u200b')
}

function code(text: string): string {
  return `<code>${printable(text.replace(/[\r\n]+/g, ' ')).replace(/[&<>|]/g, sign => `&#${sign.charCodeAt(0)};`)}</code>`
}
