import type { Path } from '../config/index.ts'
import { isSet, valueAt } from '../config/rules/tree.ts'
import { headerWords, redirectWords, rewriteWords } from './filters.ts'
import { timeoutWords } from './retries.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import type { Words } from './words.ts'

/** What a rule of an HTTPRoute does with requests and answers on their way, and how long it waits. */
export interface RouteChanges {
  readonly filters: readonly Words[]
  readonly timeouts: Words | undefined
  /** What only a policy has a word for. */
  readonly traffic: readonly Words[]
  /** Requests are sent elsewhere. */
  readonly redirects: boolean
  /** Each match needs a rule of its own. */
  readonly splits: boolean
}

/** The policies of a route that rules have; a redirect that cannot be written leaves the route without a purpose. */
export function changesOf(scene: ExportScene, at: Path, matches: readonly Words[]): RouteChanges {
  const { taken } = scene
  const filters: Words[] = []
  const traffic: Words[] = []
  let splits = false
  const attempt = (key: string, make: (value: unknown) => void): void => {
    const path: Path = [...at, key]
    if (isSet(taken.look(...path))) taken.attempt(path, () => make(taken.takeFree(...path)))
  }
  attempt('requestHeaderModifier', value => {
    const words = headerWords(value)
    if (words !== undefined) filters.push({ type: 'RequestHeaderModifier', requestHeaderModifier: words })
  })
  attempt('responseHeaderModifier', value => {
    const words = headerWords(value)
    if (words !== undefined) filters.push({ type: 'ResponseHeaderModifier', responseHeaderModifier: words })
  })
  attempt('urlRewrite', value => {
    const { filter, traffic: words } = rewriteWords(value)
    splits = isPrefix(filter, matches)
    if (filter !== undefined) filters.push({ type: 'URLRewrite', urlRewrite: filter })
    if (words !== undefined) traffic.push(words)
  })
  let redirects = false
  attempt('requestRedirect', value => {
    if (filters.some(one => one['type'] === 'URLRewrite'))
      unwritten('the Gateway API has no rule that redirects and rewrites')
    const words = redirectWords(value)
    splits = isPrefix(words, matches)
    filters.push({ type: 'RequestRedirect', requestRedirect: words })
    redirects = true
  })
  let timeouts: Words | undefined
  attempt('timeout', value => {
    timeouts = timeoutWords(value)
  })
  return { filters, timeouts, traffic, redirects, splits: splits && matches.length > 1 }
}

/** Whether a prefix is put in the place of the matched one: that needs matches of prefixes, one a rule. */
function isPrefix(words: Words | undefined, matches: readonly Words[]): boolean {
  if (valueAt(words, 'path', 'type') !== 'ReplacePrefixMatch') return false
  const isOther = (match: Words): boolean =>
    valueAt(match, 'path') !== undefined && valueAt(match, 'path', 'type') !== 'PathPrefix'
  if (matches.some(isOther)) unwritten('a match of the route is no prefix that could be replaced')
  return true
}
