import { readDocument } from '../../../src/config/read.ts'
import type { Config } from '../../../src/config/schema.ts'
import { validate } from '../../../src/config/validate.ts'
import { type CompileOptions, compileRuntime } from '../../../src/gateway/compile/compile.ts'
import type { Runtime } from '../../../src/gateway/runtime.ts'

/** YAML text → config, as the commands read it; throws with every error that was found. */
export function configOf(text: string): Config {
  const checked = validate(readDocument(text, { file: 'config.yaml', lookup: () => undefined }))
  if (checked.config !== undefined) return checked.config
  const errors = checked.diagnostics.filter(one => one.severity === 'error')
  throw new Error(`the test's config is wrong: ${errors.map(one => `${one.code} ${one.message}`).join('; ')}`)
}

export function runtimeOf(text: string, options: CompileOptions = {}): Runtime {
  return compileRuntime(configOf(text), options)
}
