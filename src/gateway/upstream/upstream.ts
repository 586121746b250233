import type { ClientIdentity } from '../server/client-identity.ts'

/** One address with its way of connecting; requests to the same `key` share connections. */
export interface Upstream {
  readonly key: string
  /** `https://api.openai.com:443` */
  readonly origin: string
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  /** A Unix socket in place of host and port. */
  readonly socketPath: string | undefined
  /** `api.openai.com:443`, for the log. */
  readonly endpoint: string
  /** The name that is asked for (SNI) and that the certificate must carry; empty without TLS. */
  readonly servername: string
  readonly tls: UpstreamTls | undefined
  readonly connectTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly idleMs: number
}

export interface UpstreamTls {
  /** PEM text that replaces the system's roots. */
  readonly ca: string | undefined
  readonly identity: ClientIdentity | undefined
  /** Key exchange groups, in OpenSSL's words; its own choice unless given. */
  readonly groups: string | undefined
  /** How much of the upstream's certificate is checked: its name too, only who signed it, or nothing. */
  readonly verify: 'name' | 'signature' | 'nothing'
}
