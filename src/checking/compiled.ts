import { AgwError } from '../errors.ts'
import { type CompileOptions, compileRuntime, InvalidPlace, type Runtime } from '../gateway/index.ts'
import { type LoadOptions, loadConfig } from '../load.ts'
import type { ResolvedConfig } from '../secrets/index.ts'
import { refusalAt } from './start-findings.ts'

/** Compiles a config. What is refused is told with its line, for which the text is read once more: nobody keeps it. */
export async function compiled(
  config: ResolvedConfig,
  options: CompileOptions,
  load: LoadOptions,
): Promise<Runtime> {
  try {
    return compileRuntime(config, options)
  } catch (error) {
    throw error instanceof InvalidPlace ? await withLine(error, load) : error
  }
}

async function withLine(refused: InvalidPlace, load: LoadOptions): Promise<AgwError> {
  // Standard input has been read, and can be no second time.
  if (load.file === '-') return refused
  const loaded = await loadConfig({ ...load, gather: false, dotenvMayFail: true }).catch(() => undefined)
  if (loaded === undefined) return refused
  const found = refusalAt(refused, loaded.document)
  const { line, column } = found.range.start
  return new AgwError('CONFIG_INVALID', `${loaded.name}:${line}:${column}: ${refused.what}`, {
    ...(refused.hint !== undefined && { hint: refused.hint }),
    diagnostics: [found],
  })
}
