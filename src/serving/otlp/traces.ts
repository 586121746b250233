import type { AccessEvent } from '../../gateway/index.ts'
import { dollars, eventFields } from '../../gateway/index.ts'
import { attributesOf } from './attributes.ts'
import type { Exported } from './export.ts'
import type { FinishedSpan } from './spans.ts'

/** A span for each sampled request. */
export const TRACES: Exported<FinishedSpan> = {
  noun: 'spans',
  collectorOf: ({ settings }) => settings.tracing?.collector,
  itemOf: (event, redact) =>
    event.span && { collector: event.span.collector, item: finishedSpan(event, event.span, redact) },
  open: async () => (await import('./spans.ts')).openSpanSender,
}

function finishedSpan(
  event: AccessEvent,
  {
    traceId,
    spanId,
    parentId,
    traceState,
    scheme,
    pattern,
    added,
    removed,
  }: NonNullable<AccessEvent['span']>,
  redact: (text: string) => string,
): FinishedSpan {
  // The span has its own times and its own ids, and its status has the error.
  const { duration: _, 'trace.id': __, 'span.id': ___, error: ____, ...fields } = eventFields(event)
  const { 'span.name': name, ...own } = added
  // As the conventions of OpenTelemetry name it; agentgateway adds them to spans alone.
  const protocol = { 'url.scheme': scheme, 'network.protocol.version': event.version?.replace('HTTP/', '') }
  const facts = { ...fields, ...costParts(event), ...protocol }
  const attributes = attributesOf(facts, { added: own, removed }, redact)
  const { status = 0, error, method = 'HTTP' } = event
  return {
    name: redact(typeof name === 'string' ? name : pattern === undefined ? method : `${method} ${pattern}`),
    traceId,
    spanId,
    parentId,
    traceState: traceState && redact(traceState),
    start: event.time,
    duration: event.duration,
    error: error === undefined ? undefined : redact(error),
    isError: status === 0 || status >= 500,
    attributes,
  }
}

/** What the cost is made of, which agentgateway tells in spans alone. */
function costParts({ cost }: AccessEvent): Record<string, string> {
  const { parts } = cost ?? {}
  if (parts === undefined) return {}
  return {
    'agw.ai.usage.cost.input': dollars(parts.input),
    'agw.ai.usage.cost.output': dollars(parts.output),
    'agw.ai.usage.cost.cache_read': dollars(parts.cacheRead),
    'agw.ai.usage.cost.cache_write': dollars(parts.cacheWrite),
    'agw.ai.usage.cost.reasoning': dollars(parts.reasoning),
    'agw.ai.usage.cost.input_audio': dollars(parts.inputAudio),
    'agw.ai.usage.cost.output_audio': dollars(parts.outputAudio),
  }
}
