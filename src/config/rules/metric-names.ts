/** Prefix of all metrics. */
export const METRIC_PREFIX = 'agentgateway_'

/** Labels that metrics have by themselves, of those that the config can add labels to. */
export const OWN_LABELS: ReadonlySet<string> = new Set([
  'backend',
  'protocol',
  'method',
  'status',
  'reason',
  'bind',
  'gateway',
  'listener',
  'route',
  'route_rule',
  'gen_ai_operation_name',
  'gen_ai_system',
  'gen_ai_request_model',
  'gen_ai_response_model',
  'gen_ai_token_type',
  'le',
])

/**
 * The metrics that `config.metrics.remove` can leave out, without the prefix:
 * https://github.com/agentgateway/agentgateway/blob/75b4e6ce6e0e1ac7959d5548ebe8dbeaede4f180/crates/agentgateway/src/telemetry/metrics.rs
 */
export const REMOVABLE_METRICS: readonly string[] = [
  'build_info',
  'requests_total',
  'response_bytes_total',
  'retries_total',
  'request_duration_seconds',
  'request_processing_seconds',
  'response_processing_seconds',
  'upstream_call_duration_seconds',
  'upstream_connect_duration_seconds',
  'tls_handshake_duration_seconds',
  'downstream_connections_total',
  'downstream_received_bytes_total',
  'downstream_sent_bytes_total',
  'guardrail_checks_total',
  'mcp_requests_total',
  'cost_catalog_lookups_total',
  'gen_ai_client_cost_usd_total',
  'gen_ai_client_token_usage',
  'gen_ai_server_request_duration',
  'gen_ai_server_time_to_first_token',
  'gen_ai_server_time_per_output_token',
]

/**
 * The names by which agentgateway takes a metric out: with and without its unit, `_total` and the prefix. The information
 * on the build is called `build` there.
 */
export function removalNames(metric: string): string[] {
  const whole = metric.replace(/_(?:total|info)$/, '')
  const bare = whole.replace(/_(?:seconds|bytes|usd)$/, '')
  const names = [...new Set([bare, whole])].flatMap(name => [`${name}_total`, name])
  return names.flatMap(name => [`${METRIC_PREFIX}${name}`, name])
}

/** Why Prometheus could not read a page with a label of this name; undefined where it could. */
export function labelProblem(name: string): 'syntax' | 'reserved' | 'taken' | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'syntax'
  if (name.startsWith('__')) return 'reserved'
  return OWN_LABELS.has(name) ? 'taken' : undefined
}
