import type { ConfigDocument, Path } from '../config/index.ts'
import { sceneOf } from '../config/rules/scene.ts'
import type { ListenerScene, Served } from '../config/rules/scene-listeners.ts'
import { isNode, isSet, listAt, type Node, pathKey, textAt } from '../config/rules/tree.ts'
import { lineOf, listed } from '../config/rules/words.ts'

/**
 * What to know of routes that were added without hostnames beside some that have them. agentgateway asks the routes for the
 * host of a request first, whatever their paths are, and those for any host only where none of these fits (`RouteSet` in its
 * `types/agent.rs`). A config that separates nothing by host gives no warning.
 */
export function hostWarnings(after: ConfigDocument, added: readonly Path[]): string[] {
  const { data } = after
  if (!isNode(data)) return []
  const keys = new Set(added.map(pathKey))
  const isAdded = ({ path }: Served): boolean => keys.has(pathKey(path))
  const listeners = sceneOf(data).listeners.filter(({ served }) => served.some(isAdded))
  const prefixes = added.map(path => textAt(data, ...path, 'matches', 0, 'path', 'pathPrefix') ?? '/')
  const [paths, are, it] =
    prefixes.length === 1 ? [prefixes.join(''), 'is', 'it'] : [prefixes.join(' and '), 'are', 'them']
  const others = listeners.flatMap(({ served }) => served.filter(one => !isAdded(one)))
  const closing = others.filter(one => prefixes.some(prefix => takesAll(one, prefix)))
  const hosts = [...new Set(closing.flatMap(({ hostnames }) => hostnames))]
  const lines = [...new Set(closing.map(({ path }) => lineOf(after, path)))]
  const warnings: string[] = []
  if (hosts.length > 0)
    warnings.push(
      `${paths} ${are} not reached at ${listed(hosts)}: what stands in ${lines.join(', ')} takes all requests for ${hosts.length === 1 ? 'that host' : 'those hosts'}. To have ${it} there too, add hostnames to what is new`,
    )
  if (listeners.some(one => isForHosts(one, isAdded)))
    warnings.push(
      `${paths} ${are} reached at any other host, while all else there is for hosts that are named: to keep ${it} to some, add hostnames to what is new`,
    )
  return warnings
}

/** Whether a route for hosts takes every request below a path, so that none goes on to the routes for any host. */
function takesAll({ hostnames, matches }: Served, prefix: string): boolean {
  return hostnames.length > 0 && matches.some(match => isUnconditional(match) && covers(match, prefix))
}

function isUnconditional(match: Node): boolean {
  const isListed = (key: string): boolean => listAt(match, key).length > 0
  return !isSet(match['method']) && !isListed('headers') && !isListed('query')
}

function covers(match: Node, prefix: string): boolean {
  if (!isSet(match['path'])) return true
  if (/^\^?\/?\.\*\$?$/.test(textAt(match, 'path', 'regex') ?? '')) return true
  const above = textAt(match, 'path', 'pathPrefix')?.replace(/\/+$/, '')
  return above !== undefined && (above === '' || prefix === above || prefix.startsWith(`${above}/`))
}

/** Whether a listener for any host had nothing until now but what is for hosts. */
function isForHosts({ hostname, served }: ListenerScene, isAdded: (one: Served) => boolean): boolean {
  const others = served.filter(one => !isAdded(one))
  const isForAny = hostname === '' || hostname === '*'
  return isForAny && others.length > 0 && others.every(({ hostnames }) => hostnames.length > 0)
}
