import { removeHeader, setHeader } from '../../providers/index.ts'
import { celContext } from '../cel/context.ts'
import { jsonValue } from '../cel/values.ts'
import type { Exchange } from '../exchange.ts'
import { patternOf } from '../routing/match.ts'
import type { Collector } from './collector.ts'
import { logChange } from './log-rule.ts'
import type { Sampling, TraceRule } from './trace-rule.ts'

/** What a line of the log is found by beside the spans of its trace. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 of them; undefined where the gateway has no span in the trace. */
  readonly spanId: string | undefined
}

/** The span of one request, whose id is made before the request leaves. */
export interface Trace extends TraceIds {
  readonly rule: TraceRule
  readonly spanId: string
  /** The span of the client. */
  readonly parentId: string | undefined
  /** What goes upstream. */
  readonly traceparent: string
  /** `tracestate` of the client; what came with no trace that we go on with is nobody's. */
  readonly traceState: string | undefined
}

/** What the event of a request says of its span. */
export interface SpanFacts {
  readonly collector: Collector
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly traceState: string | undefined
  readonly scheme: 'http' | 'https'
  /** What the route matches the path by; undefined where there is no route. */
  readonly pattern: string | undefined
  /** Attribute → value, as JSON has it. */
  readonly added: Readonly<Record<string, unknown>>
  readonly removed: ReadonlySet<string>
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; later versions may go on behind the flags. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|-)/
const SAMPLED = '01'

/** The span of a client, as its `traceparent` tells it. */
interface Parent {
  readonly traceId: string
  readonly spanId: string
  /** Two hexadecimal digits. */
  readonly flags: string
}

/** Undefined for a header that is not there or says nothing; such a request starts a trace of its own. */
function parentOf(header: string | string[] | undefined): Parent | undefined {
  if (typeof header !== 'string') return undefined
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00') return header.length === 55 ? { traceId, spanId, flags } : undefined
  // What else a later version says by its flags, the first one, which goes upstream, has no word for.
  return { traceId, spanId, flags: isRecorded(flags) ? SAMPLED : '00' }
}

/** By the client, which decides for the whole trace: https://www.w3.org/TR/trace-context/#sampled-flag */
function isRecorded(flags: string): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1
}

/** Undefined for a request that is not sampled: what the client has sent of its trace then goes on as it is. */
export function beginTrace(rule: TraceRule, exchange: Exchange): Trace | undefined {
  const parent = parentOf(exchange.headers['traceparent'])
  if (parent !== undefined && !isRecorded(parent.flags)) return undefined
  if (!isSampled(parent === undefined ? rule.random : rule.client, exchange)) return undefined
  const traceId = parent?.traceId ?? rule.ids.trace()
  const spanId = rule.ids.span()
  const traceparent = `00-${traceId}-${spanId}-${parent?.flags ?? SAMPLED}`
  const { tracestate } = exchange.headers
  const traceState = parent === undefined || typeof tracestate !== 'string' ? undefined : tracestate
  return { rule, traceId, spanId, parentId: parent?.spanId, traceparent, traceState }
}

/** The trace that a request came with which has no span here. */
export function clientsTrace({ headers }: Exchange): TraceIds | undefined {
  const parent = parentOf(headers['traceparent'])
  return parent && { traceId: parent.traceId, spanId: undefined }
}

/** https://www.w3.org/TR/trace-context/#mutating-the-tracestate-field: it goes on only with the trace that it belongs to. */
export function putTrace({ traceparent, parentId }: Trace, headers: string[]): void {
  setHeader(headers, 'traceparent', traceparent)
  if (parentId === undefined) removeHeader(headers, 'tracestate')
}

/** An expression that fails, or yields neither a number nor true or false, samples nothing. */
function isSampled(sampling: Sampling, exchange: Exchange): boolean {
  if (sampling === 0) return false
  if (sampling === 1) return true
  const share = typeof sampling === 'number' ? sampling : evaluated(sampling, exchange)
  return Math.random() < share
}

function evaluated(expression: Exclude<Sampling, number>, exchange: Exchange): number {
  try {
    const value = jsonValue(expression.evaluate(celContext(exchange)))
    return typeof value === 'number' ? value : value === true ? 1 : 0
  } catch {
    return 0
  }
}

/** Undefined when the filter does not want the span. */
export function spanFacts(
  { rule, traceId, spanId, parentId, traceState }: Trace,
  exchange: Exchange,
): SpanFacts | undefined {
  const { isWanted, added, removed } = logChange(rule, exchange)
  if (!isWanted) return undefined
  const { isSecure, match } = exchange
  const scheme = isSecure ? 'https' : 'http'
  const pattern = match && patternOf(match.path)
  return { collector: rule.collector, traceId, spanId, parentId, traceState, scheme, pattern, added, removed }
}
