import { isKeyName } from '../config/mask.ts'
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

/** Throws {@link Unwritten} for a header that is there to carry a credential. */
export function requireOpenHeader(name: string): void {
  if (isKeyName(name) || /cookie/i.test(name))
    unwritten('a header in it may hold a credential, and a manifest would show it')
}

const TEXTS = /(["'])(?:\\.|(?!\1).)*\1/gs
/** A member by its name; a text in a list is none. */
const INDEX = /(?<=[\w\])])(?<!\bin)\[\s*(["'])((?:(?!\1).)*)\1\s*\]/g
const MEMBER = /\.\s*([A-Za-z_]\w*)/g
/** What stands between conditions that have nothing to do with each other, and the brackets around them. */
const SIGNS = /&&|\|\||[?:()[\]{}]/g
/** A condition that is all in brackets. */
const GROUP = /^\s*!?\s*\((.*)\)\s*$/s
const COMPARES =
  /[!=]=|\bin\b|\.\s*(?:startsWith|endsWith|contains|matches|indexOf|lastIndexOf|regex\w*)\s*\(/

/** Whether a text in an expression says more than the word in front of a credential. */
function tells(expression: string): boolean {
  const texts = expression.replace(INDEX, '').match(TEXTS) ?? []
  return texts.some(text => /\w/.test(text.replace(/Bearer|Basic|Token/gi, '')))
}

/** An expression for a header: where that carries a credential, no text of it may stand in the expression. */
export function headerExpression(text: unknown, name: string): string {
  const written = expression(text)
  if (tells(written)) requireOpenHeader(name)
  return written
}

/** What an expression may look at and that is called otherwise there, or is only there. */
const OTHER_NAMES =
  /(?<![.\w])(?:backend\s*(?:\.\s*name\b|\[)|env\s*[.[]|proxy\s*(?:\.\s*(?:bind|gateway|listener|route)\b|\[))/

/** An expression, which is the same in both. Throws {@link Unwritten} for one that looks at names of what it is in. */
export function expression(text: unknown): string {
  if (typeof text !== 'string' || text === '' || text.length > LONGEST_CEL)
    unwritten('an expression in it is empty, or too long for the controller')
  if (OTHER_NAMES.test(text.replace(TEXTS, '')))
    unwritten(
      'an expression in it looks at names of listeners, routes or backends, which are other ones there',
    )
  for (const condition of conditionsOf(text)) {
    if (!COMPARES.test(condition) || !tells(condition)) continue
    for (const [, , name = ''] of condition.matchAll(INDEX)) requireOpenHeader(name)
    for (const [, name = ''] of condition.replace(TEXTS, '').matchAll(MEMBER)) requireOpenHeader(name)
  }
  return text
}

/** Its conditions, each with all that is compared in it: of what stands in brackets, all may be one side of that. */
function conditionsOf(expression: string): string[] {
  const outside = expression.replace(TEXTS, text => '_'.repeat(text.length))
  const conditions: string[] = []
  let [depth, start, least] = [0, 0, 0]
  for (const { 0: sign, index } of outside.matchAll(SIGNS)) {
    if ('([{'.includes(sign)) depth += 1
    else if (')]}'.includes(sign)) least = Math.min(least, --depth)
    else if (depth === 0) {
      conditions.push(expression.slice(start, index))
      start = index + sign.length
    }
  }
  // The brackets that were taken off belonged to others.
  if (least < 0) return [expression]
  return [...conditions, expression.slice(start)].flatMap(one => {
    const [, inner] = GROUP.exec(one) ?? []
    if (inner === undefined) return one
    const parts = conditionsOf(inner)
    return parts.length === 1 ? one : parts
  })
}

/** A map of names to values as the list that the manifests have; the values as `of` has them. */
export function namedList(
  map: unknown,
  of: (value: unknown, name: string) => string,
  isName = isHeaderName,
): Words[] {
  const entries = isNode(map) ? Object.entries(map) : []
  if (entries.length > MOST_ITEMS) unwritten(`a list in it has more than ${MOST_ITEMS} items`)
  return entries.map(([name, value]) => {
    if (!isName(name)) unwritten('a header in it has a name that no manifest has')
    return { name, value: of(value, name) }
  })
}

/** Conditional entries: the first whose condition holds is used, the one without a condition last. */
export function conditional(entries: readonly unknown[], policy: (entry: unknown) => Words): Words[] {
  if (entries.length > MOST_ITEMS) unwritten(`it has more than ${MOST_ITEMS} conditional entries`)
  return entries.map(entry => {
    const { condition, ...rest } = isNode(entry) ? entry : {}
    const hasCondition = condition !== undefined && condition !== null
    const words = policy(rest)
    if (Object.keys(words).length === 0)
      unwritten('an entry of it does nothing, which the controller does not take')
    return { ...(hasCondition && { condition: expression(condition) }), policy: words }
  })
}
