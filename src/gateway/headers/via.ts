import type { Exchange } from '../exchange.ts'
import { type Failure, loopFailure } from '../failures.ts'

/*
 * RFC 9110 §7.6.3: who passes a request on says so in `Via`, and knows by it a request that goes round. Providers are not
 * told: only what leads back to this gateway is.
 */

/** More than any config of sense sends through itself; round without end, each visit holds two connections. */
const MOST_VISITS = 10

const OWN = /(?:^|,)\s*1\.[01] agw\s*(?=,|$)/g

const LOOP = loopFailure(MOST_VISITS)

function visitsIn(via: string): number {
  return via.match(OWN)?.length ?? 0
}

/** The refusal of a request that has been here too often. */
export function loopOf(exchange: Exchange): Failure | undefined {
  const { via } = exchange.headers
  if (via === undefined) return undefined
  exchange.visits = visitsIn(via)
  return exchange.visits >= MOST_VISITS ? LOOP : undefined
}

/** An answer that says of a call that it has gone round: another try would go round as well, and each visit would make some. */
export function isOfLoop(status: number, { destination, generation }: Exchange): boolean {
  return (
    status === LOOP.status && destination !== undefined && generation.pools.to(destination.upstream).leadsHere
  )
}

/** Adds this visit to the headers of a call, and those before it that the config has taken out. */
export function putVia(headers: string[], { visits, request }: Exchange): void {
  let told = 0
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'via') told += visitsIn(headers[i + 1] ?? '')
  }
  for (; told <= visits; told++) headers.push('via', `${request.httpVersion} agw`)
}
