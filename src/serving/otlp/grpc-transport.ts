import { setTimeout as wait } from 'node:timers/promises'
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base'
import { type GrpcCall, GrpcClient, GrpcError, type GrpcStatus } from './grpc-call.ts'
import { retryDelay } from './retry-delay.ts'

export interface GrpcTransportOptions extends Pick<GrpcCall, 'path' | 'isCompressed'> {
  /** `http://host:port` or `https://host:port` */
  readonly url: string
  readonly tls: ConstructorParameters<typeof GrpcClient>[1]
  readonly headers: () => Promise<Readonly<Record<string, string>>>
}

/** https://opentelemetry.io/docs/specs/otlp/#failures */
const RETRYABLE: ReadonlySet<GrpcStatus> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
])
/** Before the second try, in milliseconds; each further one waits twice as long, all of them a bit by lot. */
const FIRST_WAIT_MS = 500

/** Sends what is to be exported as unary calls, again as long as the collector may recover and there is time. */
export function grpcTransport(options: GrpcTransportOptions): IExporterTransport {
  const client = new GrpcClient(options.url, options.tls)
  const { path, isCompressed } = options
  const send = async (message: Uint8Array, timeoutMs: number): Promise<ExportResponse> => {
    const deadline = performance.now() + timeoutMs
    const headers = lowerCase(await options.headers())
    for (let backoff = FIRST_WAIT_MS; ; backoff *= 2) {
      const left = deadline - performance.now()
      try {
        const data = await client.call({ path, message, headers, isCompressed, timeoutMs: left })
        return { status: 'success', data }
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        const asked = retryDelay(error.details)
        // Without a word on when it recovers, a collector whose quota is used up stays so.
        const mayRecover = asked !== undefined || RETRYABLE.has(error.status)
        const pause = asked ?? backoff * (0.8 + 0.4 * Math.random())
        if (!mayRecover || pause >= deadline - performance.now()) return { status: 'failure', error }
        await wait(pause)
      }
    }
  }
  return { send, shutdown: () => client.close() }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
