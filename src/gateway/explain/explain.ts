import { Socket } from 'node:net'
import { formatPath } from '../../config/diagnostic.ts'
import { Exchange } from '../exchange.ts'
import { LISTENER_NOT_FOUND, ROUTE_NOT_FOUND } from '../failures.ts'
import { Generation } from '../generation.ts'
import { KeptStates } from '../kept.ts'
import type { Step } from '../policies/policy.ts'
import { mismatch } from '../routing/match.ts'
import type { Candidate } from '../routing/router.ts'
import type { Bind, Listener, Route, Runtime } from '../runtime.ts'
import { GatewayRequest, GatewayResponse } from '../server/gateway-request.ts'
import { LocalLimits } from '../traffic/limits.ts'
import { Pools } from '../upstream/pools.ts'
import { offersWebSocket } from '../websocket/handshake.ts'
import {
  type ExplainRequest,
  levelAt,
  type PolicyExplanation,
  type RouteExplanation,
  type TriedRoute,
  type Undecided,
} from './explanation.ts'
import { answered, explainAction } from './target.ts'
import { verdictOf } from './verdict.ts'

/** What the gateway would do with a request, by the same tables and checks and without a network. */
export async function explainRoute(runtime: Runtime, request: ExplainRequest): Promise<RouteExplanation> {
  const states = new KeptStates()
  try {
    return await explainWith(states, runtime, request)
  } finally {
    // A password may have been compared, in a thread that would run on.
    states.keep(new Set())
  }
}

async function explainWith(
  states: KeptStates,
  runtime: Runtime,
  request: ExplainRequest,
): Promise<RouteExplanation> {
  const bind = runtime.binds.find(({ port }) => request.port === undefined || port === request.port)
  const exchange = exchangeFor(runtime, request, bind?.port ?? 0, states)
  const [listener] = bind?.listeners.candidates(exchange.host) ?? []
  if (bind === undefined || listener === undefined) {
    const passedBy = bind === undefined ? [] : routesElsewhere(bind, undefined)
    return { ...NOWHERE, bind: bind?.key, ...answered(LISTENER_NOT_FOUND, passedBy) }
  }
  exchange.listener = listener
  const place = { ...NOWHERE, bind: bind.key, listener: listener.name }
  const before = listener.steps.map(step => explainStep(step, 'gateway'))
  const undecided: Undecided[] = []
  const refusal = await verdictOf(listener.steps, exchange, undecided)
  if (refusal !== undefined) return { ...place, policies: before, undecided, ...answered(refusal) }
  const tried = triedRoutes(listener, exchange)
  const found = listener.routes.find(exchange)
  if (found === undefined) {
    const passedBy = [...routesOfOtherHosts(listener, exchange.host), ...routesElsewhere(bind, listener)]
    return { ...place, policies: before, undecided, ...answered(ROUTE_NOT_FOUND, [...tried, ...passedBy]) }
  }
  const { route, match } = found
  exchange.route = route
  exchange.match = match
  const policies = [...before, ...route.steps.map(step => explainStep(step, 'route'))]
  const verdict = await verdictOf(route.steps, exchange, undecided)
  const outcome = verdict === undefined ? await explainAction(route, exchange, undecided) : answered(verdict)
  return { ...place, route: route.name, policies, undecided, ...outcome, tried: [...tried, ...outcome.tried] }
}

const NOWHERE = {
  bind: undefined,
  listener: undefined,
  route: undefined,
  tried: [],
  policies: [],
  undecided: [],
  models: undefined,
}

function explainStep({ name, path, asks }: Step, phase: 'gateway' | 'route'): PolicyExplanation {
  return { phase, name, level: levelAt(path), path: formatPath(path), ...(asks && { asks }) }
}

function exchangeFor(runtime: Runtime, request: ExplainRequest, port: number, states: KeptStates): Exchange {
  const incoming = new GatewayRequest(new Socket())
  incoming.method = request.method
  incoming.url = request.path
  const headers = { host: request.host ?? 'localhost', ...request.headers }
  for (const [name, value] of Object.entries(headers)) {
    // The body is at hand, or there is none: nobody is to wait for it.
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) continue
    incoming.headers[name.toLowerCase()] = value
    incoming.rawHeaders.push(name, value)
  }
  const generation = new Generation(runtime, new Pools(), states, new LocalLimits(states), () => {})
  const exchange = new Exchange(generation, port, incoming, new GatewayResponse(incoming))
  exchange.isUpgrade = offersWebSocket(incoming.headers)
  exchange.body = request.body === undefined ? undefined : Buffer.from(request.body)
  return exchange
}

function triedRoutes(listener: Listener, exchange: Exchange): TriedRoute[] {
  const tried: TriedRoute[] = []
  for (const { hostname, candidates } of listener.routes.inOrder(exchange.host)) {
    for (const { route, match } of candidates) {
      const lost = mismatch(match, exchange)
      tried.push({ name: route.name, path: formatPath(route.path), hosts: hostname ?? '*', lost })
      if (lost === undefined) return tried
    }
  }
  return tried
}

/** Routes of the listener that the host does not lead to. */
function routesOfOtherHosts({ routes }: Listener, host: string): TriedRoute[] {
  const reached = new Set(routes.inOrder(host).map(({ hostname }) => hostname))
  return routes
    .entries()
    .filter(([hostname]) => !reached.has(hostname))
    .flatMap(([hostname, candidates]) => passedBy(candidates, hostname, 'host'))
}

/** Routes of the port's other listeners. */
function routesElsewhere({ listeners }: Bind, here: Listener | undefined): TriedRoute[] {
  return listeners
    .entries()
    .filter(([, listener]) => listener !== here)
    .flatMap(([hostname, { routes }]) =>
      routes.entries().flatMap(([, candidates]) => passedBy(candidates, hostname, 'listener')),
    )
}

function passedBy(
  candidates: readonly Candidate<Route>[],
  hostname: string | undefined,
  lost: 'host' | 'listener',
): TriedRoute[] {
  // A route has a candidate for each of its matches.
  return [...new Set(candidates.map(({ route }) => route))].map(({ name, path }) => {
    return { name, path: formatPath(path), hosts: hostname ?? '*', lost }
  })
}
