import type { FileRule } from './rule.ts'
import { authKind, type ClientCheck, checksOf } from './scene-levels.ts'
import type { ListenerScene, RouteScene } from './scene-listeners.ts'
import { authOf, type Upstream } from './scene-upstreams.ts'
import { isSet, nodeAt, valueAt } from './tree.ts'
import { lineOf } from './words.ts'

/** Routes of one listener that call one backend with one key. */
interface Ways {
  fenced: RouteScene | undefined
  readonly open: RouteScene[]
}

/**
 * A route that checks its clients beside one that does not, and both spend the same key. Paths are compared letter by
 * letter, so what the first keeps out takes the second.
 */
export const waysAround: FileRule = ({ scene, document, report }) => {
  if (scene.targeted.some(({ policy }) => isSet(policy['authorization']))) return
  const perListener = new Map<ListenerScene, Map<string, Ways>>()
  for (const upstream of scene.upstreams) {
    const { route } = upstream
    const auth = authOf(upstream)
    if (route === undefined || upstream.kind === 'mcp' || auth === undefined) continue
    if (!['key', 'identity', 'credentials'].includes(authKind(auth.value))) continue
    const { provider, address } = upstream
    const what = JSON.stringify([provider, address?.host, address?.port, auth.value])
    for (const listener of route.listeners) {
      const ways = perListener.get(listener) ?? new Map<string, Ways>()
      perListener.set(listener, ways)
      const way = ways.get(what) ?? { fenced: undefined, open: [] }
      ways.set(what, way)
      if (isFenced(route)) way.fenced ??= route
      else if (isOpen(listener, upstream, route)) way.open.push(route)
    }
  }
  for (const { fenced, open } of [...perListener.values()].flatMap(ways => [...ways.values()])) {
    if (fenced === undefined) continue
    for (const { path } of open)
      report({
        code: 'CHECK_WALKED_AROUND',
        path,
        message: `whoever the route in ${lineOf(document, fenced.path)} refuses gets the same backend with the same key here, where nobody is checked`,
        hint: 'check clients on the listener, or here too; else give this route an exact path',
      })
  }
}

/** It refuses those who show nothing. */
function isFenced({ node, path }: RouteScene): boolean {
  const policies = nodeAt(node, 'policies')
  return isSet(policies?.['authorization']) || checksOf(policies, path).some(isStrict)
}

function isStrict({ kind, node }: ClientCheck): boolean {
  return node['mode'] === 'strict' || kind === 'oidc' || kind === 'extAuthz'
}

/** Nothing asks anybody, and clients may name a path of their own. */
function isOpen(listener: ListenerScene, { checks, levels }: Upstream, { node }: RouteScene): boolean {
  const policies = nodeAt(node, 'policies')
  const guards = [listener.policies, ...levels.map(level => level.policies)]
  if (checks.length > 0 || guards.some(one => isSet(one?.['authorization']))) return false
  if (['directResponse', 'requestRedirect'].some(name => isSet(policies?.[name]))) return false
  if (isSet(valueAt(policies, 'urlRewrite', 'path', 'full'))) return false
  const matches = node['matches']
  return !Array.isArray(matches) || matches.some(match => !isSet(valueAt(match, 'path', 'exact')))
}
