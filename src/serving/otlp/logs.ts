import type { Resource } from '@opentelemetry/resources'
import type { Collector } from '../../gateway/index.ts'
import { BATCHING, type OnOutcome, type Sdk, type Sender, toldDelegate } from './sdk.ts'

/** One line of the log, before the SDK sees it. Values have passed the redactor. */
export interface FinishedLine {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Of its trace, where it has one. */
  readonly span: { readonly traceId: string; readonly spanId: string } | undefined
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** INFO of https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9

/** Opens a way to a collector. */
export function openLineSender(
  sdk: Sdk,
  collector: Collector,
  resource: Resource,
  onOutcome: OnOutcome,
): Sender<FinishedLine> {
  const { api, logs, transformer } = sdk
  const signal = {
    name: 'LOGS',
    component: 'log_exporter',
    service: 'opentelemetry.proto.collector.logs.v1.LogsService',
    serializer: transformer.ProtobufLogsSerializer,
    metrics: transformer.LogsExporterMetricsHelper,
  } as const
  const exporter = toldDelegate(sdk, collector, signal, onOutcome)
  const batches = new logs.BatchLogRecordProcessor({ exporter, ...BATCHING })
  const provider = new logs.LoggerProvider({ resource, processors: [batches] })
  // agentgateway's scope, and like there a line has no body: what it says are its attributes.
  const logger = provider.getLogger('request')
  return {
    send: ({ time, span, attributes }) => {
      const context =
        span === undefined
          ? api.ROOT_CONTEXT
          : api.trace.setSpanContext(api.ROOT_CONTEXT, { ...span, traceFlags: api.TraceFlags.SAMPLED })
      logger.emit({ timestamp: time, severityNumber: INFO, severityText: 'INFO', attributes, context })
    },
    // It rejects when the last batch is lost, of which `onOutcome` has been told.
    close: () => provider.shutdown().catch(() => {}),
  }
}
