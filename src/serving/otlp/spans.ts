import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { Collector } from '../../gateway/index.ts'
import { BATCHING, type OnOutcome, type Sdk, type Sender, toldDelegate } from './sdk.ts'

/** One span, before the SDK sees it. Values have passed the redactor. */
export interface FinishedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  /** `tracestate` as the client has sent it. */
  readonly traceState: string | undefined
  /** Milliseconds since 1970. */
  readonly start: number
  /** Milliseconds. */
  readonly duration: number
  /** What went wrong. */
  readonly error: string | undefined
  readonly isError: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** Opens a way to a collector. */
export function openSpanSender(
  sdk: Sdk,
  collector: Collector,
  resource: Resource,
  onOutcome: OnOutcome,
): Sender<FinishedSpan> {
  const { transformer, trace } = sdk
  const signal = {
    name: 'TRACES',
    component: 'span_exporter',
    service: 'opentelemetry.proto.collector.trace.v1.TraceService',
    serializer: transformer.ProtobufTraceSerializer,
    metrics: transformer.TraceExporterMetricsHelper,
  } as const
  const exporter = toldDelegate(sdk, collector, signal, onOutcome)
  const batches = new trace.BatchSpanProcessor(exporter, BATCHING)
  const readable = spanMaker(sdk, resource)
  return {
    send: span => batches.onEnd(readable(span)),
    // It rejects when the last batch is lost, of which `onOutcome` has been told.
    close: () => batches.shutdown().catch(() => {}),
  }
}

/** Makes of a finished span what the SDK exports. */
function spanMaker({ api }: Sdk, resource: Resource): (span: FinishedSpan) => ReadableSpan {
  const { SpanKind, SpanStatusCode, TraceFlags, createTraceState } = api
  const scope = { name: 'agentgateway' }
  const context = ({ traceId, traceState }: FinishedSpan, spanId: string, isRemote = false) => ({
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
    isRemote,
  })
  return span => ({
    name: span.name,
    kind: SpanKind.SERVER,
    spanContext: () => context(span, span.spanId),
    ...(span.parentId !== undefined && { parentSpanContext: context(span, span.parentId, true) }),
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
}

/** Milliseconds → seconds and nanoseconds. */
function hrTime(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
