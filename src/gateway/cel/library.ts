/** The library that expressions are parsed and evaluated by, and its own kinds of values. */
export type { Context } from '@marcbachmann/cel-js'
export { Optional } from '@marcbachmann/cel-js'
export { Duration, Environment, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
