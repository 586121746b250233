import { z } from 'zod'
import { backendTunnel } from './backend-policies-simple.ts'
import { routeBackend, tcpRouteBackendShape } from './backends.ts'
import { nullish, optional } from './fields.ts'
import { gatewayReferences } from './gateway-references.ts'
import { routeMatch } from './matches.ts'
import { routePolicies } from './policies.ts'
import { filled, hostname, text } from './primitives.ts'
import { type About, section } from './section.ts'
import { backendTls } from './tls.ts'

const names = {
  name: nullish(text, 'Name in logs and metrics, and for policies to refer to.'),
  namespace: nullish(text, { description: 'Namespace of that name.', default: 'default' }),
  ruleName: nullish(text, 'Name of the rule within the route.'),
  hostnames: optional(z.array(hostname), 'Hosts it is for, without port; all when absent.'),
}

/** A route outside a listener says itself where it attaches. */
const attached = <S extends z.core.$ZodShape>(about: About, shape: S) =>
  section(about, { gateways: optional(gatewayReferences), ...shape })

const routeShape = {
  ...names,
  matches: optional(z.array(routeMatch), {
    description: 'What a request must have: any of these.',
    default: [{ path: { pathPrefix: '/' } }],
  }),
  policies: nullish(routePolicies),
  backends: optional(z.array(routeBackend), 'Where requests go, by weight.'),
}

const routeObject = section(
  { noun: 'a route', about: 'Which requests go where, and what is done to them on the way.', id: 'Route' },
  routeShape,
)

export interface Route extends z.output<typeof routeObject> {}
export const route: z.ZodType<Route> = routeObject

const attachedRouteObject = attached(
  { noun: 'a route', about: 'A route that attaches to gateways.', id: 'AttachedRoute' },
  routeShape,
)

export interface AttachedRoute extends z.output<typeof attachedRouteObject> {}
export const attachedRoute: z.ZodType<AttachedRoute> = attachedRouteObject

const tcpRouteBackend = section(
  {
    noun: 'a TCP route backend',
    about: 'Where connections go.',
    id: 'TcpRouteBackend',
    oneOf: ['host', 'backend', 'service', 'dynamic'],
  },
  {
    ...tcpRouteBackendShape,
    policies: nullish(
      section(
        { noun: 'the policies of a TCP backend', about: 'What applies to connections to it.' },
        { backendTLS: nullish(backendTls), backendTunnel: nullish(backendTunnel) },
      ),
    ),
  },
)

const tcpRouteShape = {
  ...names,
  policies: nullish(
    section(
      { noun: 'the policies of a TCP route', about: 'What applies to its connections.' },
      { backendTLS: nullish(backendTls) },
    ),
  ),
  backends: optional(z.array(tcpRouteBackend), 'Where connections go, by weight.'),
}

const tcpRouteObject = section(
  { noun: 'a TCP route', about: 'Which connections go where.', id: 'TcpRoute' },
  tcpRouteShape,
)

export interface TcpRoute extends z.output<typeof tcpRouteObject> {}
export const tcpRoute: z.ZodType<TcpRoute> = tcpRouteObject

const attachedTcpRouteObject = attached(
  { noun: 'a TCP route', about: 'A TCP route that attaches to gateways.', id: 'AttachedTcpRoute' },
  tcpRouteShape,
)

export interface AttachedTcpRoute extends z.output<typeof attachedTcpRouteObject> {}
export const attachedTcpRoute: z.ZodType<AttachedTcpRoute> = attachedTcpRouteObject

export const routeGroup = section(
  { noun: 'a route group', about: 'Routes that a route can hand its requests to.', id: 'RouteGroup' },
  {
    name: filled.describe('Name that routes refer to.'),
    routes: z.array(route).describe('The routes.'),
  },
)

export type RouteGroup = z.output<typeof routeGroup>
