import { eventFields } from '../../gateway/index.ts'
import { attributesOf } from './attributes.ts'
import type { Exported } from './export.ts'
import type { FinishedLine } from './logs.ts'

/** The access log for a collector. */
export const LOG_LINES: Exported<FinishedLine> = {
  noun: 'lines of the access log',
  collectorOf: ({ settings }) => settings.otlpLog?.collector,
  itemOf: (event, redact) =>
    event.otlpLog && {
      collector: event.otlpLog.collector,
      item: {
        time: event.time,
        span: event.span,
        attributes: attributesOf(eventFields(event), event.otlpLog, redact),
      },
    },
  open: async () => (await import('./logs.ts')).openLineSender,
}
