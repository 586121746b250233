import { type Diagnostic, formatPath } from '../../config/diagnostic.ts'
import { type CheckedFile, countOf } from './checked-file.ts'

/** The document of `agw validate --json`. */
export function validateJson(files: readonly CheckedFile[]): object {
  const all = files.flatMap(file => file.diagnostics)
  return {
    files: files.map(({ name, diagnostics }) => ({
      file: name,
      valid: countOf(diagnostics, 'error') === 0,
      diagnostics: diagnostics.map(diagnosticJson),
    })),
    summary: {
      files: files.length,
      errors: countOf(all, 'error'),
      warnings: countOf(all, 'warning'),
      notes: countOf(all, 'note'),
    },
  }
}

function diagnosticJson({ code, severity, message, hint, range, path }: Diagnostic): object {
  return {
    code,
    severity,
    message,
    hint,
    line: range.start.line,
    column: range.start.column,
    endLine: range.end.line,
    endColumn: range.end.column,
    path: formatPath(path),
  }
}
