import type { AccessEvent, Collector, Runtime } from '../gateway/index.ts'
import { eventFields } from '../gateway/index.ts'
import type { FinishedSpan, SpanSender } from './otlp.ts'

export interface TracesOptions {
  /** The last thing a value passes. */
  readonly redact: (text: string) => string
  /** Told when spans begin to be lost, and when they arrive again. */
  readonly onNote: (message: string) => void
}

/** Turns access events into spans and sends them. Loads nothing as long as no config asks for traces. */
export class Traces {
  readonly #options: TracesOptions
  /** Collector, as JSON → its sender, or the one on its way. */
  readonly #senders = new Map<string, SpanSender>()
  /** JSON of collectors, which events share. */
  readonly #keys = new WeakMap<Collector, string>()

  constructor(options: TracesOptions) {
    this.#options = options
  }

  /** Makes ready for the spans of this runtime. Throws CONFIG_INVALID when the packages for it are not installed. */
  async prepare({ settings }: Runtime): Promise<void> {
    const collector = settings.tracing?.collector
    if (collector === undefined || this.#senders.has(this.#keyOf(collector))) return
    const { openSender } = await import('./otlp.ts')
    this.#senders.set(this.#keyOf(collector), await openSender(collector, this.#outcomes(collector.url)))
  }

  #keyOf(collector: Collector): string {
    const known = this.#keys.get(collector)
    if (known !== undefined) return known
    const key = JSON.stringify(collector)
    this.#keys.set(collector, key)
    return key
  }

  /** One note when spans begin to be lost, one when they arrive again. */
  #outcomes(url: string): (error: Error | undefined) => void {
    let isLost = false
    return error => {
      if (isLost === (error !== undefined)) return
      isLost = error !== undefined
      const why = error === undefined ? '' : ` (${reasonOf(error)})`
      this.#options.onNote(
        isLost ? `traces do not reach ${url}${why}; spans are lost` : `traces reach ${url} again`,
      )
    }
  }

  readonly add = (event: AccessEvent): void => {
    const { span } = event
    if (span === undefined) return
    this.#senders.get(this.#keyOf(span.collector))?.send(finishedSpan(event, span, this.#options.redact))
  }

  /** Sends what is left, then ends. */
  async close(): Promise<void> {
    const senders = [...this.#senders.values()]
    this.#senders.clear()
    await Promise.all(senders.map(sender => sender.close()))
  }
}

/** The name of the error or the status of the answer: messages may repeat what the collector has said. */
function reasonOf(error: Error & { readonly code?: unknown }): string {
  const { code } = error
  return typeof code === 'string' ? code : typeof code === 'number' ? `status ${code}` : error.name
}

function finishedSpan(
  event: AccessEvent,
  { traceId, spanId, parentId, added, removed }: NonNullable<AccessEvent['span']>,
  redact: (text: string) => string,
): FinishedSpan {
  const attributes: Record<string, string | number | boolean> = {}
  // The span has its own times and its own ids.
  const { duration: _, 'trace.id': __, 'span.id': ___, ...fields } = eventFields(event)
  for (const [name, value] of [...Object.entries(fields), ...Object.entries(added)]) {
    if (value === undefined || value === null || (removed.has(name) && !(name in added))) continue
    if (typeof value === 'number' || typeof value === 'boolean') attributes[name] = value
    else attributes[name] = redact(typeof value === 'string' ? value : JSON.stringify(value))
  }
  const { status = 0, error } = event
  return {
    name: event.route === undefined ? event.method : `${event.method} ${event.route}`,
    traceId,
    spanId,
    parentId,
    start: event.time,
    duration: event.duration,
    error: error === undefined ? undefined : redact(error),
    isError: status === 0 || status >= 500,
    attributes,
  }
}
