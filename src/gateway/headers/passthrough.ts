import { findHeader, setHeader } from '../../providers/index.ts'
import type { Destination, QueryCredential } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { queryCredential } from '../llm/llm-path.ts'
import { withCookies } from './headers.ts'

/*
 * `backendAuth.passthrough`: the token that a jwtAuth policy took out of a request goes on after all.
 */

/** Puts it into a header or a cookie, where that is its place. */
export function putPassthrough(exchange: Exchange, { passthrough }: Destination, headers: string[]): void {
  if (passthrough === undefined || 'parameter' in passthrough) return
  const token = exchange.caller?.jwt?.rawToken.unredacted()
  if (token === undefined) return
  if ('header' in passthrough) return setHeader(headers, passthrough.header, passthrough.prefix + token)
  const at = findHeader(headers, 'cookie')
  setHeader(headers, 'cookie', withCookies(at < 0 ? undefined : headers[at + 1], [passthrough.cookie, token]))
}

/** What goes into the query, the token with it where that is its place. */
export function queryCredentialsOf(exchange: Exchange, destination: Destination): readonly QueryCredential[] {
  const { passthrough, queryCredentials } = destination
  if (passthrough === undefined || !('parameter' in passthrough)) return queryCredentials
  const token = exchange.caller?.jwt?.rawToken.unredacted()
  if (token === undefined) return queryCredentials
  return [...queryCredentials, queryCredential(passthrough.parameter, token)]
}
