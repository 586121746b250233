import type { AccessEvent, Collector, Runtime } from '../gateway/index.ts'
import { eventFields } from '../gateway/index.ts'
import type { FinishedSpan, SpanSender } from './otlp/spans.ts'

export interface TracesOptions {
  /** The last thing a value passes. */
  readonly redact: (text: string) => string
  /** Told when spans begin to be lost, and when they arrive again. */
  readonly onNote: (message: string) => void
}

/** How long the way to a collector stays open that no config names any more, in milliseconds. */
const LINGER_MS = 2000

/** Turns access events into spans and sends them. Loads nothing as long as no config asks for traces. */
export class Traces {
  readonly #options: TracesOptions
  /** Collector, as JSON → its sender. */
  readonly #senders = new Map<string, SpanSender>()
  /** JSON of collectors, which events share. */
  readonly #keys = new WeakMap<Collector, string>()
  /** Those that send their last spans. */
  readonly #closing = new Set<Promise<void>>()
  #open: ((collector: Collector) => SpanSender) | undefined
  #current: string | undefined

  constructor(options: TracesOptions) {
    this.#options = options
  }

  /** Makes ready for a runtime. Throws CONFIG_INVALID when the packages for its traces are not installed. */
  async prepare({ settings }: Runtime): Promise<void> {
    if (settings.tracing === undefined || this.#open !== undefined) return
    const [{ loadSdk }, { openSender }] = await Promise.all([
      import('./otlp/sdk.ts'),
      import('./otlp/spans.ts'),
    ])
    const sdk = await loadSdk()
    this.#open = collector => openSender(sdk, collector, this.#outcomes(collector))
  }

  /** This runtime serves now. Requests that came before it may still tell of spans for the collector before. */
  adopt({ settings }: Runtime): void {
    const collector = settings.tracing?.collector
    this.#current = collector && this.#keyOf(collector)
    for (const key of this.#senders.keys()) if (key !== this.#current) this.#endSoon(key)
  }

  #keyOf(collector: Collector): string {
    const known = this.#keys.get(collector)
    if (known !== undefined) return known
    const key = JSON.stringify(collector)
    this.#keys.set(collector, key)
    return key
  }

  /** One note when spans begin to be lost, one when they arrive again. */
  #outcomes({ url, protocol }: Collector): (error: Error | undefined) => void {
    let isLost = false
    return error => {
      if (isLost === (error !== undefined)) return
      isLost = error !== undefined
      const why = error === undefined ? '' : ` (${reasonOf(error, protocol)})`
      this.#options.onNote(
        isLost ? `traces do not reach ${url}${why}; spans are lost` : `traces reach ${url} again`,
      )
    }
  }

  readonly add = (event: AccessEvent): void => {
    const { span } = event
    if (span === undefined) return
    const key = this.#keyOf(span.collector)
    let sender = this.#senders.get(key)
    if (sender === undefined) {
      sender = this.#open?.(span.collector)
      if (sender === undefined) return
      this.#senders.set(key, sender)
      if (key !== this.#current) this.#endSoon(key)
    }
    sender.send(finishedSpan(event, span, this.#options.redact))
  }

  #endSoon(key: string): void {
    setTimeout(() => {
      if (key !== this.#current) this.#end(key)
    }, LINGER_MS).unref()
  }

  #end(key: string): void {
    const sender = this.#senders.get(key)
    if (sender === undefined) return
    this.#senders.delete(key)
    const ended: Promise<void> = sender.close().then(() => void this.#closing.delete(ended))
    this.#closing.add(ended)
  }

  /** Sends what is left, then ends. */
  async close(): Promise<void> {
    for (const key of [...this.#senders.keys()]) this.#end(key)
    await Promise.all(this.#closing)
  }
}

/** What HTTP/1.1 and HTTP/2 say where they meet one another. */
const OTHER_PROTOCOL = /^(?:ERR_HTTP2|HPE_)/

/** The name of the error or the status of the answer: messages may repeat what the collector has said. */
function reasonOf(error: Error & { readonly code?: unknown }, protocol: Collector['protocol']): string {
  const { code } = error
  const why = typeof code === 'string' ? code : typeof code === 'number' ? `status ${code}` : error.name
  if (!OTHER_PROTOCOL.test(why)) return why
  const other = protocol === 'grpc' ? 'http' : 'grpc'
  return `${why}: it does not speak ${protocol === 'grpc' ? 'gRPC' : 'HTTP/1.1'}; is it one for protocol: ${other}?`
}

function finishedSpan(
  event: AccessEvent,
  { traceId, spanId, parentId, traceState, scheme, added, removed }: NonNullable<AccessEvent['span']>,
  redact: (text: string) => string,
): FinishedSpan {
  // The span has its own times and its own ids, and its status has the error.
  const { duration: _, 'trace.id': __, 'span.id': ___, error: ____, ...fields } = eventFields(event)
  const { 'span.name': name, ...own } = added
  // As the conventions of OpenTelemetry name it; agentgateway adds them to spans alone.
  const protocol = { 'url.scheme': scheme, 'network.protocol.version': event.version.replace('HTTP/', '') }
  const attributes: Record<string, string | number | boolean> = {}
  for (const [name, value] of [
    ...Object.entries(fields),
    ...Object.entries(protocol),
    ...Object.entries(own),
  ]) {
    if (value === undefined || value === null || (removed.has(name) && !(name in own))) continue
    if (typeof value === 'number' || typeof value === 'boolean') attributes[name] = value
    else attributes[name] = redact(typeof value === 'string' ? value : JSON.stringify(value))
  }
  const { status = 0, error, route, method } = event
  return {
    name: typeof name === 'string' ? redact(name) : route === undefined ? method : `${method} ${route}`,
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
