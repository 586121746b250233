import { type ConfigDocument, formatPath, type Path } from '../config/index.ts'
import { isNode, type Node, nodeAt, nodesAt, textAt } from '../config/rules/tree.ts'

/** A listener that a new route can be put on. */
export interface RoutePlace {
  /** What commands call it, as `gateways.default` or `binds[0].listeners[0]`. */
  readonly id: string
  /** The name that the config gives it. */
  readonly name: string | undefined
  /** The list that its routes stand in. */
  readonly list: Path
  /** How a route of that list says that it is for this listener; absent where it need not. */
  readonly reference?: string
}

/** Every listener for HTTP, in the order of the file. */
export function routePlaces({ data }: ConfigDocument): RoutePlace[] {
  return isNode(data) ? [...ofGateways(data), ...ofBinds(data)] : []
}

/** A route that names no gateway is for the one called default. */
const DEFAULT = 'default'

function ofGateways(data: Node): RoutePlace[] {
  const list: Path = ['routes']
  return Object.entries(nodeAt(data, 'gateways') ?? {}).flatMap(([name, gateway]): RoutePlace[] => {
    const whole = {
      id: formatPath(['gateways', name]),
      name,
      list,
      ...(name !== DEFAULT && { reference: name }),
    }
    const listeners = nodesAt(gateway, 'listeners').filter(([one]) => isHttp(one))
    if (listeners.length === 0) return isHttp(gateway) ? [whole] : []
    const several = listeners.flatMap(([listener, index]): RoutePlace[] => {
      const own = textAt(listener, 'name')
      const id = formatPath(['gateways', name, 'listeners', index])
      return own === undefined ? [] : [{ id, name: own, list, reference: `${name}/${own}` }]
    })
    return several.length > 1 ? [whole, ...several] : [whole]
  })
}

function ofBinds(data: Node): RoutePlace[] {
  return nodesAt(data, 'binds').flatMap(([bind, at]) =>
    nodesAt(bind, 'listeners')
      .filter(([listener]) => isHttp(listener))
      .map(([listener, index]) => {
        const path = ['binds', at, 'listeners', index]
        return { id: formatPath(path), name: textAt(listener, 'name'), list: [...path, 'routes'] }
      }),
  )
}

/** Whether what listens takes requests, and not connections alone. */
export function isHttp(listener: unknown): boolean {
  if (!isNode(listener) || 'tcpRoutes' in listener) return false
  return !['TCP', 'TLS', 'HBONE'].includes(textAt(listener, 'protocol') ?? 'HTTP')
}
