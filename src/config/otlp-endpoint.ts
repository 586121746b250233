/** A collector as `config.tracing` names it. */
export interface OtlpEndpoint {
  readonly origin: string
  /** What stands behind the host; undefined where there is nothing. */
  readonly path: string | undefined
}

/** Scheme → that of the call, and the port where none is written. */
const SCHEMES: ReadonlyMap<string, readonly [scheme: string, port: number]> = new Map([
  ['http', ['http', 80]],
  ['https', ['https', 443]],
  ['grpc', ['http', 4317]],
])

/** Reads `otlpEndpoint` as agentgateway does: with TLS unless a scheme says otherwise. Undefined for what it does not start with. */
export function otlpEndpoint(text: string): OtlpEndpoint | undefined {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined
  const [, written = 'https', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(text) ?? []
  const [scheme, usual] = SCHEMES.get(written.toLowerCase()) ?? []
  // Of a scheme that it does not know, the parser keeps a port as it is written.
  const parts = URL.canParse(`otlp://${rest}`) ? new URL(`otlp://${rest}`) : undefined
  if (scheme === undefined || parts === undefined || parts.hostname === '') return undefined
  const origin = `${scheme}://${parts.hostname}:${parts.port || usual}`
  if (!URL.canParse(origin)) return undefined
  const path = parts.pathname + parts.search
  return { origin: new URL(origin).origin, path: path === '' || path === '/' ? undefined : path }
}
