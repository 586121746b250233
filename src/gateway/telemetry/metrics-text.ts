import { METRIC_PREFIX as PREFIX, removalNames } from '../../config/rules/metric-names.ts'
import { lookups, spent } from './cost-counts.ts'
import { BOUNDS, type Histogram } from './histogram.ts'
import type { MetricsSnapshot } from './metric-series.ts'

/** What is told beside the counts. */
export interface MetricsFacts {
  readonly version: string
  /** The config's last change was taken in. */
  readonly isSynchronized: boolean
  /** `config.metrics.remove`: names of metrics that are left out, as agentgateway knows them. */
  readonly removed?: ReadonlySet<string>
}

/** A metric, in all its series. */
interface Family {
  /** Without the prefix. */
  readonly name: string
  /** A piece at a time: there may be thousands of series. */
  write(): Iterable<string>
}

/** How long requests wait while it is written, in milliseconds. */
const TURN_MS = 5

/** The text form of Prometheus, several processes added up. Requests go on meanwhile: of all that is counted it has megabytes. */
export async function metricsText(
  snapshots: readonly MetricsSnapshot[],
  facts: MetricsFacts,
): Promise<string> {
  let text = ''
  let since = performance.now()
  for (const piece of metricsPieces(snapshots, facts)) {
    text += piece
    if (performance.now() - since < TURN_MS) continue
    await new Promise(resolve => setImmediate(resolve))
    since = performance.now()
  }
  return text
}

/** The same, in pieces that take no long time each. */
export function* metricsPieces(
  snapshots: readonly MetricsSnapshot[],
  facts: MetricsFacts,
): Generator<string> {
  const { requests, processing, models, connections, calls, connects, guards } = sumOf(snapshots)
  const tokens = models.flatMap(series => [
    { labels: `gen_ai_token_type="input",${series.labels}`, value: series.inputTokens },
    { labels: `gen_ai_token_type="output",${series.labels}`, value: series.outputTokens },
    { labels: `gen_ai_token_type="input_cache_read",${series.labels}`, value: series.cacheReadTokens },
    { labels: `gen_ai_token_type="input_cache_write",${series.labels}`, value: series.cacheWriteTokens },
  ])
  const families: readonly Family[] = [
    gauge('build_info', 'Version of the gateway.', `{tag="${facts.version}"} 1`),
    gauge(
      SYNCHRONIZED,
      'Whether the last change of the config was taken in.',
      facts.isSynchronized ? ' 1' : ' 0',
    ),
    counters('requests_total', 'Requests.', requests, series => series.requests),
    counters('response_bytes_total', 'Bytes of the bodies that clients got.', requests, s => s.responseBytes),
    counters('retries_total', 'Calls made again.', requests, series => series.retries),
    histograms('request_duration_seconds', 'Duration of requests.', BOUNDS.request, of(requests, 'duration')),
    histograms(
      'request_processing_seconds',
      'Time from the head of a request to its first call upstream.',
      BOUNDS.processing,
      of(processing, 'request'),
    ),
    histograms(
      'response_processing_seconds',
      'Time from the head of an answer upstream to the head for the client.',
      BOUNDS.processing,
      of(processing, 'response'),
    ),
    histograms(
      'upstream_call_duration_seconds',
      'Time from a call upstream to the head of its answer, or to its failure.',
      BOUNDS.request,
      of(calls, 'duration'),
    ),
    histograms(
      'upstream_connect_duration_seconds',
      'Time to open a connection upstream, with its TLS handshake.',
      BOUNDS.connect,
      of(connects, 'duration'),
    ),
    histograms(
      'tls_handshake_duration_seconds',
      'Time of the TLS handshakes of clients.',
      BOUNDS.connect,
      of(connections, 'handshake'),
    ),
    counters('downstream_connections_total', 'Connections of clients.', connections, s => s.connections),
    counters('downstream_received_bytes_total', 'Bytes from clients.', connections, s => s.receivedBytes),
    counters('downstream_sent_bytes_total', 'Bytes to clients.', connections, s => s.sentBytes),
    counters('guardrail_checks_total', 'Checks of guards, by what came of them.', guards, s => s.checks),
    counters(
      'cost_catalog_lookups_total',
      'Look-ups of prices, by what came of them.',
      lookups(models),
      s => s.count,
    ),
    counters(
      'gen_ai_client_cost_usd_total',
      'What calls of models have cost, in dollars.',
      models.filter(({ Exact }) => Exact > 0),
      spent,
    ),
    histograms('gen_ai_client_token_usage', 'Tokens per request.', BOUNDS.tokens, tokens),
    ...MODEL_HISTOGRAMS.map(([name, help, bounds, field]) =>
      histograms(name, help, bounds, of(models, field)),
    ),
  ]
  const { removed } = facts
  const told = removed === undefined ? families : families.filter(({ name }) => !isRemoved(name, removed))
  for (const family of told) yield* family.write()
}

/** The one that agentgateway keeps whatever the config says. */
const SYNCHRONIZED = 'config_synchronized'

function isRemoved(name: string, removed: ReadonlySet<string>): boolean {
  return name !== SYNCHRONIZED && removalNames(name).some(one => removed.has(one))
}

/** Several processes as one. */
export function sumOf(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const [only] = snapshots
  if (only !== undefined && snapshots.length === 1) return only
  return {
    requests: sum(snapshots.flatMap(one => one.requests)),
    processing: sum(snapshots.flatMap(one => one.processing)),
    models: sum(snapshots.flatMap(one => one.models)),
    connections: sum(snapshots.flatMap(one => one.connections)),
    calls: sum(snapshots.flatMap(one => one.calls)),
    connects: sum(snapshots.flatMap(one => one.connects)),
    guards: sum(snapshots.flatMap(one => one.guards)),
  }
}

const MODEL_HISTOGRAMS = [
  ['gen_ai_server_request_duration', 'Duration of model calls, in seconds.', BOUNDS.modelCall, 'duration'],
  [
    'gen_ai_server_time_to_first_token',
    'Time to the first token, in seconds.',
    BOUNDS.firstToken,
    'firstToken',
  ],
  [
    'gen_ai_server_time_per_output_token',
    'Time per further token, in seconds.',
    BOUNDS.outputToken,
    'outputToken',
  ],
] as const

/** Adds up, per labels, whatever is a number or a histogram. */
function sum<T extends { readonly labels: string }>(all: readonly T[]): T[] {
  const sums = new Map<string, Record<string, unknown>>()
  for (const series of all) {
    const into = sums.get(series.labels)
    if (into === undefined) sums.set(series.labels, structuredClone<Record<string, unknown>>({ ...series }))
    else add(into, series)
  }
  return [...sums.values()] as T[]
}

function add(into: Record<string, unknown>, from: object): void {
  for (const [name, value] of Object.entries(from)) {
    if (typeof value === 'number') into[name] = (into[name] as number) + value
    else if (isHistogram(value)) addHistogram(into[name] as Histogram, value)
  }
}

function isHistogram(value: unknown): value is Histogram {
  return typeof value === 'object' && value !== null && 'counts' in value
}

function addHistogram(into: Histogram, from: Histogram): void {
  for (const [at, count] of from.counts.entries()) into.counts[at] = (into.counts[at] ?? 0) + count
  into.sum += from.sum
}

function of<K extends string>(
  all: readonly ({ readonly labels: string } & Record<K, Histogram>)[],
  field: K,
) {
  return all.map(series => ({ labels: series.labels, value: series[field] }))
}

function header(name: string, help: string, type: string): string {
  return `# HELP ${PREFIX}${name} ${help}\n# TYPE ${PREFIX}${name} ${type}\n`
}

function gauge(name: string, help: string, value: string): Family {
  return { name, write: () => [`${header(name, help, 'gauge')}${PREFIX}${name}${value}\n`] }
}

function counters<T extends { readonly labels: string }>(
  name: string,
  help: string,
  all: readonly T[],
  value: (series: T) => number | string,
): Family {
  return {
    name,
    *write() {
      yield header(name, help, 'counter')
      for (const series of all) yield `${PREFIX}${name}{${series.labels}} ${value(series)}\n`
    },
  }
}

function histograms(
  name: string,
  help: string,
  bounds: readonly number[],
  all: readonly { readonly labels: string; readonly value: Histogram }[],
): Family {
  return {
    name,
    *write() {
      yield header(name, help, 'histogram')
      for (const { labels, value } of all)
        if (value.counts.some(count => count > 0)) yield histogramLines(PREFIX + name, labels, bounds, value)
    },
  }
}

function histogramLines(name: string, labels: string, bounds: readonly number[], value: Histogram): string {
  const { counts, sum } = value
  let total = 0
  let text = ''
  for (const [at, count] of counts.entries()) {
    total += count
    text += `${name}_bucket{${labels},le="${bounds[at] ?? '+Inf'}"} ${total}\n`
  }
  return `${text}${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${total}\n`
}
