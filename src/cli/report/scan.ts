import { leakFinding } from '../../keys/leak-finding.ts'
import type { Leak, LeakyFile, ScanResult } from '../../secrets/scan/scan.ts'
import type { Terminal } from '../terminal.ts'
import type { CheckedFile } from './checked-file.ts'
import { counted } from './counted.ts'
import { LOOK } from './text.ts'

/** Findings of a scan as reports have them. A known one is among the suppressed. */
export function leakyFiles(
  { files }: ScanResult,
  known: ReadonlySet<string>,
): (CheckedFile & { readonly leaks: readonly Leak[] })[] {
  return files.map(({ path, name, lines, leaks }) => {
    const fresh = leaks.filter(leak => !known.has(leak.id))
    return {
      path,
      name,
      document: { lines },
      leaks: fresh,
      diagnostics: fresh.map(leak => leakFinding(leak, name)),
      suppressed: leaks
        .filter(leak => known.has(leak.id))
        .map(leak => ({ diagnostic: leakFinding(leak, name), reason: 'in the baseline' })),
    }
  })
}

/** The findings, what to do about each kind, and what was looked into. Accepted, they are those of a new baseline. */
export function scanText(
  files: readonly CheckedFile[],
  { looked, gaps }: ScanResult,
  terminal: Terminal,
  isAccepted: boolean,
): string {
  const all = files.flatMap(file => file.diagnostics)
  // No frame: a line around a key is nothing to show.
  const found = all.map(({ file, range: { start }, severity, code, message }) => {
    const { word, style } = LOOK[severity]
    const place = terminal.style('bold', `${file}:${start.line}:${start.column}`)
    return `${place} ${terminal.style(style, word)} ${terminal.style('dim', code)}\n  ${message}`
  })
  const hints = [...new Set(all.map(one => one.hint))].map(hint => `${terminal.style('cyan', '→')} ${hint}`)
  const known = files.reduce((sum, file) => sum + file.suppressed.length, 0)
  const mark = all.length === 0 || isAccepted ? terminal.style('green', '✓') : terminal.style('red', '✗')
  const result =
    all.length === 0
      ? 'no key in clear text'
      : `${counted(all.length, 'key')} in clear text${isAccepted ? ', known from now on' : ''}`
  const baseline = known === 0 ? '' : `, ${known} known from the baseline`
  const { versions } = looked
  const kept = versions === 1 ? '1 version or message' : `${versions} versions and messages`
  const inGit = versions === 0 ? '' : ` and ${kept} in git`
  const notes = gaps.map(gap => `  ${terminal.style('yellow', 'not complete:')} ${gap}`)
  const summary = `${mark} ${result}${baseline} (${counted(looked.files, 'file')}${inGit})`
  return [...found, ...(found.length > 0 ? ['', ...hints, ''] : []), summary, ...notes].join('\n')
}

/** The document of `agw keys scan --json`. */
export function scanJson(
  files: readonly (Pick<LeakyFile, 'name' | 'leaks'> & CheckedFile)[],
  { looked, gaps }: ScanResult,
): object {
  return {
    findings: files.flatMap(({ name, leaks, diagnostics }) =>
      leaks.map(({ id, kind, provider, confidence, fingerprint, range, commit }, index) => ({
        id,
        code: diagnostics[index]?.code,
        severity: diagnostics[index]?.severity,
        kind,
        provider: provider ?? null,
        confidence,
        fingerprint,
        file: name,
        line: range.start.line,
        column: range.start.column,
        endLine: range.end.line,
        endColumn: range.end.column,
        commit: commit ?? null,
      })),
    ),
    looked,
    complete: gaps.length === 0,
    gaps,
  }
}
