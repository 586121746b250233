import type { Destination } from './destination.ts'
import type { Exchange } from './exchange.ts'
import { type Failure, REQUEST_TIMEOUT, UPSTREAM_TIMEOUT } from './failures.ts'

/** Of the two deadlines, both of which end with the head of the answer, the nearer one is set. */
export function setBackendDeadline(exchange: Exchange, destination: Destination): void {
  const limit = destination.backendTimeoutMs
  if (limit === 0) return
  const left = timeLeft(exchange)
  if (left !== undefined && left < limit) return
  clearTimeout(exchange.deadline)
  exchange.deadline = setTimeout(onDeadline, limit, exchange, UPSTREAM_TIMEOUT)
}

/** Milliseconds that the route gives this request from now on. */
function timeLeft({ route, startedAt }: Exchange): number | undefined {
  const whole = route?.requestTimeoutMs ?? 0
  return whole === 0 ? undefined : whole - (performance.now() - startedAt)
}

function onDeadline(exchange: Exchange, failure: Failure): void {
  const isOfCall = failure === UPSTREAM_TIMEOUT
  // A backend that has the whole request and has not answered counts as failed, whichever time it was that it used up.
  const isHung = isOfCall || (exchange.relay !== undefined && exchange.request.complete)
  exchange.relay?.abort(isOfCall)
  if (isHung && exchange.attempts?.onFailure(isOfCall) === true) return
  exchange.end(failure)
}

/** The deadline of the request with all its calls. */
export function setRouteDeadline(exchange: Exchange): void {
  clearTimeout(exchange.deadline)
  const left = timeLeft(exchange)
  if (left !== undefined)
    exchange.deadline = setTimeout(onDeadline, Math.max(left, 1), exchange, REQUEST_TIMEOUT)
}
