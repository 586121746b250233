import type { Diagnostic } from '../../config/diagnostic.ts'
import type { Leak, LeakyFile, ScanResult } from '../../secrets/scan/scan.ts'
import type { Terminal } from '../terminal.ts'
import type { CheckedFile } from './checked-file.ts'
import { LOOK } from './text.ts'

/** What a scan can find, as SARIF and the JSON name it. */
export const SCAN_RULES = {
  LEAKED_KEY: {
    severity: 'error',
    title: 'a key that the config uses, in clear text',
    why: 'Whoever can read this place has a key that works.',
    security: true,
  },
  KEY_IN_TEXT: {
    severity: 'error',
    title: 'a text that has the shape of a provider key',
    why: 'Whoever can read this place may have a key that works.',
    security: true,
  },
} as const

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
      diagnostics: fresh.map(leak => diagnosticOf(leak, name)),
      suppressed: leaks
        .filter(leak => known.has(leak.id))
        .map(leak => ({ diagnostic: diagnosticOf(leak, name), reason: 'in the baseline' })),
    }
  })
}

function diagnosticOf(
  { kind, provider, fingerprint, commit, range, confidence }: Leak,
  file: string,
): Diagnostic {
  const what = kind === 'own' ? 'the key in use' : `${article(provider)} key`
  const where = commit === undefined ? 'stands here' : `is kept by git (${commit})`
  return {
    code: kind === 'own' ? 'LEAKED_KEY' : 'KEY_IN_TEXT',
    severity: kind === 'own' || confidence === 'high' ? 'error' : 'warning',
    message: `${what} ${where} in clear text: ${fingerprint}`,
    hint:
      commit === undefined
        ? 'take it out of there, and make a new key if others could read it'
        : 'what git has kept, others may have: make a new key at the provider and end this one',
    file,
    path: [],
    range,
  }
}

function article(provider: string | undefined): string {
  const name = provider ?? 'provider'
  return `${/^(?:[aeio]|NV|x)/i.test(name) ? 'an' : 'a'} ${name}`
}

/** The findings, what to do about each kind, and what was looked into. */
export function scanText(
  files: readonly CheckedFile[],
  { looked, gaps }: ScanResult,
  terminal: Terminal,
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
  const mark = all.length === 0 ? terminal.style('green', '✓') : terminal.style('red', '✗')
  const result =
    all.length === 0
      ? 'no key in clear text'
      : `${all.length} ${all.length === 1 ? 'key' : 'keys'} in clear text`
  const baseline = known === 0 ? '' : `, ${known} known from the baseline`
  const versions = looked.versions === 0 ? '' : ` and ${looked.versions} versions and messages in git`
  const notes = gaps.map(gap => `  ${terminal.style('yellow', 'not complete:')} ${gap}`)
  const summary = `${mark} ${result}${baseline} (${looked.files} files${versions})`
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
