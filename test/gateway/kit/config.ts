import { readDocument } from '../../../src/config/read.ts'
import { type Config, configSchema } from '../../../src/config/schema.ts'
import { type CompileOptions, compileRuntime } from '../../../src/gateway/compile/compile.ts'
import type { Runtime } from '../../../src/gateway/runtime.ts'

/** YAML text → config, by the schema that the commands use; throws where the text does not fit it. */
export function configOf(text: string): Config {
  return configSchema.parse(readDocument(text, { file: 'config.yaml', lookup: () => undefined }).data)
}

export function runtimeOf(text: string, options: CompileOptions = {}): Runtime {
  return compileRuntime(configOf(text), options)
}
