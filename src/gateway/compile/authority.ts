import type { RoutePolicies } from '../../config/schema.ts'
import type { Exchange } from '../exchange.ts'

type Authority = NonNullable<RoutePolicies['urlRewrite']>['authority']

/** The host and port that a request is sent on with, or redirected to. */
export type AuthorityOf = (exchange: Exchange) => string

const PORT_OF: Readonly<Record<string, number>> = { http: 80, https: 443 }

function split(authority: string): { host: string; port: number | undefined } {
  const [, host = authority, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  return { host, port: port === undefined ? undefined : Number(port) }
}

/** A port is not written where the scheme has it anyway. */
function join(host: string, port: number | undefined, scheme: string): string {
  return port === undefined || PORT_OF[scheme] === port ? host : `${host}:${port}`
}

export interface AuthorityOptions {
  /** The client's own unless given. */
  readonly scheme?: string | undefined
  /** A new host keeps the client's port. */
  readonly keepsPort: boolean
}

/** `full` replaces host and port, `host` and `port` one of them; `auto`, `none` and nothing are the client's own. */
export function compileAuthority(authority: Authority, { scheme, keepsPort }: AuthorityOptions): AuthorityOf {
  if (typeof authority !== 'object' || authority === null) return exchange => exchange.authority
  const { full, host, port } = authority
  if (full !== undefined) return () => full
  if (host === undefined) {
    return exchange => join(split(exchange.authority).host, port, scheme ?? exchange.scheme)
  }
  if (!keepsPort) return () => host
  return exchange => join(host, split(exchange.authority).port, scheme ?? exchange.scheme)
}
