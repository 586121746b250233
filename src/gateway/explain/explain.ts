import { isIP, Socket } from 'node:net'
import { formatPath } from '../../config/diagnostic.ts'
import { Exchange } from '../exchange.ts'
import { LISTENER_NOT_FOUND, ROUTE_NOT_FOUND } from '../failures.ts'
import { Generation } from '../generation.ts'
import { dropSessionCookies } from '../headers/request-edits.ts'
import { GatewayRequest } from '../http1/gateway-request.ts'
import { GatewayResponse } from '../http1/gateway-response.ts'
import { KeptStates } from '../kept.ts'
import type { Step } from '../policies/policy.ts'
import { withoutPort } from '../routing/host-name.ts'
import { listenerOf, misdirection } from '../routing/listeners.ts'
import { mismatch } from '../routing/match.ts'
import type { Candidate } from '../routing/router.ts'
import type { Bind, Listener, Route, Runtime } from '../runtime.ts'
import { unfitness } from '../server/unfitness.ts'
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
  const exchange = exchangeFor(runtime, request, bind, states)
  const { body } = exchange
  const at = { ...NOWHERE, bind: bind?.key }
  const unfit = unfitness(exchange)
  if (unfit !== undefined) return { ...at, ...answered(unfit) }
  const listener = bind && listenerOf(bind, exchange)
  if (bind === undefined || listener === undefined) {
    const passedBy = bind === undefined ? [] : routesElsewhere(bind, undefined)
    return { ...at, ...answered(LISTENER_NOT_FOUND, passedBy) }
  }
  exchange.listener = listener
  const place = { ...at, listener: listener.name }
  const before = listener.steps.map(step => explainStep(step, 'gateway'))
  const undecided: Undecided[] = []
  const refusal = (await verdictOf(listener.steps, exchange, undecided)) ?? misdirection(bind, exchange)
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
  dropSessionCookies(exchange.request)
  const policies = [...before, ...route.steps.map(step => explainStep(step, 'route'))]
  const verdict = await verdictOf(route.steps, exchange, undecided)
  const asked = { undecided, credentials: request.credentials ?? [], body }
  const outcome = verdict === undefined ? await explainAction(route, exchange, asked) : answered(verdict)
  return { ...place, route: route.name, policies, undecided, ...outcome, tried: [...tried, ...outcome.tried] }
}

const NOWHERE = {
  bind: undefined,
  listener: undefined,
  route: undefined,
  tried: [],
  policies: [],
  undecided: [],
  refused: [],
  models: undefined,
}

function explainStep({ name, path, asks }: Step, phase: 'gateway' | 'route'): PolicyExplanation {
  return { phase, name, level: levelAt(path), path: formatPath(path), ...(asks && { asks }) }
}

/** A client on this machine, which asks for the certificate of the host that it calls. */
function clientSocket(host: string, bind: Bind | undefined): Socket {
  const name = withoutPort(host)
  const tls = { encrypted: true, servername: isIP(name.replace(/^\[|\]$/g, '')) === 0 ? name : false }
  const facts = { remoteAddress: '127.0.0.1', ...(bind?.tls !== undefined && tls) }
  const socket = new Socket()
  for (const [name, value] of Object.entries(facts)) Object.defineProperty(socket, name, { value })
  return socket
}

function exchangeFor(
  runtime: Runtime,
  request: ExplainRequest,
  bind: Bind | undefined,
  states: KeptStates,
): Exchange {
  const host = request.headers?.['host'] ?? request.host ?? 'localhost'
  const incoming = new GatewayRequest(clientSocket(host, bind))
  incoming.method = request.method
  incoming.url = request.path
  const headers = { ...request.headers, host }
  for (const [name, value] of Object.entries(headers)) {
    // The body is at hand, or there is none: nobody is to wait for it.
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) continue
    incoming.headers[name.toLowerCase()] = value
    incoming.rawHeaders.push(name, value)
  }
  // What the connection alone is told is taken out of the request by the exchange.
  const isUpgrade =
    offersWebSocket(incoming.headers) && /\bupgrade\b/i.test(incoming.headers.connection ?? '')
  const generation = new Generation(runtime, new Pools(), states, new LocalLimits(states), () => {})
  const exchange = new Exchange(generation, bind?.port ?? 0, incoming, new GatewayResponse(incoming))
  if (isUpgrade) exchange.askForUpgrade()
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
