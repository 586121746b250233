import type { AgwFile } from './config/agw/file.ts'
import type { Diagnostic } from './config/diagnostic.ts'
import type { Config } from './config/schema.ts'
import { AgwError } from './errors.ts'
import type { VariableTable } from './secrets/index.ts'
import { suggested } from './suggested.ts'

/** The config, or CONFIG_INVALID with all its errors (SECRET_MISSING when unset variables are the only ones). */
export function requireConfig(loaded: Judged): Config {
  requireAgwFile(loaded)
  const isBroken = loaded.diagnostics.some(one => one.severity === 'error')
  if (!isBroken && loaded.draft !== undefined) return loaded.draft
  throw invalid(loaded.name, loaded.diagnostics, loaded.variables)
}

/** A config and what was found in it. */
export interface Judged {
  readonly name: string
  readonly agw: AgwFile | undefined
  readonly draft: Config | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly variables: VariableTable
}

/** Findings of agw.yaml are errors, all of them: without it nobody knows where values come from. */
function requireAgwFile({ agw }: Judged): void {
  if (agw !== undefined && agw.diagnostics.length > 0) throw invalid(agw.document.file, agw.diagnostics)
}

const UNRESOLVED = ['VARIABLE_UNSET', 'SOURCE_FAILED']

/** Whether a finding with this code says that a variable has no value. */
export function isUnresolved(code: string): boolean {
  return UNRESOLVED.includes(code)
}

function invalid(name: string, diagnostics: readonly Diagnostic[], variables?: VariableTable): AgwError {
  const errors = diagnostics.filter(one => one.severity === 'error')
  const unresolved = errors.every(one => isUnresolved(one.code))
  const first = errors[0]
  const place = first === undefined ? '' : `:${first.range.start.line}:${first.range.start.column}`
  const more = andMore(errors, suggested('validate'))
  return new AgwError(
    unresolved ? 'SECRET_MISSING' : 'CONFIG_INVALID',
    `${name}${place}: ${first?.message ?? 'the config cannot be used'}${more}`,
    {
      hint: first === undefined ? '' : `${doubtfulLine(first, variables)}${first.hint}`,
      diagnostics: errors,
    },
  )
}

/** Behind the one of several errors that is told: how many there are besides, and the command that shows them. */
export function andMore({ length }: readonly Diagnostic[], command: string): string {
  return length > 1 ? ` (and ${length - 1} more, which ${command} shows)` : ''
}

/** A variable that has no value may stand in the line of the dotenv file that cannot be read. */
function doubtfulLine({ code }: Diagnostic, variables: VariableTable | undefined): string {
  const { shown, findings: [line] = [] } = variables?.dotenv ?? {}
  if (code !== 'VARIABLE_UNSET' || line === undefined) return ''
  return `mend ${shown}:${line.line}:${line.column} (${line.message}), or `
}

/** The config as far as key slots need it: variables may be unset. Throws CONFIG_INVALID for anything else. */
export function requireKeyPlaces(loaded: Judged): Config {
  requireAgwFile(loaded)
  return loaded.draft ?? requireConfig(loaded)
}

/** The config with its unset variables as written, or the error for whatever else is wrong with it. */
export function requireBesidesVariables(loaded: Judged): Config {
  requireAgwFile(loaded)
  const others = loaded.diagnostics.filter(one => one.severity === 'error' && !isUnresolved(one.code))
  if (others.length > 0) throw invalid(loaded.name, others, loaded.variables)
  return loaded.draft ?? requireConfig(loaded)
}

/** The same for a config that is about to be changed. Throws USAGE for one on standard input. */
export function requireChangeable(loaded: Judged & { readonly path: string }): Config {
  if (loaded.path !== '-') return requireKeyPlaces(loaded)
  throw new AgwError('USAGE', 'a config on standard input cannot be changed', {
    hint: 'name the file with --file PATH',
  })
}
