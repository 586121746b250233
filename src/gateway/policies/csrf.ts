import type { Exchange } from '../exchange.ts'
import type { Failure } from '../failures.ts'
import type { PolicyKind } from './policy.ts'

const REFUSED: Failure = { status: 403, body: 'CSRF validation failed', reason: 'Authorization' }
/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses requests that change something and come from pages of other origins. */
export const csrf: PolicyKind<'csrf'> = {
  name: 'csrf',
  compile([{ value, path }]) {
    const also = new Set(value.additionalOrigins)
    return { name: 'csrf', path, run: exchange => (isAllowed(exchange, also) ? undefined : REFUSED) }
  },
}

function isAllowed(exchange: Exchange, also: ReadonlySet<string>): boolean {
  if (SAFE.has(exchange.method)) return true
  const { origin } = exchange.headers
  const named = origin === 'null' ? undefined : origin
  const isListed = named !== undefined && also.has(named)
  // What the browser itself says of the page counts more than what can be told from names.
  const site = exchange.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none' || isListed
  return named === undefined || named === `${exchange.scheme}://${exchange.authority}` || isListed
}
