import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Diagnostic } from '../config/diagnostic.ts'
import type { ConfigDocument } from '../config/index.ts'
import type { Config } from '../config/schema.ts'
import type { InvalidPlace } from '../gateway/compile/invalid.ts'
import { type LoadedConfig, type LoadOptions, usable } from '../load.ts'

type ReadFile = (path: string) => string

/**
 * What keeps the embedded gateway from starting with a config in which nothing else was found: the gateway is made, short of
 * its ports. Keys that are not there have stand-ins.
 */
export async function startFindings(loaded: LoadedConfig, load: LoadOptions): Promise<Diagnostic[]> {
  const { compileRuntime } = await import('../gateway/compile/compile.ts')
  const { resolved: config } = await usable(loaded, { ...load, standIns: true })
  return await refusalOf(readFile => compileRuntime(config, { readFile }), loaded, load)
}

/** The same of its price catalog alone, which hangs on nothing else that may be wrong with the config. */
export async function catalogFindings(
  draft: Config,
  loaded: LoadedConfig,
  load: LoadOptions,
): Promise<Diagnostic[]> {
  const { compileCosts } = await import('../gateway/compile/costs.ts')
  const found = await refusalOf(readFile => compileCosts(draft.config, readFile), loaded, load)
  const unset = loaded.diagnostics
    .filter(one => one.code === 'VARIABLE_UNSET')
    .map(one => one.range.start.offset)
  return found.filter(
    ({ range }) => !unset.some(offset => offset >= range.start.offset && offset < range.end.offset),
  )
}

async function refusalOf(
  make: (readFile: ReadFile) => unknown,
  { document }: LoadedConfig,
  { cwd }: LoadOptions,
): Promise<Diagnostic[]> {
  const { InvalidPlace } = await import('../gateway/compile/invalid.ts')
  try {
    make(file => readFileSync(resolve(cwd, file), 'utf8'))
    return []
  } catch (error) {
    if (!(error instanceof InvalidPlace)) throw error
    return [refusalAt(error, document)]
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
