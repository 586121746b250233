import { Socket } from 'node:net'
import { formatPath } from '../config/diagnostic.ts'
import { findHeader } from '../providers/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { celContext } from './cel/context.ts'
import { Exchange, GatewayRequest, GatewayResponse } from './exchange.ts'
import { type Answer, LISTENER_NOT_FOUND, NO_PREFIX, NO_VALID_BACKENDS, ROUTE_NOT_FOUND } from './failures.ts'
import { Generation } from './generation.ts'
import { KeptStates } from './kept.ts'
import { withQuery } from './llm-path.ts'
import { prepareLlmCall } from './llm-request.ts'
import { mismatch } from './match.ts'
import { destinationFor, isModelList, modelMismatch } from './model-router.ts'
import type { Step } from './policies/policy.ts'
import { Pools } from './pools.ts'
import { listFor, outgoingHeaders } from './proxy.ts'
import type { Action, Destination, Key, Listener, ModelRouter, Runtime, Target } from './runtime.ts'
import { LocalLimits } from './traffic/limits.ts'

/** A request to be explained. Nothing is sent. */
export interface ExplainRequest {
  readonly method: string
  /** With its query, if any. */
  readonly path: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** As configured; the first bind where there are several and none is named. */
  readonly port?: number
}

/** A route (or an `llm` model) that was looked at. */
export interface TriedRoute {
  readonly name: string
  /** Where it stands in the config. */
  readonly path: string
  /** The host bucket it was found in; `*` stands for all hosts. */
  readonly hosts: string
  /** Why it lost: `path`, `method`, `headers`, `query`, `name`, `visibility`, `authorization`; undefined for the one that won. */
  readonly lost: string | undefined
}

/** A policy that has a say in the request. */
export interface PolicyExplanation {
  /** `gateway`: before the route was chosen; `route`: after. What a backend adds stands with the destination. */
  readonly phase: 'gateway' | 'route'
  readonly name: string
  /** Where it stands in the config. */
  readonly path: string
}

/** Where a request would go. */
export interface DestinationExplanation {
  readonly backend: string
  readonly path: string
  /** `gen_ai.provider.name`; undefined for a plain host. */
  readonly provider: string | undefined
  /** Of the route's requests, 0 to 1. */
  readonly share: number
  readonly model: string | undefined
  readonly policies: readonly string[]
  readonly key: KeyExplanation | undefined
  readonly upstream: { readonly method: string; readonly url: string }
}

/** Which key a request gets, and where it ends up. */
export interface KeyExplanation {
  /** The slot's path in the config. */
  readonly slot: string
  readonly secret: Secret
  /** `header x-api-key`, `query parameter key`, `cookie k`; undefined when something on the way takes it out again. */
  readonly placement: string | undefined
}

export interface RouteExplanation {
  readonly bind: string | undefined
  readonly listener: string | undefined
  /** `namespace/name` of the route that won. */
  readonly route: string | undefined
  readonly tried: readonly TriedRoute[]
  /** In the order in which they run. */
  readonly policies: readonly PolicyExplanation[]
  readonly destinations: readonly DestinationExplanation[]
  /** Set when the gateway would answer by itself. */
  readonly answer: { readonly status: number; readonly body: string } | undefined
}

/** What the gateway would do with a request, by the same tables and without a network. */
export function explainRoute(runtime: Runtime, request: ExplainRequest): RouteExplanation {
  const bind = runtime.binds.find(({ port }) => request.port === undefined || port === request.port)
  const exchange = exchangeFor(runtime, request, bind?.port ?? 0)
  const [listener] = bind?.listeners.candidates(exchange.host) ?? []
  if (bind === undefined || listener === undefined) {
    return { ...NOWHERE, bind: bind?.key, ...answered(LISTENER_NOT_FOUND) }
  }
  exchange.listener = listener
  const place = { ...NOWHERE, bind: bind.key, listener: listener.name }
  const before = listener.steps.map(step => explainStep(step, 'gateway'))
  const refusal = verdictOf(listener.steps, exchange)
  if (refusal !== undefined) return { ...place, policies: before, ...answered(refusal) }
  const tried = triedRoutes(listener, exchange)
  const found = listener.routes.find(exchange)
  if (found === undefined) return { ...place, policies: before, ...answered(ROUTE_NOT_FOUND, tried) }
  const { route, match } = found
  exchange.route = route
  exchange.match = match
  const policies = [...before, ...route.steps.map(step => explainStep(step, 'route'))]
  const verdict = verdictOf(route.steps, exchange)
  const outcome = verdict === undefined ? explainAction(route.action, exchange) : answered(verdict)
  return { ...place, route: route.name, policies, ...outcome, tried: [...tried, ...outcome.tried] }
}

const NOWHERE = { bind: undefined, listener: undefined, route: undefined, tried: [], policies: [] }

function explainStep({ name, path }: Step, phase: 'gateway' | 'route'): PolicyExplanation {
  return { phase, name, path: formatPath(path) }
}

/** The first answer that a step gives; those that would have to wait for something are left out. */
function verdictOf(steps: readonly Step[], exchange: Exchange): Answer | undefined {
  for (const step of steps) {
    if (step.waits) continue
    const verdict = step.run(exchange)
    if (verdict !== undefined && !(verdict instanceof Promise)) return verdict
  }
  return undefined
}

function exchangeFor(runtime: Runtime, request: ExplainRequest, port: number): Exchange {
  const incoming = new GatewayRequest(new Socket())
  incoming.method = request.method
  incoming.url = request.path
  const headers = { host: request.host ?? 'localhost', ...request.headers }
  for (const [name, value] of Object.entries(headers)) {
    incoming.headers[name.toLowerCase()] = value
    incoming.rawHeaders.push(name, value)
  }
  const states = new KeptStates()
  const generation = new Generation(
    runtime,
    new Pools(),
    states,
    new LocalLimits(states),
    undefined,
    () => {},
  )
  const exchange = new Exchange(generation, port, incoming, new GatewayResponse(incoming))
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

/** What becomes of a request once its route is known; `tried` are models of the `llm` section. */
type Outcome = Pick<RouteExplanation, 'tried' | 'destinations' | 'answer'>

function answered({ status, body }: Answer, tried: readonly TriedRoute[] = []): Outcome {
  return { tried, destinations: [], answer: { status, body: body.toString() } }
}

function reached(
  destinations: readonly (DestinationExplanation | Answer)[],
  tried: readonly TriedRoute[] = [],
): Outcome {
  const found: DestinationExplanation[] = []
  for (const one of destinations) {
    if ('status' in one) return answered(one, tried)
    found.push(one)
  }
  return { tried, destinations: found, answer: undefined }
}

function explainAction(action: Action, exchange: Exchange): Outcome {
  switch (action.kind) {
    case 'none':
      return answered(NO_VALID_BACKENDS)
    case 'destinations': {
      const total = action.thresholds.at(-1) ?? 1
      const share = (index: number) =>
        ((action.thresholds[index] ?? 0) - (action.thresholds[index - 1] ?? 0)) / total
      return reached(action.choices.flatMap((choice, i) => explainTarget(choice, share(i), exchange)))
    }
    case 'models':
      return isModelList(exchange.path)
        ? answered({ status: 200, body: listFor(exchange, action), reason: 'DirectResponse' })
        : explainModels(action, exchange)
  }
}

/** The virtual model, or every model up to the one that takes the request. */
function triedModels({ models, virtualModels }: ModelRouter, exchange: Exchange): TriedRoute[] {
  const name = exchange.model ?? ''
  const virtual = virtualModels.get(name)
  if (virtual !== undefined) return [{ name, path: formatPath(virtual.path), hosts: '*', lost: undefined }]
  const tried: TriedRoute[] = []
  for (const one of models) {
    const isAllowed = one.authorization?.allows(celContext(exchange)) ?? true
    const lost =
      modelMismatch(one, { name, isInternal: false }, exchange) ?? (isAllowed ? undefined : 'authorization')
    tried.push({ name: one.name, path: formatPath(one.path), hosts: '*', lost })
    if (lost === undefined) break
  }
  return tried
}

function explainModels(router: ModelRouter, exchange: Exchange): Outcome {
  const found = destinationFor(exchange, router)
  const tried = triedModels(router, exchange)
  if ('status' in found) return answered(found, tried)
  return reached(explainTarget(found, 1, exchange), tried)
}

/** Of groups the first one shares the requests; the others have none as long as it is healthy. */
function explainTarget(
  target: Target,
  share: number,
  exchange: Exchange,
): (DestinationExplanation | Answer)[] {
  if (!('groups' in target)) return [explainDestination(target, share, exchange)]
  return target.groups.flatMap((group, priority) =>
    group.map(one => explainDestination(one, priority === 0 ? share / group.length : 0, exchange)),
  )
}

function explainDestination(
  destination: Destination,
  share: number,
  exchange: Exchange,
): DestinationExplanation | Answer {
  const { ai, upstream, rewritePath } = destination
  const refusal = verdictOf(destination.steps, exchange)
  if (refusal !== undefined) return refusal
  const path = exchange.path
  // Several destinations are explained with one exchange: each one starts from the client's path and body.
  exchange.json = undefined
  const rewritten = rewritePath === undefined ? path : rewritePath(path, exchange.match)
  if (rewritten === undefined) return NO_PREFIX
  exchange.path = rewritten
  const call = ai === undefined ? undefined : prepareLlmCall(exchange, ai)
  const clientPath = exchange.path
  exchange.path = path
  if (call !== undefined && 'status' in call) return call
  const before = outgoingHeaders(exchange, destination, undefined) ?? []
  const headers = outgoingHeaders(exchange, destination, call) ?? []
  const target = withQuery(call?.path ?? clientPath, call?.query ?? exchange.query, [])
  return {
    backend: destination.label,
    path: formatPath(destination.path),
    provider: ai?.provider.telemetryName,
    share,
    model: call?.model === '' ? exchange.model : call?.model,
    policies: [...destination.policies, ...destination.steps.map(({ name }) => name)],
    key: destination.key && explainKey(destination.key, before, headers),
    upstream: { method: exchange.method, url: upstream.origin.replace(/:(?:443|80)$/, '') + target },
  }
}

function explainKey(key: Key, before: readonly string[], after: readonly string[]): KeyExplanation {
  return { slot: formatPath(key.slot), secret: key.secret, placement: placementOf(key, before, after) }
}

/** Follows the value from where the config puts it to where the provider leaves it; the value itself is not shown. */
function placementOf(
  { place }: Key,
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  if (place.kind === 'query') return `query parameter ${place.name}`
  if (place.kind === 'cookie') return `cookie ${place.name}`
  const value = before[findHeader(before, place.name.toLowerCase()) + 1] ?? ''
  for (let i = 0; i < after.length; i += 2) {
    const candidate = after[i + 1] ?? ''
    if (candidate !== '' && (candidate === value || value.endsWith(` ${candidate}`)))
      return `header ${after[i]}`
  }
  return undefined
}
