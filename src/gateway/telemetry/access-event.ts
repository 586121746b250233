import type { Socket } from 'node:net'
import type { Path } from '../../config/diagnostic.ts'
import type { Cost } from '../costs/costs.ts'
import type { QueryCredential } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import type { Reason } from '../failures.ts'
import type { GuardActions } from '../llm/guards.ts'
import { withoutPort } from '../routing/host-name.ts'
import { GATEWAY_NAME } from '../routing/listeners.ts'
import { absoluteTarget } from '../server/target.ts'
import { withoutShown } from './client-credentials.ts'
import { type DebugFacts, debugFacts } from './debug-facts.ts'
import { type LogChange, logChange, type OtlpLine, otlpLine } from './log-rule.ts'
import { maskTarget, withoutKeys } from './mask-target.ts'
import { type AddedLabels, addedLabels } from './metric-labels.ts'
import { costOfCall, modelCall, operationOf } from './model-call.ts'
import { type Parameters, requestParameters } from './request-parameters.ts'
import { clientsTrace, type SpanFacts, spanFacts, type TraceIds } from './trace.ts'
import type { Usage } from './usage.ts'
import { wentWrong } from './went-wrong.ts'

/**
 * One request, told after its answer has gone. Holds no credential of its client. In what the expressions of the config yield
 * secrets of the config may stand, which whoever writes that down takes out.
 */
export interface AccessEvent {
  /** Milliseconds since 1970, when the request came. */
  readonly time: number
  /** `bind/3000` */
  readonly bind: string
  /** `namespace/name` */
  readonly gateway: string | undefined
  readonly listener: string | undefined
  readonly route: string | undefined
  /** `ruleName` of the route. */
  readonly rule: string | undefined
  /** The backend as agentgateway names it: `/NAME`, or by its place. */
  readonly backend: string | undefined
  /** Where that stands in the config. */
  readonly backendPath: Path | undefined
  /** `host:port` of the upstream. */
  readonly endpoint: string | undefined
  /** `address:port` of the client; undefined for one that came in without a socket. */
  readonly source: string | undefined
  /** Undefined, as path and version are, where the connection has refused what came before it was a request. */
  readonly method: string | undefined
  /** Without its port, as the client wrote it; undefined where it wrote none. */
  readonly host: string | undefined
  /** With its query, what may be a credential masked. */
  readonly path: string | undefined
  readonly version: string | undefined
  /** Undefined when the client left before there was one. */
  readonly status: number | undefined
  readonly provider: string | undefined
  /** What the backend speaks; `http` where there is none. */
  readonly protocol: 'http' | 'llm'
  /** Subject of the client's token. */
  readonly subject: string | undefined
  /** The model that was asked for. */
  readonly model: string | undefined
  /** `gen_ai.operation.name`; undefined where the request was not read. */
  readonly operation: string | undefined
  /** The model that says it has answered. */
  readonly answerModel: string | undefined
  readonly usage: Usage | undefined
  /** Undefined for what is no call of a model, and where no catalog has prices. */
  readonly cost: Cost | undefined
  /** What guards have done; undefined where none had its say. */
  readonly guards: GuardActions | undefined
  /** `gen_ai.request.*`: what the request asks of the model; undefined where it was not read. */
  readonly parameters: Parameters | undefined
  /** Place of the key slot whose key was sent. */
  readonly keySlot: Path | undefined
  /** The provider refused that key, and got the one before it. */
  readonly isKeyRefused: boolean
  /** Calls made again. */
  readonly retries: number
  /** Bytes of the body that the client was sent. */
  readonly bytes: number
  /** Milliseconds until the first byte of the upstream's body; undefined when none came. */
  readonly firstByte: number | undefined
  readonly isStream: boolean
  /** What the config changes in the line of the log; undefined when it says nothing, or nobody wants the line. */
  readonly log: LogChange | undefined
  /** Labels that the config adds to metrics; undefined where it adds none, or nothing is counted. They may be of any length. */
  readonly labels: AddedLabels | undefined
  /** How it came about; there at debug only. */
  readonly debug: DebugFacts | undefined
  /** Its line for a collector; undefined where there is none to send it to. */
  readonly otlpLog: OtlpLine | undefined
  /** The trace that it is part of: ours, or that of its client. */
  readonly trace: TraceIds | undefined
  /** Its span in a trace; undefined when there is none. */
  readonly span: SpanFacts | undefined
  readonly reason: Reason | undefined
  readonly error: string | undefined
  /** Milliseconds. */
  readonly duration: number
  /** Of these, until the first call upstream; undefined where none was made. */
  readonly requestProcessing: number | undefined
  /** Of these, from the head of the upstream's answer to the head for the client; undefined where either was not. */
  readonly responseProcessing: number | undefined
}

/** What agentgateway calls the router of the `llm` section, as a backend. */
const ROUTER = '/llm:router'

/** What is told of an exchange once it is over. */
export function accessEvent(exchange: Exchange): AccessEvent {
  const { request, response, listener, route, destination, relay } = exchange
  const { generation } = exchange
  const { accessLog: rule, otlpLog, metricLabels } = generation.runtime.settings
  const duration = performance.now() - exchange.startedAt
  const call = modelCall(exchange)
  const status = response.headersSent ? response.statusCode : undefined
  const wantsLine = generation.wantsLine?.(wentWrong({ status, error: exchange.error })) ?? true
  return {
    time: Date.now() - duration,
    bind: generation.bind(exchange.port)?.key ?? '',
    gateway: listener && GATEWAY_NAME,
    listener: listener?.name,
    route: route?.name,
    rule: route?.rule,
    backend: destination?.backendName ?? (isForModels(exchange) ? ROUTER : undefined),
    backendPath: destination?.path,
    endpoint: destination?.upstream.endpoint,
    source: sourceOf(request.socket),
    method: exchange.method || undefined,
    host: hostLogged(exchange),
    path: pathLogged(exchange),
    version: request.url === '' ? undefined : request.httpVersionMinor === 1 ? 'HTTP/1.1' : 'HTTP/1.0',
    status,
    provider: call.provider,
    protocol: protocolOf(exchange),
    subject: subjectOf(exchange),
    model: toldName(call.model),
    operation: call.operation,
    answerModel: toldName(call.answerModel),
    usage: call.usage,
    cost: costOfCall(call, exchange),
    guards: exchange.guards,
    parameters: parametersOf(exchange),
    keySlot: destination?.key?.slot,
    isKeyRefused: exchange.isKeyRefused,
    retries: exchange.attempts?.made ?? 0,
    bytes: exchange.sentBytes,
    firstByte:
      relay === undefined || relay.firstByteAt === 0 ? undefined : relay.firstByteAt - exchange.startedAt,
    isStream: call.isStream,
    log: rule && wantsLine ? logChange(rule, exchange) : undefined,
    labels: metricLabels && generation.wantsLabels ? addedLabels(metricLabels, exchange) : undefined,
    debug: generation.wantsDebug?.() === true ? debugFacts(exchange) : undefined,
    otlpLog: otlpLog && otlpLine(otlpLog, exchange),
    trace: exchange.trace ?? clientsTrace(exchange),
    span: exchange.trace && spanFacts(exchange.trace, exchange),
    reason: call.reason,
    error: exchange.error,
    duration,
    requestProcessing: exchange.calledAt === 0 ? undefined : exchange.calledAt - exchange.startedAt,
    responseProcessing: call.responseProcessing,
  }
}

/** A router of models speaks as they do, even where it knows none by the name that was asked for. */
function protocolOf(exchange: Exchange): 'http' | 'llm' {
  const { destination } = exchange
  if (destination !== undefined) return destination.ai === undefined ? 'http' : 'llm'
  return isForModels(exchange) ? 'llm' : 'http'
}

/** It came as far as the router of models. */
function isForModels({ route, endedBy }: Exchange): boolean {
  return route?.action.kind === 'models' && endedBy === undefined
}

function subjectOf({ caller }: Exchange): string | undefined {
  const subject = caller?.jwt?.['sub']
  return typeof subject === 'string' ? subject : undefined
}

function hostLogged(exchange: Exchange): string | undefined {
  const { askedAuthority: authority } = exchange
  return authority === undefined || authority === ''
    ? undefined
    : withoutShown(exchange, withoutKeys(withoutPort(authority)))
}

/** Clients and upstreams may call a model whatever they like, and labels of metrics repeat it. */
function toldName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : withoutKeys(name)
}

function pathLogged(exchange: Exchange): string | undefined {
  if (exchange.request.url === '') return undefined
  return withoutShown(exchange, maskedTarget(exchange, exchange.destination?.queryCredentials ?? []))
}

/** Of a body that was read anyhow. */
function parametersOf({ type, clientFormat, json }: Exchange): Parameters | undefined {
  if (json === undefined || operationOf(type) === undefined) return undefined
  return requestParameters(clientFormat ?? type, json)
}

function sourceOf({ remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}

function maskedTarget({ request, generation }: Exchange, credentials: readonly QueryCredential[]): string {
  const { hiddenParameters } = generation.runtime.settings
  const own = credentials.map(({ name }) => name.toLowerCase())
  const names = own.length === 0 ? hiddenParameters : new Set([...hiddenParameters, ...own])
  return maskTarget(withoutHost(request.url), names)
}

/** Of a target that names a host, and may name who logs in there, what stands behind it; nothing of one that is unsound. */
function withoutHost(url: string): string {
  if (url.startsWith('/') || !/^[a-z][a-z\d+.-]*:/i.test(url)) return url
  const { path = '/', query = '' } = absoluteTarget(url) ?? {}
  return query === '' ? path : `${path}?${query}`
}
