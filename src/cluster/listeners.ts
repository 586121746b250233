import { formatPath, type Path } from '../config/index.ts'
import { isNode, isSet, nodesAt, textAt } from '../config/rules/tree.ts'
import { isHttp } from '../setup/route-places.ts'
import type { Taken } from './taken.ts'
import { unwritten } from './unwritten.ts'

/** A listener of the Gateway, and the place of the config that it is. */
export interface ExportedListener {
  readonly name: string
  readonly port: number
  readonly hostname: string | undefined
  /** Its certificate, where it speaks TLS. */
  readonly certificate: Certificate | undefined
  /** Where its policies stand. */
  readonly policies: Path | undefined
  /** As in `gateways.default` and `gateways.default.listeners[0]`. */
  readonly places: readonly string[]
  /** What routes call it: `default`, `default/a`. */
  readonly references: readonly string[]
}

/** The PEM files of a certificate and its key. */
export interface Certificate {
  readonly path: Path
  readonly cert: string
  readonly key: string
}

/** agentgateway's own, where a config with models says nothing. */
const MODELS_PORT = 4000
/** More a Gateway does not have. */
const MOST = 64
/** Hostname of the Gateway API. */
const HOSTNAME = /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Whether the Gateway API takes a name for a host. */
export function isHostname(name: string): boolean {
  return name.length <= 253 && HOSTNAME.test(name)
}

/** What listens for HTTP and HTTPS. What tunnels or takes connections alone is left over. */
export function exportedListeners(taken: Taken): ExportedListener[] {
  const found: ExportedListener[] = []
  /** `portAt` is taken with the listener; `at` is its own place. */
  const add = (
    portAt: Path,
    at: Path,
    policies: Path,
    references: readonly string[],
    above: readonly string[],
  ): void => {
    taken.attempt(at, () => {
      const listener = taken.look(...at)
      if (!isHttp(listener)) unwritten('it takes no HTTP: this version writes none such')
      const certificate = certificateOf(taken, at)
      if (certificate === undefined && textAt(listener, 'protocol') === 'HTTPS')
        unwritten('it speaks TLS without a certificate in files')
      const port = taken.take(...portAt)
      if (typeof port !== 'number' || port < 1) unwritten('its port is none that a Gateway takes')
      for (const key of ['name', 'hostname', 'protocol']) taken.take(...at, key)
      const host = textAt(listener, 'hostname')
      const hostname = host === '*' ? undefined : host
      if (hostname !== undefined && !isHostname(hostname))
        unwritten('its hostname is none that the Gateway API takes')
      if (found.some(one => one.port === port && one.hostname === hostname))
        unwritten('another listener has its port and hostname')
      if (found.length === MOST) unwritten(`a Gateway has no more than ${MOST} listeners`)
      const count = found.filter(one => one.port === port).length
      const name = `${certificate === undefined ? 'http' : 'https'}-${port}${count === 0 ? '' : `-${count + 1}`}`
      found.push({
        name,
        port,
        hostname,
        certificate,
        policies,
        places: [formatPath(at), ...above],
        references,
      })
    })
  }
  for (const [name, gateway] of Object.entries(Object(taken.look('gateways')) as object)) {
    const at: Path = ['gateways', name]
    const listeners = nodesAt(gateway, 'listeners')
    if (listeners.length === 0) add([...at, 'port'], at, at, [name], [])
    for (const [listener, index] of listeners) {
      const own: Path = [...at, 'listeners', index]
      add([...at, 'port'], own, own, [name, `${name}/${textAt(listener, 'name') ?? ''}`], [formatPath(at)])
    }
  }
  for (const [bind, index] of nodesAt({ binds: taken.look('binds') }, 'binds')) {
    if (bind['mode'] === 'internal') {
      taken.leave(
        ['binds', index],
        'it is for routes of this config alone, and there everybody could reach it',
      )
      continue
    }
    for (const [, at] of nodesAt(bind, 'listeners')) {
      const own: Path = ['binds', index, 'listeners', at]
      add(['binds', index, 'port'], own, [...own, 'policies'], [], [])
    }
  }
  addOwnOfModels(taken, found)
  return found
}

/** Static files, and nothing that narrows who may come or how: a Gateway without that would let in more. */
function certificateOf(taken: Taken, at: Path): Certificate | undefined {
  const path: Path = [...at, 'tls']
  const tls = taken.look(...path)
  if (!isSet(tls)) return undefined
  const { cert, key, mode, ...more } = isNode(tls) ? tls : {}
  const isPlain = !isSet(mode) || mode === 'static'
  if (typeof cert !== 'string' || typeof key !== 'string' || !isPlain || Object.values(more).some(isSet))
    unwritten('of its tls this version writes cert and key alone')
  taken.takeKey(...path)
  return { path, cert, key }
}

function addOwnOfModels(taken: Taken, found: ExportedListener[]): void {
  const own = taken.look('llm', 'port')
  if (!isNode(taken.look('llm')) || (own === undefined && taken.look('gateways') !== undefined)) return
  const port = typeof own === 'number' ? own : MODELS_PORT
  taken.attempt(['llm', 'tls'], () => {
    const certificate = certificateOf(taken, ['llm'])
    taken.takeKey('llm', 'port')
    if (found.some(one => one.port === port)) unwritten('another listener has its port')
    found.push({
      name: `${certificate === undefined ? 'http' : 'https'}-${port}`,
      port,
      hostname: undefined,
      certificate,
      policies: undefined,
      places: ['llm'],
      references: [],
    })
  })
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
