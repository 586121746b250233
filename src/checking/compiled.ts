import type { ConfigDocument } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type CompileOptions, compileRuntime, InvalidPlace, type Runtime } from '../gateway/index.ts'
import type { ResolvedConfig } from '../secrets/index.ts'
import { refusalAt } from './start-findings.ts'

/** The text that a config was read from. */
export interface Written {
  /** As messages call it. */
  readonly name: string
  /** Nobody keeps the document, so it is made when something of it is told. */
  readonly reread: () => Pick<ConfigDocument, 'file' | 'rangeOf'>
}

/** Compiles a config. What is refused is told with its line. */
export function compiled(config: ResolvedConfig, options: CompileOptions, written: Written): Runtime {
  try {
    return compileRuntime(config, options)
  } catch (error) {
    throw error instanceof InvalidPlace ? withLine(error, written) : error
  }
}

function withLine(refused: InvalidPlace, { name, reread }: Written): AgwError {
  const found = refusalAt(refused, reread())
  const { line, column } = found.range.start
  return new AgwError('CONFIG_INVALID', `${name}:${line}:${column}: ${refused.what}`, {
    ...(refused.hint !== undefined && { hint: refused.hint }),
    diagnostics: [found],
  })
}
