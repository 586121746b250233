import { Duration, type Node, UnsignedInt } from './library.ts'
import { entriesOf, isCelMap } from './values.ts'

/*
 * Operators as agentgateway evaluates them: values have their types when they are there, not before. The library looks at
 * types beforehand and refuses `1 == 1.0`, and has no `in` between two texts, on which rules such as
 * `"admin" in jwt.scope` stand.
 */

type Binary = (left: unknown, right: unknown) => boolean

const BINARY: Readonly<Record<string, Binary>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  in: isIn,
  '<': (left, right) => compare(left, right) < 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>': (left, right) => compare(left, right) > 0,
  '>=': (left, right) => compare(left, right) >= 0,
}

/** Gives the operators of a parsed expression their meaning; before its types are checked. */
export function withOperators(ast: unknown): void {
  for (const node of nodesOf(ast)) {
    const binary = Object.hasOwn(BINARY, node.op) ? BINARY[node.op] : undefined
    if (binary !== undefined) makeBinary(node, binary)
    else if (node.op === '&&' || node.op === '||') makeLogical(node)
    else if (node.op === '?:') makeTernary(node)
    else if (node.op === '-_' || node.op === '/') makeBounded(node)
    else if (node.op === 'call') makeHas(node)
  }
}

function makeBinary(node: Node, binary: Binary): void {
  const [left, right] = node.args as readonly [Node, Node]
  node.meta.check = (checker, _, scope) => {
    checker.check(left, scope)
    checker.check(right, scope)
    return checker.getType('bool')
  }
  node.meta.evaluate = (evaluator, _, scope) =>
    binary(evaluator.run(left, scope), evaluator.run(right, scope))
}

/** An operand that is no bool is an error when it counts: `"x" || true` is true. */
function makeLogical(node: Node): void {
  const { check } = node.meta
  node.meta.check = (checker, self, scope) => {
    // The library takes the operands down, then looks at their types.
    try {
      return check(checker, self, scope)
    } catch (error) {
      if (codeOf(error) !== 'invalid_logical_operand') throw error
      return checker.getType('bool')
    }
  }
}

function makeTernary(node: Node): void {
  const { check } = node.meta
  node.meta.check = (checker, self, scope) => {
    try {
      return check(checker, self, scope)
    } catch (error) {
      if (codeOf(error) !== 'incompatible_ternary_branches') throw error
      return checker.getType('dyn')
    }
  }
}

/** `has(x.field)`, where the library wants `x` to be a name or a field of one: nothing but a map has a field. */
function makeHas(node: Node): void {
  const { macro } = node.meta
  const [name, args] = node.args as readonly [string, readonly Node[]]
  const [field] = args
  if (name !== 'has' || field?.op !== '.' || macro === undefined) return
  const [of, key] = field.args as readonly [Node, string]
  macro.typeCheck = (checker, _, scope) => {
    checker.check(of, scope)
    return checker.getType('bool')
  }
  macro.evaluate = (evaluator, _, scope) => {
    const value = evaluator.run(of, scope)
    return typeof value === 'object' && value !== null && isCelMap(value) && hasKey(value, key)
  }
}

const LARGEST = 2n ** 63n - 1n

/** The two ways past the largest number that the library does not look at: the smallest one, negated or by -1. */
function makeBounded(node: Node): void {
  const { evaluate } = node.meta
  node.meta.evaluate = (evaluator, self, scope) => {
    const value = evaluate(evaluator, self, scope)
    if (typeof value === 'bigint' && value > LARGEST) throw new RangeError('integer overflow')
    return value
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

/** Every node that can be evaluated; macros keep theirs beside the arguments. */
function nodesOf(ast: unknown): Node[] {
  const found: Node[] = []
  const seen = new Set<unknown>()
  const open: unknown[] = [ast]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null || seen.has(one)) continue
    seen.add(one)
    if (isNode(one)) {
      found.push(one)
      open.push(one.args, Reflect.get(one.meta, 'alternate'), Reflect.get(one.meta, 'macro'))
    } else open.push(...Object.values(one))
  }
  return found
}

function isNode(value: object): value is Node {
  return 'op' in value && 'meta' in value
}

/** Values of different kinds are not equal; numbers are, whatever their type. */
export function equals(left: unknown, right: unknown): boolean {
  if (left === right) return true
  const [a, b] = [numberOf(left), numberOf(right)]
  // Neither less nor more, as an integer and a double are never the same to JavaScript.
  if (a !== undefined && b !== undefined) return a <= b && a >= b
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime()
  if (left instanceof Duration)
    return right instanceof Duration && left.seconds === right.seconds && left.nanos === right.nanos
  if (isList(left)) return isList(right) && equalLists([...left], [...right])
  if (isCelMap(left)) return isCelMap(right) && equalMaps(left, right)
  // Networks and addresses say themselves what they are.
  return (
    left.constructor === right.constructor && 'equals' in left && (left.equals as Binary)(right, undefined)
  )
}

function equalLists(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((value, index) => equals(value, right[index]))
}

function equalMaps(left: object, right: object): boolean {
  const entries = entriesOf(left)
  if (entries.length !== entriesOf(right).length) return false
  return entries.every(([key, value]) => hasKey(right, key) && equals(value, at(right, key)))
}

function isIn(value: unknown, container: unknown): boolean {
  if (typeof container === 'string' && typeof value === 'string') return container.includes(value)
  if (typeof container !== 'object' || container === null)
    throw new TypeError('in: neither list, map nor text')
  if (isList(container)) return [...container].some(one => equals(value, one))
  if (isCelMap(container)) return hasKey(container, value)
  throw new TypeError('in: neither list, map nor text')
}

/** Below 0, 0, above 0; throws for what has no order. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a !== undefined && b !== undefined && !Number.isNaN(a) && !Number.isNaN(b))
    return a < b ? -1 : a > b ? 1 : 0
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (left === null && right === null) return 0
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime()
  if (left instanceof Duration && right instanceof Duration)
    return left.seconds === right.seconds ? left.nanos - right.nanos : left.seconds < right.seconds ? -1 : 1
  throw new TypeError('values that have no order')
}

/** By code points: JavaScript's own order puts U+FF5E behind the emoji. */
function compareTexts(left: string, right: string): number {
  const end = Math.min(left.length, right.length)
  for (let i = 0; i < end; i++) {
    const [a, b] = [left.charCodeAt(i), right.charCodeAt(i)]
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1
  }
  return left.length - right.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return value instanceof UnsignedInt ? value.value : undefined
}

function isList(value: object): value is readonly unknown[] | ReadonlySet<unknown> {
  return Array.isArray(value) || value instanceof Set
}

function hasKey(map: object, key: unknown): boolean {
  if (map instanceof Map) return map.has(key)
  const isKey = typeof key === 'string' || typeof key === 'boolean' || numberOf(key) !== undefined
  return isKey && Object.hasOwn(map, String(key))
}

function at(map: object, key: unknown): unknown {
  return map instanceof Map ? map.get(key) : Reflect.get(map, String(key))
}
