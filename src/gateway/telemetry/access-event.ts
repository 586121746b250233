import type { Socket } from 'node:net'
import type { Exchange } from '../exchange.ts'
import type { Reason } from '../failures.ts'
import type { QueryCredential } from '../runtime.ts'
import { maskQuery } from './mask-query.ts'
import type { Usage } from './usage.ts'

/** One request, told after its answer has gone. Holds no secret: header values are left out, query values masked. */
export interface AccessEvent {
  /** Milliseconds since 1970, when the request came. */
  readonly time: number
  readonly gateway: string | undefined
  readonly listener: string | undefined
  readonly route: string | undefined
  /** `host:port` of the upstream. */
  readonly endpoint: string | undefined
  /** `address:port` of the client; undefined when it left before anyone asked. */
  readonly source: string | undefined
  readonly method: string
  readonly host: string
  /** With its query, the values of parameters that carry credentials masked. */
  readonly path: string
  readonly version: string
  /** Undefined when the client left before there was one. */
  readonly status: number | undefined
  readonly provider: string | undefined
  readonly model: string | undefined
  readonly usage: Usage | undefined
  readonly reason: Reason | undefined
  readonly error: string | undefined
  /** Milliseconds. */
  readonly duration: number
}

/** What is told of an exchange once it is over. */
export function accessEvent(exchange: Exchange): AccessEvent {
  const { request, response, listener, route, destination, relay } = exchange
  const duration = performance.now() - exchange.startedAt
  return {
    time: Date.now() - duration,
    gateway: listener?.gateway,
    listener: listener?.name,
    route: route?.name,
    endpoint: destination?.upstream.endpoint,
    source: sourceOf(request.socket),
    method: exchange.method,
    host: request.headers.host ?? '',
    path: maskedTarget(request.url ?? '', destination?.queryCredentials ?? []),
    version: request.httpVersion === '1.1' ? 'HTTP/1.1' : `HTTP/${request.httpVersion}`,
    status: response.headersSent ? response.statusCode : undefined,
    provider: destination?.ai?.provider.telemetryName,
    model: exchange.model,
    usage: relay?.usage,
    reason: exchange.reason ?? (relay === undefined ? undefined : 'Upstream'),
    error: exchange.error,
    duration,
  }
}

function sourceOf({ remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}

function maskedTarget(url: string, credentials: readonly QueryCredential[]): string {
  const mark = url.indexOf('?')
  if (mark < 0) return url
  const names = new Set(credentials.map(({ name }) => name.toLowerCase()))
  return `${url.slice(0, mark)}?${maskQuery(url.slice(mark + 1), names)}`
}
