import type { CelContext, Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import { setRequestHeader } from '../headers/request-edits.ts'
import { isOfLoop } from '../headers/via.ts'
import { ANSWER_ORDER, type Watcher } from '../watcher.ts'
import type { Health, Outcome } from './health.ts'
import { retryAfterMs } from './retry-after.ts'
import type { HealthRule, RetryRule } from './rules.ts'

/** Longer bodies are sent once: nobody keeps them to send them again. */
const MOST_REPLAYED = 64 * 1024

/** The request as it was before the first try, which every further one starts from. */
interface Start {
  readonly path: string
  readonly query: string
  readonly method: string
  readonly host: string
  readonly schemeSet: string | undefined
  readonly metadata: Exchange['metadata']
  readonly body: Buffer | undefined
  readonly rawHeaders: readonly string[]
  readonly headers: Exchange['headers']
  readonly answerHeaders: Exchange['answerHeaders']
  readonly watchers: readonly Watcher[]
}

/** How further calls come about. */
export interface Repeating {
  /** A call has come to nothing: what was set for it alone is undone. */
  readonly pause: (exchange: Exchange) => void
  /** Makes the next call. */
  readonly again: (exchange: Exchange) => void
}

/**
 * The calls that one request makes upstream: how they end is held against the backend's health, and a further one is
 * made where the retry policy says so. Requests without either have no such object.
 */
export class Attempts implements Watcher {
  readonly answerOrder = ANSWER_ORDER.headers
  readonly #exchange: Exchange
  readonly #rule: RetryRule | undefined
  readonly #repeating: Repeating
  /** Undefined where nothing is sent again. */
  readonly #start: Start | undefined
  /** Calls made again so far. */
  made = 0
  /** What those before came to, for the log at debug: `127.0.0.1:8080 503 12ms`. */
  calls: string[] | undefined = undefined
  #backend: HealthRule | undefined
  #health: Health | undefined
  #calledAt = 0
  /** The call under way has been held against its backend, which is done once. */
  #hasFailed = false
  /** Milliseconds that the head of a good answer took, until all of it has come: it may break off. */
  #goodAfter: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(exchange: Exchange, rule: RetryRule | undefined, repeating: Repeating) {
    this.#exchange = exchange
    this.#repeating = repeating
    this.#rule = this.#isSentOnce() ? undefined : rule
    this.#start = this.#rule && startOf(exchange, this)
    exchange.watch(this)
  }

  #isSentOnce(): boolean {
    const { isSentOnce, gathering, body } = this.#exchange
    return isSentOnce || gathering !== undefined || (body?.length ?? 0) > MOST_REPLAYED
  }

  /** A call is about to be made. */
  begin(backend: HealthRule | undefined): void {
    this.#backend = backend
    this.#health = backend && this.#exchange.generation.state(backend.state)
    if (this.#health !== undefined) this.#health.inFlight++
    this.#calledAt = performance.now()
    this.#hasFailed = false
  }

  /** The head of an answer; true when it is not for the client, because there will be another one. */
  onHead(status: number, rawHeaders: readonly string[]): boolean {
    if (this.#rule === undefined && this.#health === undefined) return false
    let seen: CelContext | undefined
    const holds = (expression: Expression): boolean => {
      seen ??= celContext(this.#exchange, { response: { status, headers: rawHeaders } })
      return expression.test(seen) === true
    }
    const { unhealthy } = this.#backend ?? {}
    const isHealthy = unhealthy === undefined ? status < 500 : !holds(unhealthy)
    if (isHealthy) this.#goodAfter = performance.now() - this.#calledAt
    else if (this.#backend !== undefined) this.#failed(retryAfterMs(status, rawHeaders))
    if (isOfLoop(status, this.#exchange)) return false
    const { codes, condition } = this.#rule ?? {}
    if (codes?.has(status) !== true && (condition === undefined || !holds(condition))) return false
    return this.#tryAgain(String(status))
  }

  /** No answer came, or not all of it; true when there will be another call, which is not made unless it `isRepeatable`. */
  onFailure(isRepeatable: boolean): boolean {
    this.#failed(undefined)
    return isRepeatable && this.#tryAgain('no answer')
  }

  onEnd(): void {
    clearTimeout(this.#timer)
    this.#leave()
  }

  #failed(evictAfterMs: number | undefined): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#goodAfter = undefined
    const wait = evictAfterMs ?? this.#rule?.backoffMs
    this.#record({ isHealthy: false, evictAfterMs: wait })
  }

  #record(outcome: Outcome): void {
    if (this.#backend !== undefined) this.#exchange.generation.record(this.#backend, outcome)
  }

  /** The call is over; what has not failed until then was good. */
  #leave(): void {
    if (this.#goodAfter !== undefined) this.#record({ isHealthy: true, latencyMs: this.#goodAfter })
    this.#goodAfter = undefined
    if (this.#health !== undefined) this.#health.inFlight--
    this.#health = undefined
  }

  #tryAgain(outcome: string): boolean {
    if (this.#rule === undefined || this.made >= this.#rule.attempts || this.#exchange.isAnswered)
      return false
    this.made++
    if (this.#exchange.generation.wantsDebug?.() === true) this.#note(outcome)
    this.#leave()
    this.#repeating.pause(this.#exchange)
    this.#rewind()
    // In place of what the client may call so; policies of the backend see it, and may take it out.
    setRequestHeader(this.#exchange.request, 'x-retry-attempt', String(this.made))
    const { backoffMs } = this.#rule
    if (backoffMs === undefined) setImmediate(resume, this)
    else this.#timer = setTimeout(resume, backoffMs, this)
    return true
  }

  #note(outcome: string): void {
    const { endpoint = '-' } = this.#exchange.destination?.upstream ?? {}
    this.calls ??= []
    this.calls.push(`${endpoint} ${outcome} ${Math.round(performance.now() - this.#calledAt)}ms`)
  }

  /** Undoes what the policies of the last backend did to the request. */
  #rewind(): void {
    const exchange = this.#exchange
    if (this.#start === undefined) return
    const { path, query, method, host, schemeSet, metadata, body, rawHeaders, headers } = this.#start
    const { answerHeaders, watchers } = this.#start
    for (const watcher of exchange.watchers ?? []) if (!watchers.includes(watcher)) watcher.onEnd?.(exchange)
    exchange.watchers = watchers.slice()
    exchange.path = path
    exchange.query = query
    exchange.method = method
    exchange.host = host
    exchange.schemeSet = schemeSet
    exchange.metadata = copyOf(metadata)
    exchange.body = body
    exchange.answerHeaders = answerHeaders
    exchange.request.rawHeaders = rawHeaders.slice()
    exchange.request.headers = { ...headers }
    // The last backend may have changed it: whoever looks into the body reads it anew.
    exchange.json = undefined
    exchange.relay = undefined
  }

  /** Time to make the next call, unless the client has gone or the time is up. */
  resume(): void {
    if (!this.#exchange.isAnswered) this.#exchange.attempt(this.#repeating.again)
  }
}

function startOf(exchange: Exchange, own: Watcher): Start {
  const { request, path, query, method, host, schemeSet, body, answerHeaders } = exchange
  return {
    path,
    query,
    method,
    host,
    schemeSet,
    metadata: copyOf(exchange.metadata),
    body,
    rawHeaders: request.rawHeaders.slice(),
    headers: { ...request.headers },
    answerHeaders,
    watchers: [...(exchange.watchers ?? []), own],
  }
}

/** Transformations add to the map, and replace what is in it. */
function copyOf(metadata: Exchange['metadata']): Exchange['metadata'] {
  return metadata && Object.assign(Object.create(null) as Record<string, unknown>, metadata)
}

function resume(attempts: Attempts): void {
  attempts.resume()
}
