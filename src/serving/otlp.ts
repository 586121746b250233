import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import { AgwError } from '../errors.ts'
import type { Collector } from '../gateway/index.ts'

/** The packages, which are installed beside agw by those who want traces. */
const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-trace-otlp-proto',
]

/** One span, before the SDK sees it. Values have passed the redactor. */
export interface FinishedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  /** Milliseconds since 1970. */
  readonly start: number
  /** Milliseconds. */
  readonly duration: number
  /** What went wrong. */
  readonly error: string | undefined
  readonly isError: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** Sends spans in batches. */
export interface SpanSender {
  send(span: FinishedSpan): void
  /** Sends what is left, then ends. */
  close(): Promise<void>
}

/** Throws CONFIG_INVALID, with the command that installs it, when a package is not there. */
async function loadSdk() {
  const [api, trace, resources, exporter] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]).catch((error: unknown) => {
    throw isAbsent(error) ? notInstalled() : error
  })
  return { api, trace, resources, exporter }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
}

/** The error of a config that asks for traces where nothing is there to send them. */
function notInstalled(): AgwError {
  return new AgwError('CONFIG_INVALID', 'frontendPolicies.tracing needs packages that are not installed', {
    hint: `install them beside agw: npm install ${PACKAGES.join(' ')} (with -g where agw is installed so)`,
  })
}

/** How long a batch may take to be sent, and the end of the gateway to wait for the last one, in milliseconds. */
const EXPORT_MS = 5000
/** How long spans wait to be sent together, in milliseconds. */
const BATCH_MS = 1000
/** Spans that wait at most; what is more is dropped by the SDK. */
const QUEUE = 8192

/** Opens a way to a collector: OTLP over HTTP, in protobuf. `onOutcome` is told of each batch, with the error of a failed one. */
export async function openSender(
  { url, resource: attributes }: Collector,
  onOutcome: (error: Error | undefined) => void,
): Promise<SpanSender> {
  const { api, trace, resources, exporter } = await loadSdk()
  const inner = new exporter.OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS })
  const told: SpanExporter = {
    export: (spans, done) =>
      inner.export(spans, result => {
        onOutcome(result.code === 0 ? undefined : (result.error ?? new Error('unknown reason')))
        done(result)
      }),
    shutdown: () => inner.shutdown(),
    forceFlush: () => inner.forceFlush(),
  }
  const batches = new trace.BatchSpanProcessor(told, {
    scheduledDelayMillis: BATCH_MS,
    exportTimeoutMillis: EXPORT_MS,
    maxQueueSize: QUEUE,
    maxExportBatchSize: 512,
  })
  const resource = resources.resourceFromAttributes({
    'service.name': 'agentgateway',
    ...(attributes as object),
  })
  const scope = { name: 'agw' }
  const { SpanKind, SpanStatusCode, TraceFlags } = api
  const context = (traceId: string, spanId: string, isRemote = false) => ({
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote,
  })
  const readable = (span: FinishedSpan): ReadableSpan => ({
    name: span.name,
    kind: SpanKind.SERVER,
    spanContext: () => context(span.traceId, span.spanId),
    ...(span.parentId !== undefined && { parentSpanContext: context(span.traceId, span.parentId, true) }),
    startTime: hrTime(span.start),
    endTime: hrTime(span.start + span.duration),
    duration: hrTime(span.duration),
    status: span.isError
      ? { code: SpanStatusCode.ERROR, ...(span.error !== undefined && { message: span.error }) }
      : { code: SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  })
  return {
    send: span => batches.onEnd(readable(span)),
    // It rejects when the last batch is lost, of which `onOutcome` has been told.
    close: () => batches.shutdown().catch(() => {}),
  }
}

/** Milliseconds → seconds and nanoseconds. */
function hrTime(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
