import { z } from 'zod'
import { own } from '../own.ts'
import { nullish, optional } from './fields.ts'
import { gatewayPolicies } from './policies.ts'
import { hostname, port, text } from './primitives.ts'
import { route, tcpRoute } from './routes.ts'
import { isSet, rule, section } from './section.ts'
import { serverTls } from './tls.ts'

/** Which list of routes each protocol needs. HBONE needs none. */
const ROUTES_OF: Readonly<Record<string, 'routes' | 'tcpRoutes'>> = {
  HTTP: 'routes',
  HTTPS: 'routes',
  TLS: 'tcpRoutes',
  TCP: 'tcpRoutes',
}

interface ListenerParts {
  protocol?: unknown
  tls?: unknown
  routes?: unknown
  tcpRoutes?: unknown
}

const routesFitProtocol = rule<ListenerParts>((listener, report) => {
  const protocol = listener.protocol ?? 'HTTP'
  const needed = typeof protocol === 'string' ? own(ROUTES_OF, protocol) : undefined
  if (isSet(listener.routes) && isSet(listener.tcpRoutes)) {
    report({
      code: 'MANY_BRANCHES',
      message: 'a listener takes only one of "routes" and "tcpRoutes", and has both of them',
      hint: `keep "${needed ?? 'routes'}", or split the listener in two`,
      path: [needed === 'routes' ? 'tcpRoutes' : 'routes'],
      at: 'key',
    })
  } else if (needed !== undefined && !isSet(listener[needed])) {
    report({
      code: 'MISSING_KEY',
      key: needed,
      message: `"${needed}" is missing: a listener of protocol ${protocol} needs it`,
      hint: `add "${needed}", which may be an empty list: ${needed}: []`,
    })
  }
  if (protocol === 'HTTPS' && !isSet(listener.tls)) {
    report({
      code: 'MISSING_KEY',
      key: 'tls',
      message: '"tls" is missing: a listener of protocol HTTPS needs it',
      hint: 'add tls: {cert: cert.pem, key: key.pem}, or use protocol HTTP',
    })
  }
})

const listenerObject = section(
  { noun: 'a listener', about: 'Hostname, protocol and routes that share a port.', id: 'Listener' },
  {
    name: nullish(text, 'Name in logs and metrics, and for policies to refer to.'),
    namespace: nullish(text, 'Namespace of that name.'),
    hostname: nullish(hostname, 'Host it is for; all when absent.'),
    protocol: optional(z.enum(['HTTP', 'HTTPS', 'TLS', 'TCP', 'HBONE']), {
      description: 'What is spoken: HTTP and HTTPS take routes, TLS and TCP take tcpRoutes.',
      default: 'HTTP',
    }),
    tls: nullish(serverTls),
    routes: nullish(z.array(route), 'HTTP routes.'),
    tcpRoutes: nullish(z.array(tcpRoute), 'TCP routes.'),
    policies: nullish(gatewayPolicies),
  },
  routesFitProtocol,
)

export interface Listener extends z.output<typeof listenerObject> {}
export const listener: z.ZodType<Listener> = listenerObject

const portUnlessInternal = rule<{ port?: unknown; mode?: unknown }>((bind, report) => {
  if (isSet(bind.port) || bind.mode === 'internal') return
  report({
    code: 'MISSING_KEY',
    key: 'port',
    message: '"port" is missing: only a bind of mode internal goes without',
    hint: 'add "port", or mode: internal',
  })
})

const bindObject = section(
  { noun: 'a bind', about: 'A port and its listeners.', id: 'Bind' },
  {
    port: nullish(port, 'Port to listen on.'),
    mode: optional(z.enum(['standard', 'internal']), {
      description: 'internal: no socket; requests come from inside the gateway.',
      default: 'standard',
    }),
    tunnelProtocol: optional(z.enum(['direct', 'hboneWaypoint', 'hboneGateway', 'proxy', 'connect']), {
      description: 'What connections are wrapped in.',
      default: 'direct',
    }),
    listeners: z.array(listener).describe('The listeners of the port.'),
  },
  portUnlessInternal,
)

export interface Bind extends z.output<typeof bindObject> {}
export const bind: z.ZodType<Bind> = bindObject
