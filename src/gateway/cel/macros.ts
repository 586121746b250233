import type { Checker, Evaluator, Node } from './library.ts'
import { withArguments } from './numbers.ts'
import { entriesOf, isCelMap } from './values.ts'

/** As much as macros use of what else the library hands them. */
interface Scope {
  forkWithVariable(name: string, type: unknown): Scope
  reuse(outer: unknown): { setIterValue(value: unknown, evaluator: Evaluator): unknown }
}
interface Given {
  readonly args: readonly Node[]
  readonly receiver?: Node
}

/** Errors that only mean that something is not there. */
const ABSENT = new Set(['no_such_key', 'unknown_variable'])

function isAbsence(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && ABSENT.has(String(error.code))
}

function checkAll(args: readonly Node[]) {
  return (checker: Checker, _macro: unknown, scope: unknown): unknown => {
    for (const arg of args) checker.check(arg, scope)
    return checker.getType('dyn')
  }
}

/** The first argument if it is there and not null, else the second. Any other error stays one. */
function orDefault({ args }: Given) {
  const [wanted, otherwise] = args as readonly [Node, Node]
  return {
    typeCheck: checkAll(args),
    evaluate(evaluator: Evaluator, _macro: unknown, scope: unknown): unknown {
      try {
        const value = evaluator.run(wanted, scope)
        if (value !== null) return value
      } catch (error) {
        if (!isAbsence(error)) throw error
      }
      return evaluator.run(otherwise, scope)
    },
  }
}

/** The first of the arguments that yields something but null; null if one was null, else the last error. */
function firstPresent({ args }: Given) {
  return {
    typeCheck: checkAll(args),
    evaluate(evaluator: Evaluator, _macro: unknown, scope: unknown): unknown {
      let failure: unknown
      let sawNull = false
      for (const arg of args) {
        try {
          const value = evaluator.run(arg, scope)
          if (value !== null) return value
          sawNull = true
        } catch (error) {
          failure = error
        }
      }
      if (sawNull) return null
      throw failure
    },
  }
}

/** What a macro does with its receiver: `each` evaluates the second argument with the name bound to a value. */
type Binding = (receiver: unknown, each: (value: unknown) => unknown) => unknown

/** A macro whose first argument is a new name. */
function binder(name: string, binding: Binding) {
  return ({ args: [variable, body], receiver }: Given) => {
    if (variable?.op !== 'id' || body === undefined || receiver === undefined)
      throw new SyntaxError(`the first argument of ${name} is no name`)
    let inner: Scope | undefined
    return {
      typeCheck(checker: Checker, _macro: unknown, scope: Scope): unknown {
        checker.check(receiver, scope)
        inner = scope.forkWithVariable(String(variable.args), checker.getType('dyn'))
        checker.check(body, inner)
        return checker.getType('dyn')
      },
      evaluate(evaluator: Evaluator, _macro: unknown, scope: unknown): unknown {
        const each = (value: unknown): unknown =>
          evaluator.run(body, inner?.reuse(scope).setIterValue(value, evaluator))
        return binding(evaluator.run(receiver, scope), each)
      },
    }
  }
}

function entriesOfMap(value: unknown): [string, unknown][] {
  if (!isCelMap(value)) throw new TypeError('not a map')
  return entriesOf(value)
}

function mapOf(entries: Iterable<readonly [string, unknown]>): object {
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

function asBool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('not a bool')
  return value
}

const BINDERS: Readonly<Record<'with' | 'mapValues' | 'filterKeys', Binding>> = {
  with: (value, each) => each(value),
  mapValues: (map, each) => mapOf(entriesOfMap(map).map(([key, value]) => [key, each(value)])),
  filterKeys: (map, each) => mapOf(entriesOfMap(map).filter(([key]) => asBool(each(key)))),
}

/** Signature → macro: `default`, `coalesce`, `with`, `mapValues`, `filterKeys`. */
export const MACRO_FUNCTIONS: readonly (readonly [string, (given: never) => unknown])[] = [
  ['default(ast, ast): dyn', orDefault],
  ...withArguments('coalesce', 1, 'ast').map(signature => [signature, firstPresent] as const),
  ...Object.entries(BINDERS).map(
    ([name, binding]) => [`dyn.${name}(ast, ast): dyn`, binder(name, binding)] as const,
  ),
]
