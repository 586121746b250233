import type { Path } from '../../config/diagnostic.ts'
import { CONTEXT_NAMES } from '../../config/rules/cel-names.ts'
import { parseCel } from '../../config/rules/cel-syntax.ts'
import { CelProblem } from '../../config/rules/cel-tokens.ts'
import { withoutStackTraces } from '../../stack-traces.ts'
import { invalid } from '../compile/invalid.ts'
import { FUNCTIONS, patternFunctions } from './functions.ts'
import { CelHeaders } from './headers.ts'
import { type Context, Environment } from './library.ts'
import { MACRO_FUNCTIONS } from './macros.ts'
import { Cidr, Ip } from './networks.ts'
import { withOperators } from './operators.ts'
import { mayUse, runnableSource } from './source.ts'
import { Flattened, Redacted } from './values.ts'

/** What an expression may look at; a name that is absent or null has nothing to offer in this request. */
export type CelContext = { readonly [name in (typeof CONTEXT_NAMES)[number]]?: unknown } & {
  /** All of them that are there, for `variables()`. */
  readonly variables?: unknown
}

/** A compiled expression. */
export interface Expression {
  /** Throws whatever stands in the way: a field that is not there, values that do not go together. */
  evaluate(context: CelContext): unknown
  /** True or false; undefined for an error and for anything that is neither. */
  test(context: CelContext): boolean | undefined
  /** It looks at the body of the request, which must be there first. */
  readonly usesBody: boolean
  /** It looks at the body of the answer. */
  readonly usesAnswerBody: boolean
}

/** Compiles the expressions of one config; evaluating one does not parse it again. */
export class Cel {
  #environment: Environment | undefined

  /** Throws CONFIG_INVALID with the path; the message holds nothing of the expression. */
  compile(source: string, path: Path): Expression {
    try {
      parseCel(source)
    } catch (error) {
      if (!(error instanceof CelProblem)) throw error
      throw invalid(path, `this expression does not compile: ${error.message}`, error.hint)
    }
    this.#environment ??= environment()
    try {
      return new Compiled(this.#environment.parse(runnableSource(source)), source)
    } catch {
      throw invalid(
        path,
        'the embedded gateway cannot run this expression',
        'write it in another way, or run the config with the agentgateway binary',
      )
    }
  }
}

class Compiled implements Expression {
  readonly usesBody: boolean
  readonly usesAnswerBody: boolean
  readonly #run: (context: Context) => unknown

  constructor(parsed: ReturnType<Environment['parse']>, source: string) {
    withOperators(parsed.ast)
    // Types are looked at once, here: an expression whose types never go together fails whenever it is evaluated.
    parsed.check()
    this.#run = parsed
    this.usesBody =
      mayUse(source, 'request', /^body/) ||
      mayUse(source, 'llmRequest', /^/) ||
      mayUse(source, 'llm', /^(?:requestModel|streaming)$/)
    this.usesAnswerBody = mayUse(source, 'response', /^body/)
  }

  evaluate(context: CelContext): unknown {
    // A request that lacks what an expression looks at is an everyday thing, and nobody is shown the trace.
    return withoutStackTraces(() => this.#run(context))
  }

  test(context: CelContext): boolean | undefined {
    try {
      const value = this.evaluate(context)
      return typeof value === 'boolean' ? value : undefined
    } catch {
      return undefined
    }
  }
}

function environment(): Environment {
  const made = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    // Its functions only: the syntax does not get here.
    enableOptionalTypes: true,
    // Whoever writes the config may write long lists in it.
    limits: { maxListElements: 100_000, maxMapEntries: 100_000 },
  })
  made.registerType('Headers', CelHeaders)
  made.registerType('Redacted', { ctor: Redacted, fields: {} })
  made.registerType('Cidr', { ctor: Cidr, fields: {} })
  made.registerType('Ip', { ctor: Ip, fields: {} })
  made.registerType('Flattened', { ctor: Flattened, fields: {} })
  for (const name of [...CONTEXT_NAMES, 'variables']) made.registerVariable(name, 'dyn')
  for (const [signature, handler] of [...FUNCTIONS, ...patternFunctions(), ...MACRO_FUNCTIONS]) {
    made.registerFunction(signature, handler as (...args: unknown[]) => unknown, { async: false })
  }
  return made
}
