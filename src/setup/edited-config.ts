import { type Config, type ConfigDocument, type Diagnostic, readDocument, validate } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import type { LoadedConfig } from '../load.ts'
import { isUnresolved } from '../require-config.ts'
import type { PlannedFile } from './planned-file.ts'

/** A config whose text was changed: what will be written, and what it will be. */
export interface EditedConfig {
  readonly file: PlannedFile
  readonly document: ConfigDocument
  /** Findings that the config did not have before; keys that are still to be stored are none. */
  readonly findings: readonly Diagnostic[]
}

/** Reads a config as it shall be. Throws CONFIG_INVALID where it would have an error that it has not now. */
export function editedConfig(
  loaded: LoadedConfig,
  content: string,
): EditedConfig & { readonly draft: Config } {
  const { document: old, variables, path } = loaded
  const document = readDocument(content, {
    file: old.file,
    lookup: name => variables.expand(name),
    problemOf: name => variables.problemOf(name),
    names: () => variables.names(),
  })
  const known = new Set(loaded.diagnostics.map(idOf))
  const { draft, diagnostics } = validate(document)
  const findings = diagnostics.filter(one => !known.has(idOf(one)) && !isUnresolved(one.code))
  const errors = findings.filter(one => one.severity === 'error')
  if (draft === undefined || errors.length > 0) {
    throw new AgwError('CONFIG_INVALID', `the config would not be valid: ${errors[0]?.message ?? ''}`, {
      hint: errors[0]?.hint ?? '',
      diagnostics: errors,
    })
  }
  return {
    file: { path, content, madeOf: old.text, what: 'the config', secret: false },
    document,
    findings,
    draft,
  }
}

/** A finding wherever it stands: lines move. */
function idOf({ code, message }: Diagnostic): string {
  return `${code} ${message.replace(/\d+/g, '#')}`
}
