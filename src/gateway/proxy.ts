import { Readable } from 'node:stream'
import { setHeader } from '../providers/index.ts'
import { Gathering, gatherBody } from './body.ts'
import { Exchange, type GatewayRequest, type GatewayResponse } from './exchange.ts'
import {
  type Failure,
  INVALID_REQUEST,
  LISTENER_NOT_FOUND,
  llmRequestFailure,
  NO_VALID_BACKENDS,
  REQUEST_TIMEOUT,
  ROUTE_NOT_FOUND,
  UPSTREAM_TIMEOUT,
} from './failures.ts'
import type { Generation } from './generation.ts'
import { withQuery } from './llm-path.ts'
import { type LlmCall, prepareLlmCall } from './llm-request.ts'
import { isModelList, pickModel, ROUTER_BODY_TOO_LARGE } from './model-router.ts'
import { Relay } from './relay.ts'
import type { Destination, Destinations, ModelRouter, Route } from './runtime.ts'
import { accessEvent } from './telemetry/access-event.ts'
import { TranslatedRelay } from './translated-relay.ts'

/** Takes a request in; it stays with this generation to its end. */
export function accept(
  generation: Generation,
  port: number,
  request: GatewayRequest,
  response: GatewayResponse,
  expectsContinue: boolean,
): void {
  const exchange = new Exchange(generation, port, request, response)
  exchange.expectsContinue = expectsContinue
  request.exchange = exchange
  response.exchange = exchange
  generation.enter()
  response.on('close', onClosed)
  // A pipelined request waits for a socket to answer on, and would not hear that the client has gone.
  if (response.socket === null) request.socket.once('close', () => leave(exchange))
  exchange.attempt(match)
}

function match(exchange: Exchange): void {
  if (exchange.path === '') return exchange.fail(INVALID_REQUEST)
  const [listener] = exchange.generation.bind(exchange.port)?.listeners.candidates(exchange.host) ?? []
  if (listener === undefined) return exchange.fail(LISTENER_NOT_FOUND)
  exchange.listener = listener
  const found = listener.routes.find(exchange)
  if (found === undefined) return exchange.fail(ROUTE_NOT_FOUND)
  exchange.route = found.route
  exchange.match = found.match
  admit(exchange, found.route)
}

function admit(exchange: Exchange, route: Route): void {
  const { action, requestTimeoutMs } = route
  if (requestTimeoutMs > 0)
    exchange.deadline = setTimeout(onDeadline, requestTimeoutMs, exchange, REQUEST_TIMEOUT)
  const limit = exchange.generation.runtime.settings.maxBodyBytes
  switch (action.kind) {
    case 'direct':
      exchange.reason = 'DirectResponse'
      return exchange.answer(action.status, action.headers.slice(), action.body)
    case 'none':
      return exchange.fail(NO_VALID_BACKENDS)
    case 'models':
      if (isModelList(exchange.path)) return answerModelList(exchange, action)
      return gatherBody(exchange, new Gathering(limit, sendByModel, refuseForRouter))
    case 'destinations':
      exchange.destination = pick(action)
      return gatherBody(exchange, new Gathering(limit, send, sendLarge))
  }
}

/** By weight, as agentgateway does without health to look at. */
function pick(destinations: Destinations): Destination | undefined {
  const { choices, thresholds } = destinations
  if (choices.length === 1) return choices[0]
  const ticket = Math.random() * (thresholds.at(-1) ?? 0)
  return choices[thresholds.findIndex(threshold => ticket < threshold)]
}

function answerModelList(exchange: Exchange, router: ModelRouter): void {
  exchange.reason = 'DirectResponse'
  exchange.answer(200, ['content-type', 'application/json'], router.list)
}

function sendByModel(exchange: Exchange): void {
  if (exchange.route?.action.kind !== 'models') return
  const model = pickModel(exchange, exchange.route.action)
  if ('status' in model) return exchange.fail(model)
  exchange.destination = model.destination
  send(exchange)
}

function refuseForRouter(exchange: Exchange): void {
  exchange.fail(ROUTER_BODY_TOO_LARGE)
}

/** Rewrites a request whose body is here, and sends it. */
function send(exchange: Exchange): void {
  const { destination } = exchange
  if (destination === undefined) return exchange.fail(NO_VALID_BACKENDS)
  rewritePath(exchange, destination)
  if (destination.ai === undefined) return dispatch(exchange, destination, undefined, exchange.body ?? null)
  const call = prepareLlmCall(exchange, destination.ai)
  if ('status' in call) return exchange.fail(call)
  exchange.model = call.model === '' ? exchange.model : call.model
  dispatch(exchange, destination, call, call.body ?? null)
}

/** A body above the limit: only an upstream that needs no look into it may have it. */
function sendLarge(exchange: Exchange): void {
  const { destination, gathering } = exchange
  if (destination === undefined || gathering === undefined) return exchange.fail(NO_VALID_BACKENDS)
  rewritePath(exchange, destination)
  if (destination.ai === undefined)
    return dispatch(exchange, destination, undefined, gathering.rest(exchange))
  if (destination.ai.types.of(exchange.path) !== 'passthrough') {
    return exchange.fail(llmRequestFailure(413, 'request was too large'))
  }
  const call = prepareLlmCall(exchange, destination.ai)
  if ('status' in call) return exchange.fail(call)
  dispatch(exchange, destination, call, gathering.rest(exchange))
}

function rewritePath(exchange: Exchange, destination: Destination): void {
  if (destination.rewritePath !== undefined && exchange.match !== undefined) {
    exchange.path = destination.rewritePath(exchange.path, exchange.match)
  }
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
  if (headers === undefined) return exchange.fail(INVALID_REQUEST)
  // A body that is passed on as it comes keeps its length; undici sees to all others.
  const length = body instanceof Readable ? request.headers['content-length'] : undefined
  if (length !== undefined) headers.push('content-length', length)
  const { upstream } = destination
  const path = withQuery(
    call?.path ?? exchange.path,
    call?.query ?? exchange.query,
    destination.queryCredentials,
  )
  const relay = relayFor(exchange, destination, call)
  exchange.relay = relay
  setBackendDeadline(exchange, destination)
  const options = { path, method, headers, body, servername: upstream.servername }
  exchange.generation.pools.to(upstream).dispatch(options, relay)
}

/** The headers of the call, the provider's last word included; undefined when the request names two hosts. */
export function outgoingHeaders(
  exchange: Exchange,
  destination: Destination,
  call: LlmCall | undefined,
): string[] | undefined {
  const headers = destination.requestHeaders.build(exchange.request, destination.authority)
  if (headers === undefined || call === undefined || destination.ai === undefined) return headers
  const { provider, isKeyPlaceExplicit } = destination.ai
  const { type, model, translation } = call
  provider.finish?.(headers, { type, model, explicitLocation: isKeyPlaceExplicit })
  if (translation !== undefined) setHeader(headers, 'accept-encoding', 'identity')
  return headers
}

function relayFor(exchange: Exchange, destination: Destination, call: LlmCall | undefined): Relay {
  if (call?.translation === undefined || call.facts === undefined) return new Relay(exchange, destination)
  return new TranslatedRelay(exchange, destination, call.translation, call.facts)
}

/** Of the two deadlines, both of which end with the head of the answer, the nearer one is set. */
function setBackendDeadline(exchange: Exchange, destination: Destination): void {
  const limit = destination.backendTimeoutMs
  if (limit === 0) return
  const whole = exchange.route?.requestTimeoutMs ?? 0
  if (whole > 0 && whole - (performance.now() - exchange.startedAt) < limit) return
  clearTimeout(exchange.deadline)
  exchange.deadline = setTimeout(onDeadline, limit, exchange, UPSTREAM_TIMEOUT)
}

function onDeadline(exchange: Exchange, failure: Failure): void {
  exchange.relay?.abort()
  exchange.fail(failure)
}

/** The answer has gone, or the client has. */
function onClosed(this: GatewayResponse): void {
  if (this.exchange !== undefined) leave(this.exchange)
}

function leave(exchange: Exchange): void {
  if (exchange.isOver) return
  exchange.isOver = true
  clearTimeout(exchange.deadline)
  if (!exchange.response.writableFinished) {
    exchange.relay?.abort()
    exchange.error ??= 'client disconnected'
  }
  const { generation } = exchange
  generation.leave()
  if (generation.onAccess !== undefined) generation.onAccess(accessEvent(exchange))
}
