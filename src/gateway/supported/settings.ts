import { isObject } from '../../json.ts'
import { LOG_LEVELS, logLevelOf } from '../telemetry/log-level.ts'
import { EXPRESSION } from './policies.ts'
import { each, only, runs, type Support, section, unless } from './support.ts'

/* What of the settings that hold for all requests the embedded gateway does: `config`, and `frontendPolicies`. */

const LISTENED_ON = unless(value =>
  typeof value === 'string' && value.startsWith('unix:') ? 'admin pages on a Unix socket' : undefined,
)

/** One for the whole log: agentgateway's parts are no parts here. */
const LEVEL: Support = (value, path, report) => {
  if (logLevelOf(value) !== undefined) return
  const [last, ...others] = LOG_LEVELS.toReversed()
  report(path, 'this level', `write ${others.reverse().join(', ')} or ${last}`)
}

/** What a log or a span tells besides. */
const FIELDS = section({ add: each(EXPRESSION), remove: runs })

/**
 * The start-time settings, one by one. Run: what concerns connections and their end, and which headers are secret.
 * Nothing to do: IPv6 (the address comes from --host). Everything else would be silently without effect.
 */
export const STATIC_CONFIG = section({
  logging: section({
    filter: EXPRESSION,
    fields: FIELDS,
    level: LEVEL,
    format: runs,
  }),
  adminAddr: LISTENED_ON,
  statsAddr: LISTENED_ON,
  readinessAddr: LISTENED_ON,
  enableIpv6: runs,
  sensitiveHeaders: runs,
  workerThreads: runs,
  modelCatalog: runs,
  metrics: section({ remove: runs, fields: section({ add: each(EXPRESSION) }) }),
  connectionTerminationDeadline: runs,
  tracing: unless(
    value =>
      isObject(value) && !value['otlpEndpoint']
        ? 'traces to a collector that only a variable names'
        : undefined,
    section({
      otlpEndpoint: runs,
      otlpProtocol: runs,
      headers: runs,
      path: runs,
      fields: FIELDS,
      randomSampling: EXPRESSION,
      clientSampling: EXPRESSION,
    }),
  ),
  backend: section({ connectTimeout: runs, poolIdleTimeout: runs }),
})

const COLLECTOR = unless(address =>
  typeof address === 'string' && address.startsWith('unix:') ? 'a collector on a Unix socket' : undefined,
)

const TRACING = section({
  host: COLLECTOR,
  protocol: runs,
  path: runs,
  filter: EXPRESSION,
  attributes: each(EXPRESSION),
  resources: each(EXPRESSION),
  remove: runs,
  randomSampling: EXPRESSION,
  clientSampling: EXPRESSION,
})

const OTLP_LOG = section({ host: COLLECTOR, protocol: runs, path: runs, filter: EXPRESSION, fields: FIELDS })

const ACCESS_LOG = section({ filter: EXPRESSION, add: each(EXPRESSION), remove: runs, otlp: OTLP_LOG })

export const FRONTEND_POLICIES = section({
  tls: section({ minVersion: runs, maxVersion: runs, cipherSuites: runs, keyExchangeGroups: runs }),
  accessLog: ACCESS_LOG,
  logging: ACCESS_LOG,
  tracing: TRACING,
  http: section({
    maxBufferSize: runs,
    http1MaxHeaders: runs,
    http1IdleTimeout: runs,
    http1HeaderCase: only('preserve', 'header case'),
  }),
})
