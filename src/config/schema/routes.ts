import { z } from 'zod'
import { backendTunnel } from './backend-policies-simple.ts'
import { routeBackend, tcpRouteBackendShape } from './backends.ts'
import { gatewayReferences } from './gateway-references.ts'
import { routeMatch } from './matches.ts'
import { routePolicies } from './policies.ts'
import { hostname, text } from './primitives.ts'
import { section } from './section.ts'
import { backendTls } from './tls.ts'

const names = {
  name: text.nullish().describe('Name in logs and metrics, and for policies to refer to.'),
  namespace: text.nullish().meta({ description: 'Namespace of that name.', default: 'default' }),
  ruleName: text.nullish().describe('Name of the rule within the route.'),
  hostnames: z.array(hostname).optional().describe('Hosts it is for, without port; all when absent.'),
}

const routeShape = {
  ...names,
  matches: z
    .array(routeMatch)
    .optional()
    .meta({
      description: 'What a request must have: any of these.',
      default: [{ path: { pathPrefix: '/' } }],
    }),
  policies: routePolicies.nullish(),
  backends: z.array(routeBackend).optional().describe('Where requests go, by weight.'),
}

const routeObject = section(
  { noun: 'a route', about: 'Which requests go where, and what is done to them on the way.', id: 'Route' },
  routeShape,
)

export interface Route extends z.output<typeof routeObject> {}
export const route: z.ZodType<Route> = routeObject

const attachedRouteObject = section(
  { noun: 'a route', about: 'A route that attaches to gateways.', id: 'AttachedRoute' },
  { gateways: gatewayReferences.optional(), ...routeShape },
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
    policies: section(
      { noun: 'the policies of a TCP backend', about: 'What applies to connections to it.' },
      { backendTLS: backendTls.nullish(), backendTunnel: backendTunnel.nullish() },
    ).nullish(),
  },
)

const tcpRouteShape = {
  ...names,
  policies: section(
    { noun: 'the policies of a TCP route', about: 'What applies to its connections.' },
    { backendTLS: backendTls.nullish() },
  ).nullish(),
  backends: z.array(tcpRouteBackend).optional().describe('Where connections go, by weight.'),
}

const tcpRouteObject = section(
  { noun: 'a TCP route', about: 'Which connections go where.', id: 'TcpRoute' },
  tcpRouteShape,
)

export interface TcpRoute extends z.output<typeof tcpRouteObject> {}
export const tcpRoute: z.ZodType<TcpRoute> = tcpRouteObject

const attachedTcpRouteObject = section(
  { noun: 'a TCP route', about: 'A TCP route that attaches to gateways.', id: 'AttachedTcpRoute' },
  { gateways: gatewayReferences.optional(), ...tcpRouteShape },
)

export interface AttachedTcpRoute extends z.output<typeof attachedTcpRouteObject> {}
export const attachedTcpRoute: z.ZodType<AttachedTcpRoute> = attachedTcpRouteObject

export const routeGroup = section(
  { noun: 'a route group', about: 'Routes that a route can hand its requests to.', id: 'RouteGroup' },
  {
    name: text.min(1).describe('Name that routes refer to.'),
    routes: z.array(route).describe('The routes.'),
  },
)

export type RouteGroup = z.output<typeof routeGroup>
