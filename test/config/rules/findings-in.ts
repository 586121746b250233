import type { Diagnostic } from '../../../src/config/diagnostic.ts'
import { readDocument } from '../../../src/config/read.ts'
import { validate } from '../../../src/config/validate.ts'

/** Tables of the tests of this folder: a config and what is found in it, as `findingsIn` writes it. */
export type Cases = readonly (readonly [what: string, config: string, findings: readonly string[]])[]

/** What is found in a config; variables that `env` does not name are not set. */
export function diagnosticsIn(
  text: string,
  env: Readonly<Record<string, string>> = {},
): readonly Diagnostic[] {
  return validate(readDocument(text, { file: 'config.yaml', lookup: name => env[name] })).diagnostics
}

/** `CODE line`, in the order of the file; what is left out is that nothing answers: most texts here are parts of configs. */
export function findingsIn(text: string, env: Readonly<Record<string, string>> = {}): string[] {
  return told(diagnosticsIn(text, env).filter(one => one.code !== 'NOTHING_ANSWERS'))
}

/** Any diagnostics as `CODE line`. */
export function told(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, range }) => `${code} ${range.start.line}`)
}
