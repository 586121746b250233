import { Readable } from 'node:stream'
import { Gathering, gatherBody } from './bodies/body.ts'
import { isEncoded, LLM_BODY_REFUSALS, tooLargeFor, withPlainBody } from './bodies/plain-body.ts'
import { setBackendDeadline, setRouteDeadline } from './deadlines.ts'
import type { Destination } from './destination.ts'
import { Exchange } from './exchange.ts'
import { LISTENER_NOT_FOUND, NO_VALID_BACKENDS, PORT_GONE, ROUTE_NOT_FOUND } from './failures.ts'
import type { Generation } from './generation.ts'
import { outgoingHeaders } from './headers/outgoing-headers.ts'
import { queryCredentialsOf } from './headers/passthrough.ts'
import { dropSessionCookies } from './headers/request-edits.ts'
import { putVia } from './headers/via.ts'
import { GatewayRequest } from './http1/gateway-request.ts'
import type { GatewayResponse } from './http1/gateway-response.ts'
import { isGuarded } from './llm/answer-guards.ts'
import { withQuery } from './llm/llm-path.ts'
import { type LlmCall, prepareLlmCall } from './llm/llm-request.ts'
import { isModelList, modelsAnswer } from './llm/model-list.ts'
import { destinationFor, ROUTER_BODY_REFUSALS } from './llm/model-router.ts'
import { sendMirrors } from './mirror.ts'
import { runSteps } from './policies/run.ts'
import { GuardedRelay } from './relay/guarded-relay.ts'
import { Relay } from './relay/relay.ts'
import { TranslatedRelay } from './relay/translated-relay.ts'
import { WholeRelay } from './relay/whole-relay.ts'
import { listenerOf, misdirection } from './routing/listeners.ts'
import { unfitness } from './server/unfitness.ts'
import { accessEvent } from './telemetry/access-event.ts'
import { beginTrace } from './telemetry/trace.ts'
import { aim } from './traffic/aim.ts'
import { Attempts, type Repeating } from './traffic/attempts.ts'
import { FREE } from './traffic/token-cost.ts'
import { upgradeRefusal } from './websocket/refusal.ts'
import { UpgradeRelay } from './websocket/upgrade-relay.ts'

/** Takes a request in; it stays with this generation to its end. */
export function accept(
  generation: Generation,
  port: number,
  request: GatewayRequest,
  response: GatewayResponse,
  expectsContinue: boolean,
): void {
  const exchange = takeIn(generation, port, request, response)
  exchange.expectsContinue = expectsContinue
  if (request.offer !== undefined) exchange.askForUpgrade()
  exchange.attempt(match)
}

/** For the log and metrics: what a connection answers by itself, of which nothing else is known. */
export function noteRefused(
  generation: Generation,
  port: number,
  response: GatewayResponse,
  since: number,
): void {
  const unread = new GatewayRequest(response.req.socket)
  unread.method = unread.url = ''
  takeIn(generation, port, unread, response).startedAt = since
}

function takeIn(
  generation: Generation,
  port: number,
  request: GatewayRequest,
  response: GatewayResponse,
): Exchange {
  const exchange = new Exchange(generation, port, request, response)
  request.exchange = exchange
  response.exchange = exchange
  generation.enter()
  response.onDrain = onDrain
  response.onOver = onOver
  return exchange
}

function match(exchange: Exchange): void {
  const { tracing } = exchange.generation.runtime.settings
  if (tracing !== undefined) exchange.trace = beginTrace(tracing, exchange)
  const unfit = unfitness(exchange)
  if (unfit !== undefined) {
    // RFC 9112 §6.1: of HTTP/1.0 with a transfer coding nobody knows where it ends.
    if (exchange.request.httpVersionMinor === 0) exchange.response.shouldKeepAlive = false
    return exchange.end(unfit)
  }
  const { bind } = exchange
  if (bind === undefined) return exchange.end(PORT_GONE)
  const listener = listenerOf(bind, exchange)
  if (listener === undefined) return exchange.end(LISTENER_NOT_FOUND)
  exchange.listener = listener
  runSteps(exchange, listener.steps, chooseRoute)
}

function chooseRoute(exchange: Exchange): void {
  const refusal = exchange.bind && misdirection(exchange.bind, exchange)
  if (refusal !== undefined) return exchange.end(refusal)
  const found = exchange.listener?.routes.find(exchange)
  if (found === undefined) return exchange.end(ROUTE_NOT_FOUND)
  const { route } = found
  exchange.route = route
  exchange.match = found.match
  dropSessionCookies(exchange.request)
  if (route.requestTimeoutMs > 0) setRouteDeadline(exchange)
  runSteps(exchange, route.steps, admit)
}

/** The route has nothing against the request: where it goes is decided as soon as enough of it is here. */
function admit(exchange: Exchange): void {
  const action = exchange.route?.action ?? { kind: 'none' }
  const limit = exchange.bodyLimit ?? exchange.generation.runtime.settings.maxBodyBytes
  switch (action.kind) {
    case 'none':
      return exchange.end(NO_VALID_BACKENDS)
    case 'models':
      if (isModelList(exchange)) return exchange.end(modelsAnswer(exchange, action))
      return gatherBody(exchange, new Gathering(limit, readModel, refuseForRouter))
    case 'destinations':
      exchange.target = action
      exchange.destination = aim(exchange)
      return gatherBody(exchange, new Gathering(limit, send, send))
  }
}

function readModel(exchange: Exchange): void {
  withPlainBody(exchange, ROUTER_BODY_REFUSALS, sendByModel)
}

function sendByModel(exchange: Exchange): void {
  if (exchange.route?.action.kind !== 'models') return
  // Before a virtual model chooses: each try asks it anew.
  if (exchange.route.retry !== undefined) beginAttempts(exchange)
  const found = destinationFor(exchange, exchange.route.action)
  if ('status' in found) return exchange.end(found)
  exchange.target = found
  exchange.destination = aim(exchange)
  send(exchange)
}

function refuseForRouter(exchange: Exchange): void {
  exchange.end(tooLargeFor(exchange, ROUTER_BODY_REFUSALS.tooLarge))
}

/** The backend is known, and the body is here or known to be large: the backend's policies have their say. */
function send(exchange: Exchange): void {
  const { destination, route } = exchange
  if (destination === undefined) return exchange.end(NO_VALID_BACKENDS)
  if (route?.retry !== undefined || destination.health !== undefined) beginAttempts(exchange)
  if (destination.answerHeaders.hasEdits) exchange.answerHeaders = destination.answerHeaders
  const isFirst = (exchange.attempts?.made ?? 0) === 0
  if (isFirst && destination.mirrors.length > 0 && !exchange.isUpgrade)
    sendMirrors(exchange, destination.mirrors)
  runSteps(exchange, destination.steps, exchange.gathering === undefined ? rewriteWhole : rewriteLarge)
}

function beginAttempts(exchange: Exchange): void {
  exchange.attempts ??= new Attempts(exchange, exchange.route?.retry, REPEATING)
}

const REPEATING: Repeating = {
  pause: setRouteDeadline,
  again: exchange => {
    if (exchange.route?.action.kind === 'models') return sendByModel(exchange)
    // It may go elsewhere.
    exchange.destination = aim(exchange)
    send(exchange)
  },
}

/** Rewrites a request whose body is here, and sends it. */
function rewriteWhole(exchange: Exchange): void {
  const { destination } = exchange
  if (destination === undefined) return
  if (exchange.isUpgrade) {
    const refusal = upgradeRefusal(exchange, destination.ai)
    if (refusal !== undefined) return exchange.end(refusal)
  }
  if (destination.ai === undefined) return dispatch(exchange, destination, undefined, exchange.body ?? null)
  const type = destination.ai.types.of(exchange.path)
  const isRead = type !== 'passthrough' && type !== 'detect'
  if (isRead && isEncoded(exchange)) return withPlainBody(exchange, LLM_BODY_REFUSALS, rewriteWhole)
  const call = prepareLlmCall(exchange, destination.ai)
  if ('status' in call) return exchange.end(call)
  exchange.model = call.model === '' ? exchange.model : call.model
  exchange.type = call.type
  exchange.clientFormat = type
  withinTokens(exchange, () => dispatch(exchange, destination, call, call.body ?? null))
}

/** Goes on once the tokens that the request will take are reserved, where they are limited. */
function withinTokens(exchange: Exchange, next: () => void): void {
  const limit = exchange.tokenLimit
  // Tokens are reserved once per request, however many calls it takes.
  if (limit === undefined || FREE.has(exchange.type) || (exchange.attempts?.made ?? 0) > 0) next()
  else runSteps(exchange, [limit], next)
}

/** A body above the limit: only an upstream that needs no look into it may have it. */
function rewriteLarge(exchange: Exchange): void {
  const { destination, gathering } = exchange
  if (destination === undefined || gathering === undefined) return
  if (destination.ai === undefined)
    return dispatch(exchange, destination, undefined, gathering.rest(exchange))
  if (destination.ai.types.of(exchange.path) !== 'passthrough') {
    return exchange.end(tooLargeFor(exchange, LLM_BODY_REFUSALS.tooLarge))
  }
  const call = prepareLlmCall(exchange, destination.ai)
  if ('status' in call) return exchange.end(call)
  withinTokens(exchange, () => dispatch(exchange, destination, call, gathering.rest(exchange)))
}

/** The one place where a request leaves. */
function dispatch(
  exchange: Exchange,
  destination: Destination,
  call: LlmCall | undefined,
  body: Buffer | Readable | null,
): void {
  const { request, method } = exchange
  const headers = outgoingHeaders(exchange, destination, call)
  // A body that is passed on as it comes keeps its length; the connection sees to all others.
  const length = body instanceof Readable ? request.headers['content-length'] : undefined
  if (length !== undefined) headers.push('content-length', length)
  const { attempts } = exchange
  const { upstream } = destination
  const connections = exchange.generation.pools.to(upstream)
  if (connections.leadsHere) putVia(headers, exchange)
  const path = withQuery(
    call?.path ?? exchange.path,
    call?.query ?? exchange.query,
    queryCredentialsOf(exchange, destination),
  )
  const relay = relayFor(exchange, destination, call)
  exchange.relay = relay
  attempts?.begin(destination.health)
  setBackendDeadline(exchange, destination)
  const upgrade = exchange.isUpgrade ? 'websocket' : null
  // Without a name undici would look for one in the host of each request; in the clear nobody asks for it.
  const servername = upstream.servername || upstream.hostname
  const options = { path, method, headers, body, upgrade, servername }
  const { former } = destination
  if (former?.isKept && !(body instanceof Readable)) {
    relay.onRefused = () => {
      exchange.isKeyRefused = true
      if (exchange.isOver) return
      const second = relayFor(exchange, destination, call)
      exchange.relay = second
      const before = { path: former.putInto(path), headers: headers.map(text => former.putInto(text)) }
      connections.dispatch({ ...options, ...before }, second)
    }
  }
  connections.dispatch(options, relay)
}

function relayFor(exchange: Exchange, destination: Destination, call: LlmCall | undefined): Relay {
  const { offer } = exchange.request
  if (offer !== undefined) return new UpgradeRelay(exchange, destination, offer)
  if (call?.translation !== undefined && call.facts !== undefined)
    return new TranslatedRelay(exchange, destination, call.translation, call.facts)
  if (call !== undefined && isGuarded(destination.ai, call.type))
    return new GuardedRelay(exchange, destination)
  return exchange.holdsAnswer ? new WholeRelay(exchange, destination) : new Relay(exchange, destination)
}

/** The client has taken what was on its way to it. */
function onDrain({ exchange }: GatewayResponse): void {
  exchange?.relay?.resume()
}

/** The answer has gone, or the client has. */
function onOver({ exchange }: GatewayResponse): void {
  if (exchange !== undefined) leave(exchange)
}

function leave(exchange: Exchange): void {
  if (exchange.isOver) return
  exchange.isOver = true
  clearTimeout(exchange.deadline)
  if (!exchange.response.writableFinished) {
    exchange.relay?.abort()
    // A WebSocket ends with its connection.
    if (exchange.response.statusCode !== 101) {
      const { cut } = exchange.response
      exchange.reason ??= cut?.reason
      exchange.error ??= cut?.error ?? 'client disconnected'
    }
  }
  for (const watcher of exchange.watchers ?? []) watcher.onEnd?.(exchange)
  const { generation } = exchange
  generation.leave()
  if (generation.onAccess !== undefined) generation.onAccess(accessEvent(exchange))
}
