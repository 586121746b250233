import { GATEWAY_NAME } from '../routing/listeners.ts'
import type { ConnectionChange, ConnectionPlace } from '../server/client-connections.ts'
import type { AccessEvent } from './access-event.ts'
import { countCost, noCosts } from './cost-counts.ts'
import { GuardChecks } from './guard-checks.ts'
import { BOUNDS, emptyHistogram, observe } from './histogram.ts'
import { label, told } from './label.ts'
import { isOfKind, kindOf, type Last, LastWithLabels, nothingYet } from './metric-kinds.ts'
import type {
  ConnectionSeries,
  MetricsSnapshot,
  ModelSeries,
  ProcessingSeries,
  RequestSeries,
} from './metric-series.ts'
import { isModelCall } from './model-call.ts'
import { UpstreamTimes } from './upstream-times.ts'

/** Kinds of requests that are told apart; model names come from clients, so there is no other end to them. */
const MAX_SERIES = 5000
const OTHER = 'other'
/** Stands in no label. */
const BETWEEN = '\ud800'

function routeLabels({ bind, gateway, listener, route, rule }: AccessEvent): string[] {
  return [
    label('bind', bind),
    label('gateway', gateway),
    label('listener', listener),
    label('route', route),
    label('route_rule', rule),
  ]
}

function requestSeries(labels: string): RequestSeries {
  return { labels, requests: 0, responseBytes: 0, retries: 0, duration: emptyHistogram(BOUNDS.request) }
}

function processingSeries(labels: string): ProcessingSeries {
  return { labels, request: emptyHistogram(BOUNDS.processing), response: emptyHistogram(BOUNDS.processing) }
}

function modelSeries(labels: string): ModelSeries {
  return {
    labels,
    inputTokens: emptyHistogram(BOUNDS.tokens),
    outputTokens: emptyHistogram(BOUNDS.tokens),
    cacheReadTokens: emptyHistogram(BOUNDS.tokens),
    cacheWriteTokens: emptyHistogram(BOUNDS.tokens),
    duration: emptyHistogram(BOUNDS.modelCall),
    firstToken: emptyHistogram(BOUNDS.firstToken),
    outputToken: emptyHistogram(BOUNDS.outputToken),
    ...noCosts(),
  }
}

function connectionSeries(labels: string): ConnectionSeries {
  const handshake = emptyHistogram(BOUNDS.connect)
  return { labels, connections: 0, receivedBytes: 0, sentBytes: 0, handshake }
}

/**
 * Counts what access events tell, under agentgateway's names. Written here and not taken from a library because it runs
 * for every request: one look-up per request and family, and none where a request is like the one before it.
 */
export class Metrics {
  readonly #requests = new Map<string, RequestSeries>()
  readonly #models = new Map<string, ModelSeries>()
  readonly #connections = new Map<string, ConnectionSeries>()
  readonly #processing = new Map<string, ProcessingSeries>()
  /** Give this to `startGateway` as `onUpstream`. */
  readonly upstream = new UpstreamTimes()
  readonly #guards = new GuardChecks()
  readonly #last: Last = nothingYet('')
  readonly #lastWith: LastWithLabels

  /** `redact` takes known secrets out of what the config's own labels say. */
  constructor(redact: (text: string) => string = text => text) {
    this.#lastWith = new LastWithLabels(redact)
  }

  /** Give this to `startGateway` as `onAccess`. */
  readonly record = (event: AccessEvent): void => {
    const last = event.labels === undefined ? this.#last : this.#lastWith.labels(event.labels)
    if (last.kind === undefined || !isOfKind(last.kind, event)) {
      last.kind = kindOf(event)
      last.request = last.processing = last.model = undefined
    }
    last.request ??= this.#requestSeries(event, last.added)
    const series = last.request
    series.requests++
    series.responseBytes += event.bytes
    series.retries += event.retries
    observe(series.duration, BOUNDS.request, event.duration / 1000)
    if (event.requestProcessing !== undefined) {
      last.processing ??= this.#processingSeries(event, last.added)
      recordProcessing(last.processing, event.requestProcessing, event.responseProcessing)
    }
    if (isModelCall(event)) {
      last.model ??= this.#modelSeries(event, last.added)
      recordModelCall(last.model, event)
    }
    if (event.guards !== undefined) this.#guards.record(event.guards)
  }

  /** Give this to `startGateway` as `onConnection`. */
  readonly connection = (place: ConnectionPlace, change: ConnectionChange): void => {
    const series = this.#connectionSeries(place)
    if (change.kind === 'closed') {
      series.receivedBytes += change.received
      series.sentBytes += change.sent
      return
    }
    series.connections++
    const { handshakeMs } = change
    if (handshakeMs !== undefined) observe(series.handshake, BOUNDS.connect, handshakeMs / 1000)
  }

  snapshot(): MetricsSnapshot {
    return {
      requests: [...this.#requests.values()],
      processing: [...this.#processing.values()],
      models: [...this.#models.values()],
      connections: [...this.#connections.values()],
      calls: this.upstream.calls,
      connects: this.upstream.connects,
      guards: this.#guards.series,
    }
  }

  #connectionSeries({ bind, protocol, listener }: ConnectionPlace): ConnectionSeries {
    return find(this.#connections, `${protocol}\n${bind}\n${listener}`, connectionSeries, () =>
      [
        label('bind', bind),
        label('gateway', listener && GATEWAY_NAME),
        label('listener', listener),
        label('protocol', protocol),
      ].join(','),
    )
  }

  #processingSeries(event: AccessEvent, added: string): ProcessingSeries {
    const { backend, bind, gateway, listener, route, rule } = event
    const key = `${backend}\n${bind}\n${gateway}\n${listener}\n${route}\n${rule}\n${added}`
    return find(
      this.#processing,
      key,
      processingSeries,
      () => [label('backend', backend), ...routeLabels(event)].join(',') + added,
    )
  }

  #requestSeries(event: AccessEvent, added: string): RequestSeries {
    const { backend, protocol, method, status, reason, bind, gateway, listener, route, rule } = event
    const key = `${backend}\n${protocol}\n${method}\n${status}\n${reason}\n${bind}\n${gateway}\n${listener}\n${route}\n${rule}\n${added}`
    return find(
      this.#requests,
      key,
      requestSeries,
      () =>
        [
          label('backend', backend),
          label('protocol', protocol),
          label('method', method),
          label('status', status),
          label('reason', reason),
          ...routeLabels(event),
        ].join(',') + added,
    )
  }

  #modelSeries(event: AccessEvent, added: string): ModelSeries {
    const { operation, provider, model, answerModel, bind, gateway, listener, route, rule } = event
    const names = `${told(model)}${BETWEEN}${told(answerModel)}`
    const key = `${operation}\n${provider}\n${names}\n${bind}\n${gateway}\n${listener}\n${route}\n${rule}\n${added}`
    return find(
      this.#models,
      key,
      modelSeries,
      () =>
        [
          label('gen_ai_operation_name', operation),
          label('gen_ai_system', provider),
          label('gen_ai_request_model', model),
          label('gen_ai_response_model', answerModel),
          ...routeLabels(event),
        ].join(',') + added,
    )
  }
}

/** The series of a key, made when first asked for; beyond the limit all new ones share one. */
function find<T>(map: Map<string, T>, key: string, make: (labels: string) => T, labels: () => string): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const isFull = map.size >= MAX_SERIES
  const under = isFull ? OTHER : key
  const found =
    map.get(under) ?? make(isFull ? labels().replaceAll(/="(?:[^"\\]|\\.)*"/g, `="${OTHER}"`) : labels())
  map.set(under, found)
  return found
}

function recordProcessing(series: ProcessingSeries, request: number, response: number | undefined): void {
  observe(series.request, BOUNDS.processing, request / 1000)
  if (response !== undefined) observe(series.response, BOUNDS.processing, response / 1000)
}

function recordModelCall(series: ModelSeries, event: AccessEvent): void {
  const { usage, duration, firstByte, isStream } = event
  countCost(series, event.cost)
  observe(series.duration, BOUNDS.modelCall, duration / 1000)
  if (usage?.inputTokens !== undefined) observe(series.inputTokens, BOUNDS.tokens, usage.inputTokens)
  if (usage?.outputTokens !== undefined) observe(series.outputTokens, BOUNDS.tokens, usage.outputTokens)
  const { cacheReadTokens: read, cacheCreationTokens: written } = usage ?? {}
  if (read !== undefined) observe(series.cacheReadTokens, BOUNDS.tokens, read)
  if (written !== undefined) observe(series.cacheWriteTokens, BOUNDS.tokens, written)
  if (!isStream || firstByte === undefined) return
  observe(series.firstToken, BOUNDS.firstToken, firstByte / 1000)
  const tokens = usage?.outputTokens ?? 0
  if (tokens > 0) observe(series.outputToken, BOUNDS.outputToken, (duration - firstByte) / 1000 / tokens)
}
