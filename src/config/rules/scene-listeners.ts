import type { Path } from '../diagnostic.ts'
import { isNode, isSet, listAt, type Node, nodeAt, nodesAt, textAt } from './tree.ts'

export type Kind = 'http' | 'tcp'

/** A place where requests come in. */
export interface ListenerScene {
  readonly path: Path
  /** Listeners of the same port have the same socket. */
  readonly socket: string
  readonly name: string | undefined
  /** Empty or `*` for any host. */
  readonly hostname: string
  readonly kind: Kind
  readonly tls: boolean
  /** Where the checks of clients stand, and what is there. */
  readonly policies: Node | undefined
  /** In the order in which agentgateway takes them up. */
  readonly served: Served[]
}

/** What answers at a listener: a route of the file, or a whole section. */
export interface Served {
  readonly what: 'route' | 'llm' | 'mcp' | 'ui'
  readonly path: Path
  readonly name: string | undefined
  /** What agentgateway calls it; decides ties, and of two with the same key the later one remains. */
  readonly key: string
  readonly hostnames: readonly string[]
  /** Undefined where the file has no `matches`. */
  readonly matches: readonly Node[]
  readonly written: boolean
}

/** An HTTP route, and the listeners it answers at; none inside a route group. */
export interface RouteScene {
  readonly path: Path
  readonly node: Node
  readonly listeners: readonly ListenerScene[]
}

/** Gateways by what routes refer to them as: `gateway` or `gateway/listener`. */
export interface Serving {
  readonly references: ReadonlyMap<string, readonly ListenerScene[]>
  /** What a section that attaches to gateways refers to, with the path of each reference. */
  wanted(section: Node, path: Path, kind: Kind): readonly Wanted[]
  /** The listeners a section attaches to. */
  at(section: Node, path: Path, kind: Kind): readonly ListenerScene[]
}

export interface Wanted {
  readonly name: string
  readonly path: Path
}

const ANY_PATH: Node = { path: { pathPrefix: '/' } }
const MCP_PATHS = ['/mcp', '/sse', '/.well-known']
const UI_PATHS = ['/ui', '/api/runtime', '/api/config', '/api/cel', '/api/logs', '/api/costs']

/** The gateways of a config with their listeners. */
export function servingOf(data: Node): Serving {
  const references = new Map<string, ListenerScene[]>()
  for (const [name, gateway] of Object.entries(nodeAt(data, 'gateways') ?? {})) {
    if (!isNode(gateway)) continue
    const listeners = nodesAt(gateway, 'listeners')
    const made =
      listeners.length === 0
        ? [gatewayListener(gateway, ['gateways', name], name, name)]
        : listeners.map(([listener, index]) => {
            const reference = `${name}/${textAt(listener, 'name') ?? `listener${index}`}`
            return gatewayListener(listener, ['gateways', name, 'listeners', index], name, reference)
          })
    for (const one of made) references.set(one.name ?? name, [one])
    references.set(name, made)
  }
  const inCase = {
    http: (references.get('default') ?? []).filter(listener => listener.kind === 'http'),
    tcp: (references.get('default') ?? []).filter(listener => listener.kind === 'tcp'),
  }
  const wanted = (section: Node, path: Path, kind: Kind): Wanted[] => {
    const given = section['gateways']
    if (typeof given === 'string') return [{ name: given, path: [...path, 'gateways'] }]
    const list = listAt(given).flatMap((name, index) =>
      typeof name === 'string' ? [{ name, path: [...path, 'gateways', index] }] : [],
    )
    return list.length === 0 && inCase[kind].length > 0 ? [{ name: 'default', path }] : list
  }
  return {
    references,
    wanted,
    at: (section, path, kind) => {
      // Thousands of routes name no gateway.
      if (!isSet(section['gateways'])) return inCase[kind]
      const found = wanted(section, path, kind).flatMap(({ name }) => references.get(name) ?? [])
      return [...new Set(found.filter(listener => listener.kind === kind))]
    },
  }
}

function gatewayListener(node: Node, path: Path, gateway: string, reference: string): ListenerScene {
  const tls = isSet(node['tls'])
  const protocol = textAt(node, 'protocol') ?? (tls ? 'HTTPS' : 'HTTP')
  return {
    path,
    socket: `gateways.${gateway}`,
    name: reference,
    hostname: textAt(node, 'hostname') ?? '*',
    kind: protocol.startsWith('HTTP') ? 'http' : 'tcp',
    tls: protocol === 'HTTPS' || protocol === 'TLS',
    policies: node,
    served: [],
  }
}

interface Listeners {
  readonly listeners: readonly ListenerScene[]
  readonly groups: readonly ListenerScene[]
  readonly routes: readonly RouteScene[]
}

/** All listeners with what they serve, and all HTTP routes. */
export function listenersOf(data: Node, serving: Serving): Listeners {
  const routes: RouteScene[] = []
  const listeners = [...new Set([...serving.references.values()].flat())]
  for (const [bind, at] of nodesAt(data, 'binds')) {
    for (const [listener, index] of nodesAt(bind, 'listeners')) {
      listeners.push(bindListener(listener, ['binds', at, 'listeners', index], `binds.${at}`, routes))
    }
  }
  for (const [route, index] of nodesAt(data, 'routes')) {
    const path = ['routes', index]
    const at = serving.at(route, path, 'http')
    for (const listener of at) listener.served.push(servedRoute(route, path, listener.served.length))
    routes.push({ path, node: route, listeners: at })
  }
  listeners.push(...sections(data, serving))
  const groups = nodesAt(data, 'routeGroups').map(([group, at]) => {
    const path = ['routeGroups', at]
    const scene = ownListener(path, undefined, `routeGroups.${at}`)
    for (const [route, index] of nodesAt(group, 'routes')) {
      const inner = [...path, 'routes', index]
      scene.served.push(servedRoute(route, inner, index))
      routes.push({ path: inner, node: route, listeners: [] })
    }
    return scene
  })
  return { listeners, groups, routes }
}

function bindListener(node: Node, path: Path, socket: string, routes: RouteScene[]): ListenerScene {
  const protocol = textAt(node, 'protocol') ?? 'HTTP'
  const scene: ListenerScene = {
    path,
    socket,
    name: textAt(node, 'name'),
    hostname: textAt(node, 'hostname') ?? '',
    kind: protocol.startsWith('HTTP') ? 'http' : 'tcp',
    tls: protocol === 'HTTPS' || protocol === 'TLS',
    policies: nodeAt(node, 'policies'),
    served: [],
  }
  for (const [route, index] of nodesAt(node, 'routes')) {
    const inner = [...path, 'routes', index]
    scene.served.push(servedRoute(route, inner, index))
    routes.push({ path: inner, node: route, listeners: [scene] })
  }
  return scene
}

/** llm, mcp and ui: at gateways, or at ports of their own, which are returned. */
function sections(data: Node, serving: Serving): ListenerScene[] {
  const own: ListenerScene[] = []
  for (const what of ['llm', 'mcp', 'ui'] as const) {
    const section = nodeAt(data, what)
    if (section === undefined) continue
    const attached = isAttached(section, what) ? serving.at(section, [what], 'http') : []
    const served = servedSection(what)
    for (const listener of attached) listener.served.push(served)
    const listed = serving.wanted(section, [what], 'http').length > 0 && isAttached(section, what)
    if (what === 'ui' || listed) continue
    const listener = ownListener([what], what === 'llm' ? nodeAt(section, 'policies') : undefined, what)
    listener.served.push(served)
    own.push(listener)
  }
  return own
}

/** A section with a port of its own does not go to the default gateway. */
export function isAttached(section: Node, what: 'llm' | 'mcp' | 'ui'): boolean {
  const own = what === 'llm' ? ['port', 'tls'] : what === 'mcp' ? ['port'] : []
  const named = typeof section['gateways'] === 'string' || listAt(section, 'gateways').length > 0
  return named || !own.some(key => isSet(section[key]))
}

function ownListener(path: Path, policies: Node | undefined, socket: string): ListenerScene {
  return { path, socket, name: undefined, hostname: '', kind: 'http', tls: false, policies, served: [] }
}

function servedRoute(node: Node, path: Path, index: number): Served {
  const name = textAt(node, 'name')
  const matches = nodesAt(node, 'matches').map(([match]) => match)
  const written = Array.isArray(node['matches'])
  return {
    what: 'route',
    path,
    name,
    key: `${textAt(node, 'namespace') ?? 'default'}/${name ?? `route${index}`}`,
    hostnames: listAt(node, 'hostnames').filter(host => typeof host === 'string'),
    matches: written ? matches : [ANY_PATH],
    written,
  }
}

function servedSection(what: 'llm' | 'mcp' | 'ui'): Served {
  const prefixes = (paths: readonly string[]): Node[] => paths.map(path => ({ path: { pathPrefix: path } }))
  const at = {
    llm: { key: 'llm:request', matches: [ANY_PATH] },
    mcp: { key: 'mcp:default', matches: prefixes(MCP_PATHS) },
    ui: { key: 'ui', matches: [{ path: { exact: '/' } }, ...prefixes(UI_PATHS)] },
  }[what]
  return { what, path: [what], name: undefined, hostnames: [], written: false, ...at }
}
