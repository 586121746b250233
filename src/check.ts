import type { Diagnostic } from './config/diagnostic.ts'
import { type ConfigDocument, keySlots } from './config/index.ts'
import type { Config } from './config/schema.ts'
import { AgwError } from './errors.ts'
import { findUnsupported } from './gateway/supported.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, requireKeyPlaces } from './load.ts'
import { keyFindings } from './secrets/index.ts'
import type { Secret } from './secrets/secret.ts'

export interface CheckOptions {
  /** Look at the keys themselves; without it, unset variables and missing files are no findings. */
  readonly secrets: boolean
  /** Which gateway shall run it; undefined reports what only one of them runs without counting it as an error. */
  readonly engine?: 'embedded' | 'agentgateway' | undefined
}

/** All findings on a config and on what it refers to. */
export interface CheckedConfig {
  readonly name: string
  readonly document: ConfigDocument
  readonly diagnostics: readonly Diagnostic[]
  /** For the redactor, before anything is printed. */
  readonly secrets: readonly Secret[]
}

/** Everything `agw validate` finds, in the order of the file. Throws only when there is nothing to read. */
export async function checkConfig(load: LoadOptions, options: CheckOptions): Promise<CheckedConfig> {
  const loaded = await loadConfig(load)
  const found: Diagnostic[] = [...loaded.diagnostics]
  const secrets: Secret[] = []
  if (loaded.draft !== undefined) {
    if (options.engine !== 'agentgateway')
      found.push(...unsupportedFindings(loaded.draft, loaded, options.engine))
    if (options.secrets) {
      const keys = await keyFindings(keySlots(requireKeyPlaces(loaded), loaded.document), loaded, load)
      found.push(...keys.diagnostics)
      secrets.push(...keys.secrets)
    }
  }
  const wanted = options.secrets ? found : found.filter(one => one.code !== 'VARIABLE_UNSET')
  const diagnostics = wanted.sort((a, b) => a.range.start.offset - b.range.start.offset)
  return { name: loaded.name, document: loaded.document, diagnostics, secrets }
}

/** Throws CONFIG_INVALID, with every place, when the embedded gateway does not run something that the config uses. */
export function refuseUnsupported(loaded: LoadedConfig & { readonly config: Config }): void {
  const found = unsupportedFindings(loaded.config, loaded, 'embedded')
  const [first] = found
  if (first === undefined) return
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ''
  const { line, column } = first.range.start
  throw new AgwError('CONFIG_INVALID', `${loaded.name}:${line}:${column}: ${first.message}${more}`, {
    hint: first.hint,
    diagnostics: found,
  })
}

function unsupportedFindings(
  config: Config,
  { document }: LoadedConfig,
  engine: CheckOptions['engine'],
): Diagnostic[] {
  return findUnsupported(config).map(({ path, what }) => ({
    code: 'NOT_RUN_HERE',
    severity: engine === 'embedded' ? 'error' : 'unsupported-here',
    message: `the embedded gateway does not run ${what}`,
    hint: 'run this config with the agentgateway binary, or take it out',
    file: document.file,
    path,
    range: document.rangeOf(path, 'key'),
  }))
}
