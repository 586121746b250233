import type { Diagnostic } from '../../config/diagnostic.ts'
import { leakFinding } from '../../keys/leak-finding.ts'
import type { Leak, LeakyFile, ScanResult } from '../../secrets/scan/scan.ts'
import { suggested } from '../../suggested.ts'
import type { Terminal } from '../terminal.ts'
import type { CheckedFile } from './checked-file.ts'
import { counted } from './counted.ts'
import { LOOK } from './text.ts'

/** A file with its findings, as reports have it. */
type LeakyReport = CheckedFile & Pick<LeakyFile, 'leaks'>

/** Findings of a scan as reports have them. A known one is among the suppressed. */
export function leakyFiles({ files }: ScanResult, known: ReadonlySet<string>): LeakyReport[] {
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
  files: readonly LeakyReport[],
  { looked, gaps }: ScanResult,
  terminal: Terminal,
  { isAccepted, isFlat }: { readonly isAccepted: boolean; readonly isFlat: boolean },
): string {
  const all = files.flatMap(file => file.diagnostics)
  const keys = placesByKey(files)
  const found = keys.map(places => keyText(places, terminal))
  const hints = [...new Set(all.map(one => one.hint))].map(hint => `${terminal.style('cyan', '→')} ${hint}`)
  const known = files.reduce((sum, file) => sum + file.suppressed.length, 0)
  const mark = all.length === 0 || isAccepted ? terminal.style('green', '✓') : terminal.style('red', '✗')
  const result =
    all.length === 0
      ? 'no key in clear text'
      : `${counted(keys.length, 'key')} in clear text${all.length > keys.length ? ` in ${all.length} places` : ''}${isAccepted ? ', known from now on' : ''}`
  const baseline = known === 0 ? '' : `, ${known} known from the baseline`
  const { versions } = looked
  const kept = versions === 1 ? '1 version or message' : `${versions} versions and messages`
  const inGit = versions === 0 ? '' : ` and ${kept} in git`
  const notes = gaps.map(gap => `  ${terminal.style('yellow', 'not complete:')} ${gap}`)
  const summary = `${mark} ${result}${baseline} (${counted(looked.files, 'file')}${inGit})`
  // Nobody should take the folder of the config for all of a repository.
  const deeper =
    isFlat && all.length === 0
      ? [`  no folder below: ${suggested('keys', 'scan', '.')} looks there, too`]
      : []
  return [...found, ...(found.length > 0 ? ['', ...hints, ''] : []), summary, ...deeper, ...notes].join('\n')
}

interface Place {
  readonly leak: Leak
  readonly diagnostic: Diagnostic
}

/** One key may stand in many places: in a file, and in what git has kept of it. */
function placesByKey(files: readonly LeakyReport[]): Place[][] {
  const keys = new Map<string, Place[]>()
  for (const { leaks, diagnostics } of files) {
    for (const [index, leak] of leaks.entries()) {
      const diagnostic = diagnostics[index]
      if (diagnostic === undefined) continue
      const places = keys.get(leak.fingerprint)
      if (places === undefined) keys.set(leak.fingerprint, [{ leak, diagnostic }])
      else places.push({ leak, diagnostic })
    }
  }
  return [...keys.values()]
}

/** The first place in full, and where else the key stands. No frame: a line around a key is nothing to show. */
function keyText([first, ...others]: readonly Place[], terminal: Terminal): string {
  if (first === undefined) return ''
  const { severity, code, message } = first.diagnostic
  const { word, style } = LOOK[severity]
  const head = `${placeText(first, terminal)} ${terminal.style(style, word)} ${terminal.style('dim', code)}`
  const more = others.map(other => {
    const { commit } = other.leak
    return `  also in ${placeText(other, terminal)}${commit === undefined ? '' : `, kept by git (${commit})`}`
  })
  return [head, `  ${message}`, ...more].join('\n')
}

function placeText({ diagnostic: { file, range } }: Place, terminal: Terminal): string {
  return terminal.style('bold', `${file}:${range.start.line}:${range.start.column}`)
}

/** The document of `agw keys scan --json`. */
export function scanJson(files: readonly LeakyReport[], { looked, gaps }: ScanResult): object {
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
