import { resolve } from 'node:path'
import type { CheckedFile } from '../../../src/cli/report/checked-file.ts'
import type { Diagnostic, Severity } from '../../../src/config/diagnostic.ts'
import { readDocument } from '../../../src/config/read.ts'
import { applySuppressions } from '../../../src/config/suppress.ts'
import { validate } from '../../../src/config/validate.ts'

export const ROOT = resolve('/repo')

/** A config as the check gives it to a report; `name` is relative to {@link ROOT}. */
export function checked(text: string, name = 'config.yaml', env: Record<string, string> = {}): CheckedFile {
  const document = readDocument(text, { file: name, lookup: key => env[key] })
  const judged = applySuppressions(document, validate(document).diagnostics, () => true)
  return { name, path: name === '<stdin>' ? '-' : resolve(ROOT, name), document, ...judged }
}

/** A finding with whatever text, at the first characters of a line. */
export function finding(
  message: string,
  more: Partial<Diagnostic> & { readonly line?: number } = {},
): Diagnostic {
  const { line = 1, ...rest } = more
  const position = (column: number) => ({ offset: column - 1, line, column })
  return {
    code: 'UNKNOWN_KEY',
    severity: 'error' as Severity,
    message,
    hint: '',
    file: 'config.yaml',
    path: [],
    range: { start: position(1), end: position(4) },
    ...rest,
  }
}

/** A file with these findings, whatever is in it. */
export function fileWith(diagnostics: readonly Diagnostic[], name = 'config.yaml'): CheckedFile {
  const document = readDocument('binds: []\n', { file: name, lookup: () => undefined })
  return { name, path: resolve(ROOT, name), document, diagnostics, suppressed: [] }
}
