import { isNode } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'

/** A piece of a manifest. */
export type Words = Readonly<Record<string, unknown>>

/** What most lists of the manifests hold: headers, conditional entries, host names. */
export const MOST_ITEMS = 16
/** Longer CEL the controller does not take. */
const LONGEST_CEL = 16_384

/** HTTPHeaderName of the Gateway API. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/

export function isHeaderName(name: unknown): name is string {
  return typeof name === 'string' && HEADER_NAME.test(name)
}

/** An expression, which is the same in both. */
export function expression(text: unknown): string {
  if (typeof text !== 'string' || text === '' || text.length > LONGEST_CEL)
    unwritten('an expression in it is empty, or too long for the controller')
  return text
}

/** A map of names to values as the list that the manifests have; the values as `of` has them. */
export function namedList(map: unknown, of: (value: unknown) => string, isName = isHeaderName): Words[] {
  const entries = isNode(map) ? Object.entries(map) : []
  if (entries.length > MOST_ITEMS) unwritten(`a list in it has more than ${MOST_ITEMS} items`)
  return entries.map(([name, value]) => {
    if (!isName(name)) unwritten('a header in it has a name that no manifest has')
    return { name, value: of(value) }
  })
}

/** Conditional entries: the first whose condition holds is used, the one without a condition last. */
export function conditional(entries: readonly unknown[], policy: (entry: unknown) => Words): Words[] {
  if (entries.length > MOST_ITEMS) unwritten(`it has more than ${MOST_ITEMS} conditional entries`)
  return entries.map(entry => {
    const { condition, ...rest } = isNode(entry) ? entry : {}
    const hasCondition = condition !== undefined && condition !== null
    return { ...(hasCondition && { condition: expression(condition) }), policy: policy(rest) }
  })
}
