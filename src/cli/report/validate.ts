import { type AgwError, EXIT } from '../../errors.ts'
import { isUnresolved } from '../../require-config.ts'
import type { Terminal } from '../terminal.ts'
import { type CheckedFile, countOf } from './checked-file.ts'
import { counted } from './counted.ts'
import { githubFailure, githubText } from './github.ts'
import { junitFailure, junitText } from './junit.ts'
import { sarifFailure, sarifText } from './sarif.ts'
import { summaryText, validateText } from './text.ts'

/** The ways `agw validate` can say what it found. */
export const FORMATS = ['text', 'json', 'github', 'sarif', 'junit'] as const
export type Format = (typeof FORMATS)[number]

export interface ReportOptions {
  readonly terminal: Terminal
  /** Where file names start in the formats that machines read. Absolute. */
  readonly root: string
  readonly version: string
  readonly strict: boolean
}

/** What goes to standard output; JSON is the business of the base command. */
export function reportText(
  format: Exclude<Format, 'json'>,
  files: readonly CheckedFile[],
  { terminal, root, version, strict }: ReportOptions,
): string {
  switch (format) {
    case 'text':
      return validateText(files, terminal, strict)
    case 'github':
      return githubText(files, root)
    case 'sarif':
      return sarifText(files, { root, version })
    case 'junit':
      return junitText(files, { root, strict })
  }
}

/** A check that could not be made, for what reads standard output as a report; undefined where people read it. */
export function failureText(
  format: string | undefined,
  error: AgwError,
  version: string,
): string | undefined {
  switch (format) {
    case 'github':
      return githubFailure(error)
    case 'sarif':
      return sarifFailure(error, version)
    case 'junit':
      return junitFailure(error)
    default:
      return undefined
  }
}

/** What a person wants to know beside a format that only machines read. */
export function noteBeside(format: Format, files: readonly CheckedFile[]): string | undefined {
  if (format !== 'sarif' && format !== 'junit') return undefined
  return `agw validate: ${summaryText(files.flatMap(file => file.diagnostics))}`
}

export interface Limits {
  /** Warnings count as errors. */
  readonly strict: boolean
  readonly maxWarnings: number | undefined
}

/** How the check ends, and what the findings alone do not tell about it. */
export interface Verdict {
  /** The exit status: what cannot be read cannot be checked, and weighs more than what was found. */
  readonly status: number
  /** Warnings are among what it failed by. */
  readonly strict: boolean
  readonly note?: string
}

/** Where configs are checked, their keys are often not. */
const WITHOUT_KEYS = 'where the keys are elsewhere, --no-secrets checks the config without them'

export function verdictOf(files: readonly CheckedFile[], { strict, maxWarnings }: Limits): Verdict {
  const all = files.flatMap(file => file.diagnostics)
  const warnings = countOf(all, 'warning')
  if (all.some(one => one.code === 'FILE_UNREADABLE')) return { status: EXIT.usage, strict }
  const tooMany = maxWarnings !== undefined && warnings > maxWarnings
  const errors = all.filter(one => one.severity === 'error')
  if (errors.length > 0) {
    const failed = { status: EXIT.findings, strict: strict || tooMany }
    return errors.every(one => isUnresolved(one.code)) ? { ...failed, note: WITHOUT_KEYS } : failed
  }
  if (strict && warnings > 0)
    return { status: EXIT.findings, strict, note: 'not passed: --strict counts warnings as errors' }
  if (!tooMany) return { status: EXIT.ok, strict }
  const note = `not passed: ${counted(warnings, 'warning')}, and --max-warnings allows ${maxWarnings}`
  return { status: EXIT.findings, strict: true, note }
}
