import { type ConfigDocument, formatPath, type Path } from '../config/index.ts'
import { isNode, type Node, nodeAt, nodesAt, pathOf, textAt, walk } from '../config/rules/tree.ts'
import { isHttp } from '../setup/route-places.ts'

/** A place of a config where clients are asked for a virtual key, or could be. */
export interface ClientPlace {
  /** What commands call it: the config path of what has the policies, as `llm` or `gateways.default`. */
  readonly id: string
  /** The name that the config itself gives it. */
  readonly name: string | undefined
  /** Of its `apiKey` policy, be it there or not. */
  readonly path: Path
  /** The policy, where it is there. */
  readonly policy: Node | undefined
}

/** Where clients are asked for keys by now, in the order of the file. The keys of `ui` are not those of clients. */
export function askingPlaces(document: ConfigDocument): ClientPlace[] {
  const { data } = document
  const found: ClientPlace[] = []
  if (!isNode(data)) return found
  walk(data, new Map([['apiKey', true]]), place => {
    const path = pathOf(place)
    if (path[0] === 'ui' || !isNode(place.value) || !Array.isArray(place.value['keys'])) return
    found.push(placeAt(data, path))
  })
  return found
}

/** Where clients come in, for a config that asks nobody for a key: the models, or what listens for HTTP. */
export function entryPlaces(document: ConfigDocument): ClientPlace[] {
  const { data } = document
  if (!isNode(data)) return []
  const sections = ['llm', 'mcp'].filter(name => isNode(data[name]))
  const hasRoutes = isNode(data['mcp']) || nodesAt(data, 'routes').length > 0 || isNode(data['routeGroups'])
  const own = sections.map((name): Path => [name, 'policies', 'apiKey'])
  // A listener that leads to nothing but models is as good as they are, and says less.
  if (isNode(data['llm']) && !hasRoutes && nodesAt(data, 'binds').length === 0) return placesAt(data, own)
  return placesAt(data, [...own, ...listenerPaths(data)])
}

/** Every place that could ask for keys: those where clients come in, and each route. */
export function possiblePlaces(document: ConfigDocument): ClientPlace[] {
  const { data } = document
  if (!isNode(data)) return []
  const paths = [
    ...['llm', 'mcp'].filter(name => isNode(data[name])).map((name): Path => [name, 'policies', 'apiKey']),
    ...listenerPaths(data),
    ...routePaths(data),
  ]
  const asking = askingPlaces(document)
  const known = new Set(asking.map(place => place.id))
  return [...asking, ...placesAt(data, paths).filter(place => !known.has(place.id))]
}

function listenerPaths(data: Node): Path[] {
  const gateways = Object.entries(nodeAt(data, 'gateways') ?? {}).flatMap(([name, gateway]): Path[] => {
    const listeners = nodesAt(gateway, 'listeners')
    if (listeners.length === 0) return isHttp(gateway) ? [['gateways', name, 'apiKey']] : []
    return listeners
      .filter(([listener]) => isHttp(listener))
      .map(([, index]) => ['gateways', name, 'listeners', index, 'apiKey'])
  })
  const binds = nodesAt(data, 'binds').flatMap(([bind, at]) =>
    nodesAt(bind, 'listeners')
      .filter(([listener]) => isHttp(listener))
      .map(([, index]): Path => ['binds', at, 'listeners', index, 'policies', 'apiKey']),
  )
  return [...gateways, ...binds]
}

function routePaths(data: Node): Path[] {
  const top = nodesAt(data, 'routes').map(([, index]): Path => ['routes', index, 'policies', 'apiKey'])
  const below = nodesAt(data, 'binds').flatMap(([bind, at]) =>
    nodesAt(bind, 'listeners').flatMap(([listener, index]) =>
      nodesAt(listener, 'routes').map(
        ([, route]): Path => ['binds', at, 'listeners', index, 'routes', route, 'policies', 'apiKey'],
      ),
    ),
  )
  return [...top, ...below]
}

function placesAt(data: Node, paths: readonly Path[]): ClientPlace[] {
  return paths.map(path => placeAt(data, path))
}

function placeAt(data: Node, path: Path): ClientPlace {
  const above = path.slice(0, -1)
  const holder = ['policies', 'policy'].includes(String(above.at(-1))) ? above.slice(0, -1) : above
  const isGateway = holder[0] === 'gateways' && holder.length === 2
  return {
    id: formatPath(holder),
    name: isGateway ? String(holder[1]) : textAt(data, ...holder, 'name'),
    path,
    policy: nodeAt(data, ...path),
  }
}
