import type { Secret } from '../../secrets/secret.ts'

/** Where spans or lines of the access log go. Two that are equal as JSON are the same collector. */
export interface Collector {
  readonly protocol: 'grpc' | 'http'
  /** `http://host:port` for gRPC, `http://host:port/v1/traces` for HTTP; `https:` where there is TLS. */
  readonly url: string
  readonly headers: Readonly<Record<string, Secret>>
  /** What is said of the gateway itself. */
  readonly resource: Readonly<Record<string, unknown>>
}
