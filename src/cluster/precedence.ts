import { listAt, textAt, valueAt } from '../config/rules/tree.ts'
import { isObject } from '../json.ts'
import type { KubernetesObject } from '../kubernetes/index.ts'
import type { ExportedRoute } from './scene.ts'
import type { Words } from './words.ts'

/** A route among others of its listeners. */
export interface Contender {
  readonly route: ExportedRoute
  /** What decides here between two that fit a request equally well. */
  readonly key: string
  /** Its match here, where it has others there: those of models look at a header. */
  readonly here?: Words
}

/** Here the models take all that is left of a listener, whatever a request's model is. */
export function contenderOfModels(route: ExportedRoute): Contender {
  return { route, key: 'llm:request', here: {} }
}

/** The route among `others` that comes before this one here and after it there, or the other way round; undefined where none does. */
export function rivalOf(one: Contender, others: readonly Contender[]): Contender | undefined {
  return others.find(other => {
    if (!other.route.listeners.some(listener => one.route.listeners.includes(listener))) return false
    const [mine, theirs] = [objectOf(one), objectOf(other)]
    const [myHosts, theirHosts] = [mine, theirs].map(hostsOf)
    if (!myHosts?.some(host => theirHosts?.includes(host))) return false
    return matchesOf(mine).some(my =>
      matchesOf(theirs).some(their => {
        const isFirstHere =
          (ranks(one.here ?? my, other.here ?? their, written) || order(one.key, other.key)) < 0
        // Keys that the controller makes are `namespace/name.rule`.
        const isFirstThere =
          (ranks(my, their, trimmed) || order(`${one.route.name}.`, `${other.route.name}.`)) < 0
        return isFirstHere !== isFirstThere && canBothFit(my, their)
      }),
    )
  })
}

function objectOf({ route }: Contender): KubernetesObject | undefined {
  return route.objects.find(({ kind }) => kind === 'HTTPRoute')
}

function hostsOf(object: KubernetesObject | undefined): string[] {
  const hosts = listAt(valueAt(object, 'spec'), 'hostnames').map(String)
  return hosts.length > 0 ? hosts : ['*']
}

function matchesOf(object: KubernetesObject | undefined): Words[] {
  return listAt(valueAt(object, 'spec'), 'rules').flatMap(rule => {
    const matches = listAt(rule, 'matches').filter(isObject)
    return matches.length > 0 ? matches : [{}]
  })
}

const written = (match: Words): string => textAt(match, 'path', 'value') ?? '/'
/** The controller takes slashes off the end of prefixes. */
const trimmed = (match: Words): string =>
  textAt(match, 'path', 'type') === 'PathPrefix' ? written(match).replace(/(?<=.)\/+$/, '') : written(match)

/** Negative where `a` is more exact than `b`: exact paths, longer ones, a method, more headers, more of the query. */
function ranks(a: Words, b: Words, path: (match: Words) => string): number {
  const counts = (match: Words): number[] => [
    Number(textAt(match, 'path', 'type') === 'Exact'),
    Buffer.byteLength(path(match)),
    Number(match['method'] !== undefined),
    listAt(match, 'headers').length,
    listAt(match, 'queryParams').length,
  ]
  const theirs = counts(b)
  return (
    counts(a)
      .map((count, index) => (theirs[index] ?? 0) - count)
      .find(difference => difference !== 0) ?? 0
  )
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether one request may fit both; a pattern may fit anything. */
function canBothFit(a: Words, b: Words): boolean {
  const isPattern = [a, b].some(match => textAt(match, 'path', 'type') === 'RegularExpression')
  if (!isPattern && trimmed(a) !== trimmed(b)) return false
  if (a['method'] !== undefined && b['method'] !== undefined && a['method'] !== b['method']) return false
  return (['headers', 'queryParams'] as const).every(list =>
    listAt(a, list).every(mine =>
      listAt(b, list).every(
        other =>
          textAt(mine, 'type') !== 'Exact' ||
          textAt(other, 'type') !== 'Exact' ||
          textAt(mine, 'name')?.toLowerCase() !== textAt(other, 'name')?.toLowerCase() ||
          textAt(mine, 'value') === textAt(other, 'value'),
      ),
    ),
  )
}
