import type { ConfigDocument, Diagnostic } from '../config/index.ts'
import type { Config } from '../config/schema.ts'
import { AgwError } from '../errors.ts'
import { findUnsupported } from '../gateway/supported/config.ts'
import { WITHOUT_IT } from '../gateway/supported/support.ts'
import { andMore } from '../require-config.ts'
import { suggested } from '../suggested.ts'

/** What the embedded gateway does not run, at its place: an error where it is the one that shall run the config. */
export function unsupportedFindings(
  config: Config,
  document: ConfigDocument,
  engine?: 'embedded' | 'agentgateway' | undefined,
): Diagnostic[] {
  return findUnsupported(config).map(({ path, what, instead = WITHOUT_IT }) => ({
    code: 'NOT_RUN_HERE',
    severity: engine === 'embedded' ? 'error' : 'unsupported-here',
    message: `the embedded gateway does not run ${what}`,
    hint: instead,
    file: document.file,
    path,
    range: document.rangeOf(path, 'key'),
  }))
}

/** Throws CONFIG_INVALID, with every place, when there is something that the embedded gateway does not run. */
export function refuseUnsupported(name: string, found: readonly Diagnostic[]): void {
  const [first] = found
  if (first === undefined) return
  const more = andMore(found, suggested('validate', '--engine', 'embedded'))
  const { line, column } = first.range.start
  throw new AgwError('CONFIG_INVALID', `${name}:${line}:${column}: ${first.message}${more}`, {
    hint: first.hint,
    diagnostics: found,
  })
}
