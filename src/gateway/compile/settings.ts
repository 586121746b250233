import type { Config, StaticConfig } from '../../config/schema.ts'
import { LONGEST_TIMER_MS } from '../../timers.ts'
import type { Cel } from '../cel/cel.ts'
import type { Settings } from '../runtime.ts'
import { compileAccessLog, compileOtlpLog } from './access-log.ts'
import { timerMs } from './duration.ts'
import { compileMetricLabels } from './metric-labels.ts'
import { compileTracing } from './tracing.ts'

/** What holds for the connections to all upstreams, in milliseconds. */
export function connectionSettings(config: StaticConfig | null | undefined): {
  connectTimeoutMs: number
  idleMs: number
} {
  const { connectTimeout, poolIdleTimeout } = config?.backend ?? {}
  return {
    connectTimeoutMs: connectTimeout ? timerMs(connectTimeout) : 10_000,
    // agentgateway keeps idle connections for 90 s. Many load balancers close them after 60 s, and a request that is
    // sent at that very moment is lost, so they are given up earlier here unless the config says otherwise.
    // For one that is up at once a connection needs a moment to be idle in.
    idleMs: poolIdleTimeout ? Math.max(1, timerMs(poolIdleTimeout)) : 55_000,
  }
}

/** Node adds a second to what it is told, and warns of a sum that no timer can wait, with each request. */
const LONGEST_IDLE_MS = LONGEST_TIMER_MS - 1000

/** Headers that are known to carry credentials of clients. */
const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  // OpenAI's clients in browsers offer their key as one of the protocols.
  'sec-websocket-protocol',
]

/** Headers in which answers give clients some. */
const GIVEN = [
  'set-cookie',
  'set-cookie2',
  'authentication-info',
  'proxy-authentication-info',
  'x-auth-token',
  'x-subject-token',
]

/** Bytes of a body that must be looked into. */
export function maxBodyBytesOf({ frontendPolicies }: Config): number {
  return frontendPolicies?.http?.maxBufferSize ?? 2 * 1024 * 1024
}

/** Lower-case names of what carries credentials because the config looks for them there. */
interface Hidden {
  readonly parameters: ReadonlySet<string>
  readonly headers: ReadonlySet<string>
}

/** What holds for all requests. */
export function settingsOf(whole: Config, hidden: Hidden, cel: Cel): Settings {
  const { config, frontendPolicies } = whole
  const { http1IdleTimeout, http1MaxHeaders } = frontendPolicies?.http ?? {}
  const deadline = config?.connectionTerminationDeadline
  const accessLog = compileAccessLog(whole, cel)
  const otlpLog = compileOtlpLog(whole, cel)
  const metricLabels = compileMetricLabels(config, cel)
  const tracing = compileTracing({ config, frontendPolicies }, cel)
  const sensitive = (config?.sensitiveHeaders ?? []).map(name => name.toLowerCase())
  const hiddenHeaders = new Set([...CREDENTIALS, ...hidden.headers, ...sensitive])
  return Object.freeze({
    maxBodyBytes: maxBodyBytesOf(whole),
    hiddenParameters: hidden.parameters,
    hiddenHeaders,
    untoldHeaders: new Set([...hiddenHeaders, ...GIVEN]),
    maxHeaders: http1MaxHeaders ?? 100,
    clientIdleMs: http1IdleTimeout ? Math.min(timerMs(http1IdleTimeout), LONGEST_IDLE_MS) : 600_000,
    drainMs: deadline ? timerMs(deadline) : 5000,
    accessLog,
    otlpLog,
    metricLabels,
    tracing,
    tellsExpressions:
      metricLabels !== undefined || [accessLog, otlpLog, tracing].some(rule => (rule?.added.length ?? 0) > 0),
  })
}
