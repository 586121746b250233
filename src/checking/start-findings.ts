import { resolve } from 'node:path'
import type { Diagnostic } from '../config/diagnostic.ts'
import type { ConfigDocument } from '../config/index.ts'
import type { InvalidPlace } from '../gateway/index.ts'
import { type LoadedConfig, type LoadOptions, usable } from '../load.ts'
import { readPlainFile } from '../plain-file.ts'

/**
 * What keeps the embedded gateway from starting with a config in which nothing else was found: the gateway is made, short of
 * its ports. Keys that are not there have stand-ins.
 */
export async function startFindings(loaded: LoadedConfig, load: LoadOptions): Promise<Diagnostic[]> {
  const { compileRuntime } = await import('../gateway/compile/compile.ts')
  const { InvalidPlace } = await import('../gateway/compile/invalid.ts')
  const { resolved: config } = await usable(loaded, { ...load, standIns: true })
  try {
    compileRuntime(config, { readFile: file => readPlainFile(resolve(load.cwd, file)) })
    return []
  } catch (error) {
    if (!(error instanceof InvalidPlace)) throw error
    return [refusalAt(error, loaded.document)]
  }
}

/** What compiling has against a place, as a finding there. */
export function refusalAt(
  { path, what, hint = '' }: InvalidPlace,
  document: Pick<ConfigDocument, 'file' | 'rangeOf'>,
): Diagnostic {
  const message = `the embedded gateway does not start: ${what}`
  const range = document.rangeOf(path)
  return { code: 'NOT_RUN_HERE', severity: 'error', message, hint, file: document.file, path, range }
}
