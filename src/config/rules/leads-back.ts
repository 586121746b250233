import { distanceOf } from './hosts.ts'
import { DEFAULT_PORTS } from './ports.ts'
import type { FileRule } from './rule.ts'
import type { ListenerScene } from './scene-listeners.ts'
import type { Upstream } from './scene-upstreams.ts'
import { isSet, type Node, valueAt } from './tree.ts'

/** What may make of a request one that another route takes, or that goes nowhere. */
const DIVERTS = [
  'urlRewrite',
  'transformations',
  'requestHeaderModifier',
  'requestRedirect',
  'directResponse',
]

/** A backend at the very port that its requests come in by, where nothing on the way makes them other requests. */
export const leadsBack: FileRule = ({ data, scene, report }) => {
  for (const upstream of scene.upstreams) {
    const { address, kind } = upstream
    if (address?.port === undefined || kind === 'mcp' || distanceOf(address.host) !== 'loopback') continue
    if (address.host === 'host.docker.internal' || isDiverted(upstream)) continue
    const listener = waysIn(scene.listeners, upstream).find(
      ({ path, hostname }) => (hostname === '' || hostname === '*') && portOf(data, path) === address.port,
    )
    if (listener === undefined) continue
    report({
      code: 'BACKEND_LEADS_BACK',
      path: address.path,
      message: `port ${address.port} is the one that these requests come in by: each goes round until it is refused`,
      hint: 'name the port of the server that is meant, or let the gateway listen on another one',
    })
  }
}

function waysIn(listeners: readonly ListenerScene[], { route, path }: Upstream): readonly ListenerScene[] {
  if (route !== undefined) return route.listeners
  return path[0] === 'llm' ? listeners.filter(({ served }) => served.some(({ what }) => what === 'llm')) : []
}

function isDiverted({ route, levels, settings, kind }: Upstream): boolean {
  // Another model may be one of another entry.
  if (route === undefined) return kind === 'ai' && isSet(settings['model'])
  return (
    isSet(valueAt(route.node, 'hostnames', 0)) ||
    levels.some(({ policies }) => DIVERTS.some(name => isSet(policies?.[name])))
  )
}

function portOf(data: Node, path: ListenerScene['path']): unknown {
  if (path[0] === 'llm') return valueAt(data, 'llm', 'port') ?? DEFAULT_PORTS.llm
  return valueAt(data, ...path.slice(0, 2), 'port')
}
