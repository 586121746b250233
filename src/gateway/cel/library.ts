/** The library that expressions are parsed and evaluated by, and its own kinds of values. */
export type { Context } from '@marcbachmann/cel-js'
export { Optional } from '@marcbachmann/cel-js'
export { Duration, Environment, UnsignedInt } from '@marcbachmann/cel-js/evaluator'

/** As much of a parsed expression, and of what walks it, as is used or changed here; the library's types leave it open. */
export interface Node {
  readonly op: string
  readonly args: unknown
  readonly meta: {
    check: (checker: Checker, node: Node, scope: unknown) => unknown
    evaluate: (evaluator: Evaluator, node: Node, scope: unknown) => unknown
    /** In place of the two above, where the node calls a macro. */
    readonly macro?: {
      typeCheck: (checker: Checker, macro: unknown, scope: unknown) => unknown
      evaluate: (evaluator: Evaluator, macro: unknown, scope: unknown) => unknown
    }
  }
}
export interface Checker {
  check(node: Node, scope: unknown): unknown
  getType(name: string): unknown
}
export interface Evaluator {
  run(node: Node, scope: unknown): unknown
}
