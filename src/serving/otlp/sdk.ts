import type { Agent } from 'node:https'
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base'
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import { AgwError } from '../../errors.ts'
import type { Collector } from '../../gateway/index.ts'
import { attributesOf } from './attributes.ts'
import { grpcTransport } from './grpc-transport.ts'

/** The packages, which are installed beside agw by those who send to a collector. */
const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/resources',
  '@opentelemetry/otlp-exporter-base',
  '@opentelemetry/otlp-transformer',
]

export interface Sdk {
  readonly api: typeof import('@opentelemetry/api')
  readonly logs: typeof import('@opentelemetry/sdk-logs')
  readonly trace: typeof import('@opentelemetry/sdk-trace-base')
  readonly resources: typeof import('@opentelemetry/resources')
  readonly base: typeof import('@opentelemetry/otlp-exporter-base')
  readonly http: typeof import('@opentelemetry/otlp-exporter-base/node-http')
  readonly transformer: typeof import('@opentelemetry/otlp-transformer')
}

/** Throws CONFIG_INVALID, with the command that installs it, when a package is not there. */
export async function loadSdk(): Promise<Sdk> {
  const [api, logs, trace, resources, base, http, transformer] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-logs'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/otlp-exporter-base'),
    import('@opentelemetry/otlp-exporter-base/node-http'),
    import('@opentelemetry/otlp-transformer'),
  ]).catch((error: unknown) => {
    throw isAbsent(error) ? notInstalled() : error
  })
  return { api, logs, trace, resources, base, http, transformer }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
}

/** The error of a config that asks for a collector where nothing is there to send to it. */
function notInstalled(): AgwError {
  return new AgwError('CONFIG_INVALID', 'traces and logs by OTLP need packages that are not installed', {
    hint: `install them beside agw: npm install ${PACKAGES.join(' ')} (with -g where agw is installed so)`,
  })
}

/** What describes the gateway: what the config says, before what the environment does in the words of OpenTelemetry. */
export function resourceOf(
  { resources }: Sdk,
  own: Collector['resource'],
  redact: (text: string) => string,
): Resource {
  const { detectResources, envDetector, resourceFromAttributes } = resources
  const { attributes } = detectResources({ detectors: [envDetector] })
  const fields = { 'service.name': 'agentgateway', ...attributes }
  return resourceFromAttributes(attributesOf(fields, { added: own, removed: new Set() }, redact))
}

/** Sends things in batches. */
export interface Sender<Item> {
  send(item: Item): void
  /** Sends what is left, then ends. */
  close(): Promise<void>
}

/** How long a batch may take to be sent, all tries together, in milliseconds. */
const EXPORT_MS = 5000

/** How things are sent together, in the words of the SDK, which drops what is more than the queue holds. */
export const BATCHING = {
  scheduledDelayMillis: 1000,
  // Later than the export itself, which knows why it failed.
  exportTimeoutMillis: EXPORT_MS + 500,
  maxQueueSize: 8192,
  maxExportBatchSize: 512,
}

/** What is sent: spans, or lines of the log. */
export interface Signal<Items> {
  /** As in `OTEL_EXPORTER_OTLP_TRACES_HEADERS`. */
  readonly name: 'TRACES' | 'LOGS'
  readonly component: string
  readonly service: string
  readonly serializer: ISerializer<Items, unknown>
  readonly metrics: IExporterMetricsHelper<Items>
}

/** Told of each batch, with the error of a failed one. */
export type OnOutcome = (error: Error | undefined) => void

/** A way to a collector that says how each batch has fared. */
export function toldDelegate<Items>(
  sdk: Sdk,
  collector: Collector,
  signal: Signal<Items>,
  onOutcome: OnOutcome,
): Pick<IOtlpExportDelegate<Items>, 'export' | 'shutdown' | 'forceFlush'> {
  const inner = delegateFor(sdk, collector, signal)
  return {
    export: (items, done) =>
      inner.export(items, result => {
        onOutcome(result.code === 0 ? undefined : (result.error ?? new Error('unknown reason')))
        done(result)
      }),
    shutdown: () => inner.shutdown(),
    forceFlush: () => inner.forceFlush(),
  }
}

/** A way to a collector. Headers, certificates and compression are also those that the environment names for it. */
function delegateFor<Items>(
  { base, http }: Sdk,
  { protocol, url, headers }: Collector,
  { name, component, service, serializer, metrics }: Signal<Items>,
): IOtlpExportDelegate<Items> {
  const own = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, value.reveal()]))
  const given = { url, headers: own, timeoutMillis: EXPORT_MS }
  const type = { 'Content-Type': 'application/x-protobuf' }
  const options = http.convertLegacyHttpOptions(given, name, '', protocol === 'http' ? type : {})
  if (protocol === 'http')
    return http.createOtlpHttpExportDelegate(
      options,
      serializer,
      `otlp_http_${component}`,
      metrics,
      undefined,
    )
  const counted = new base.ExporterMetrics({
    componentType: `otlp_grpc_${component}`,
    metricsHelper: metrics,
    url,
    meterProvider: undefined,
    responseAttributesFromError: () => ({}),
  })
  const transport = grpcTransport({
    url,
    path: `/${service}/Export`,
    isCompressed: options.compression === 'gzip',
    headers: options.headers,
    // What an agent of HTTPS would have been given.
    tls: async () => ((await options.agentFactory('https:')) as Agent).options,
  })
  return base.createOtlpNetworkExportDelegate(options, serializer, counted, transport)
}
