import { formatPath, type Path } from '../config/index.ts'
import { isNode, nodesAt, textAt, valueAt } from '../config/rules/tree.ts'
import { isHttp } from '../setup/route-places.ts'
import type { Taken } from './taken.ts'

/** A listener of the Gateway, and the place of the config that it is. */
export interface ExportedListener {
  readonly name: string
  readonly port: number
  readonly hostname: string | undefined
  /** As in `gateways.default` and `gateways.default.listeners[0]`. */
  readonly places: readonly string[]
  /** What routes call it: `default`, `default/a`. */
  readonly references: readonly string[]
}

/** agentgateway's own, where a config with models says nothing. */
const MODELS_PORT = 4000

/** What listens for HTTP. What ends TLS, tunnels or takes connections alone is left over. */
export function exportedListeners(taken: Taken): ExportedListener[] {
  const found: ExportedListener[] = []
  const add = (
    path: Path,
    port: unknown,
    at: Path,
    references: readonly string[],
    above: readonly string[],
  ): void => {
    const listener = taken.look(...at)
    if (typeof port !== 'number' || !isHttp(listener) || valueAt(listener, 'tls') != null) return
    if (textAt(listener, 'protocol') === 'HTTPS') return
    taken.take(...path)
    for (const key of ['name', 'hostname', 'protocol']) taken.take(...at, key)
    const host = textAt(listener, 'hostname')
    const count = found.filter(one => one.port === port).length
    found.push({
      name: `http-${port}${count === 0 ? '' : `-${count + 1}`}`,
      port,
      hostname: host === '*' ? undefined : host,
      places: [formatPath(at), ...above],
      references,
    })
  }
  for (const [name, gateway] of Object.entries(Object(taken.look('gateways')) as object)) {
    const at: Path = ['gateways', name]
    const listeners = nodesAt(gateway, 'listeners')
    if (listeners.length === 0) add([...at, 'port'], valueAt(gateway, 'port'), at, [name], [])
    for (const [listener, index] of listeners)
      add(
        [...at, 'port'],
        valueAt(gateway, 'port'),
        [...at, 'listeners', index],
        [name, `${name}/${textAt(listener, 'name') ?? ''}`],
        [formatPath(at)],
      )
  }
  for (const [bind, index] of nodesAt({ binds: taken.look('binds') }, 'binds')) {
    for (const [, at] of nodesAt(bind, 'listeners'))
      add(['binds', index, 'port'], bind['port'], ['binds', index, 'listeners', at], [], [])
  }
  const ownPort = taken.look('llm', 'port')
  if (isNode(taken.look('llm')) && (ownPort !== undefined || taken.look('gateways') === undefined)) {
    taken.take('llm', 'port')
    const port = typeof ownPort === 'number' ? ownPort : MODELS_PORT
    if (!found.some(one => one.port === port))
      found.push({ name: `http-${port}`, port, hostname: undefined, places: ['llm'], references: [] })
  }
  return found
}

/** The listeners that a section or a route is for, by its `gateways`; those called default where it names none. */
export function attachedTo(
  taken: Taken,
  path: Path,
  listeners: readonly ExportedListener[],
): readonly ExportedListener[] {
  const given = taken.take(...path, 'gateways')
  const names = Array.isArray(given) ? given.map(String) : [typeof given === 'string' ? given : 'default']
  return listeners.filter(one => one.references.some(reference => names.includes(reference)))
}
