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
  const { draft, diagnostics } = validate(document)
  const findings = newIn(diagnostics, loaded.diagnostics).filter(one => !isUnresolved(one.code))
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

/** What is found now and was not before; of several that say the same, those are known that come first. */
function newIn(now: readonly Diagnostic[], before: readonly Diagnostic[]): Diagnostic[] {
  const known = new Map<string, number>()
  for (const id of before.map(idOf)) known.set(id, (known.get(id) ?? 0) + 1)
  return now.filter(one => {
    const id = idOf(one)
    const left = known.get(id) ?? 0
    known.set(id, left - 1)
    return left <= 0
  })
}

/** A finding wherever it stands: lines move, and no other number in what is said of them. */
function idOf({ code, message }: Diagnostic): string {
  return `${code} ${message.replace(/\bline \d+/g, 'line')}`
}
