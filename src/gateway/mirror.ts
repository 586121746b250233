import type { AuthorityOf } from './compile/authority.ts'
import type { QueryCredential } from './destination.ts'
import type { Exchange } from './exchange.ts'
import type { RequestHeaders } from './headers/headers.ts'
import { putVia } from './headers/via.ts'
import { withQuery } from './llm/llm-path.ts'
import type { UpstreamObserver } from './telemetry/upstream-times.ts'
import type { Caller } from './upstream/caller.ts'
import type { Connections } from './upstream/connections.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Where copies of requests go, and how many of them. */
export interface Mirror {
  readonly upstream: Upstream
  /** Share of the requests, from 0 to 1. */
  readonly share: number
  readonly requestHeaders: RequestHeaders
  readonly queryCredentials: readonly QueryCredential[]
  /** `Host` there; undefined for the client's own. */
  readonly authority: string | AuthorityOf | undefined
}

/** With so many of them under way a mirror is too slow for more: each has a connection, of which there is an end. */
const MOST_UNDER_WAY = 256

/** After which nobody waits any longer for the answer, which nobody reads. */
const PATIENCE_MS = 60_000

/** Takes whatever comes, until it ends or takes too long. */
class Unread implements Caller {
  readonly #to: Connections
  readonly #times: UpstreamObserver | undefined
  readonly #calledAt = performance.now()
  connection: Caller['connection'] = undefined
  #isTold = false
  #timer: NodeJS.Timeout | undefined

  constructor(to: Connections, times: UpstreamObserver | undefined) {
    this.#to = to
    this.#times = times
    to.copies++
  }

  /** The head of an answer is here, or there will be none. */
  #endCall(): void {
    if (!this.#isTold) this.#times?.call('mirror', performance.now() - this.#calledAt)
    this.#isTold = true
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#timer = setTimeout(() => abort(), PATIENCE_MS)
    this.#timer.unref()
  }

  onHeaders(status: number): boolean {
    if (status >= 200) this.#endCall()
    return true
  }

  onData(): boolean {
    return true
  }

  onComplete(): void {
    this.#end()
  }

  onError(): void {
    this.#endCall()
    this.#end()
  }

  /** One end alone is told. */
  #end(): void {
    clearTimeout(this.#timer)
    this.#to.copies--
  }
}

/** Sends copies of a request without its body, as agentgateway does. What becomes of them changes nothing. */
export function sendMirrors(exchange: Exchange, mirrors: readonly Mirror[]): void {
  const { pools } = exchange.generation
  for (const mirror of mirrors) {
    if (Math.random() >= mirror.share) continue
    const { upstream } = mirror
    const connections = pools.to(upstream)
    if (connections.copies >= MOST_UNDER_WAY) continue
    const { headers, path } = copyFor(mirror, exchange)
    if (connections.leadsHere) putVia(headers, exchange)
    const options = { path, method: exchange.method, headers, body: null, servername: upstream.servername }
    connections.dispatch(options, new Unread(connections, pools.times))
  }
}

/** What of a request is copied: headers, names and values in turn, and path with query. */
export function copyFor(
  { requestHeaders, queryCredentials, authority }: Mirror,
  exchange: Exchange,
): { readonly headers: string[]; readonly path: string } {
  const host = typeof authority === 'function' ? authority(exchange) : authority
  return {
    headers: requestHeaders.build(exchange.request, host),
    path: withQuery(exchange.path, exchange.query, queryCredentials),
  }
}
