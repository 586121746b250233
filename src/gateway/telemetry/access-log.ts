import { dollars } from '../costs/money.ts'
import type { AccessEvent } from './access-event.ts'
import type { DebugFacts } from './debug-facts.ts'
import type { LogChange } from './log-rule.ts'
import { wentWrong } from './went-wrong.ts'

export type AccessFormat = (event: AccessEvent) => string

/** Field → what is told, in order; undefined where there is nothing to tell. */
type Fields = Readonly<Record<string, string | number | undefined>>
const NONE: Fields = Object.freeze({})

/** Characters that make a value need quotes. */
const UNSAFE = /[\s"=\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/
/** What JSON lets through and a terminal obeys: control characters, line breaks, and turns of the direction of writing. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function inJson(value: unknown): string {
  const text = JSON.stringify(value)
  // Most lines have none, and a search costs less than a replacement.
  if (text.search(OBEYED) < 0) return text
  return text.replace(OBEYED, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function field(name: string, value: string | number | undefined): string {
  if (value === undefined) return ''
  const isPlain = typeof value === 'number' || (value !== '' && !UNSAFE.test(value))
  return ` ${name}=${isPlain ? value : inJson(value)}`
}

/** Whole number → three digits. */
function threeDigits(value: number): string {
  return value < 10 ? `00${value}` : value < 100 ? `0${value}` : String(value)
}

/** ISO times. Most events of a batch share a second, so only what follows it is made anew. */
class Clock {
  #second = -1
  #text = ''

  text(time: number): string {
    const at = Math.floor(time)
    const second = Math.floor(at / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1000).toISOString().slice(0, -4)
    }
    return `${this.#text}${threeDigits(at - second * 1000)}Z`
  }
}

/** Milliseconds with three decimals; of whole numbers, at a fraction of the cost of printing a broken one. */
function milliseconds(duration: number): string {
  const micros = Math.round(duration * 1000)
  const whole = Math.floor(micros / 1000)
  return `${whole}.${threeDigits(micros - whole * 1000)}ms`
}

/** Microseconds are as fine as the clock is worth. */
function seconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1e6
}

/** Seconds until a streamed model's first answer, and between its tokens; what comes whole has no first token. */
function pace({ operation, isStream, firstByte, duration, usage }: AccessEvent): Fields {
  if (operation === undefined || !isStream || firstByte === undefined) return NONE
  const tokens = usage?.outputTokens ?? 0
  return {
    'agw.ai.time_to_first_token': seconds(firstByte),
    'agw.ai.time_per_output_token': tokens > 0 ? seconds((duration - firstByte) / tokens) : undefined,
  }
}

/** What the provider has counted. */
function counts({ usage }: AccessEvent): Fields {
  if (usage === undefined) return NONE
  return {
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cacheCreationTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.reasoning_tokens': usage.reasoningTokens,
  }
}

/** In dollars, as text: no binary fraction is as exact. */
function costTotal({ cost }: AccessEvent): string | undefined {
  return cost?.total === undefined ? undefined : dollars(cost.total)
}

/** As agentgateway, which writes a reason only where it is not the usual one. */
function reasonOf({ reason }: AccessEvent): AccessEvent['reason'] {
  return reason === 'Upstream' ? undefined : reason
}

/** Whether two events have everything in common but source, time, usage and error. */
function isAlike(a: AccessEvent, b: AccessEvent): boolean {
  return (
    a.route === b.route &&
    a.rule === b.rule &&
    a.protocol === b.protocol &&
    a.endpoint === b.endpoint &&
    a.listener === b.listener &&
    a.gateway === b.gateway &&
    a.method === b.method &&
    a.path === b.path &&
    a.host === b.host &&
    a.status === b.status &&
    a.model === b.model &&
    a.provider === b.provider &&
    a.operation === b.operation &&
    a.answerModel === b.answerModel &&
    a.reason === b.reason &&
    a.version === b.version
  )
}

/** The fields that requests of a kind have in common, by agentgateway's names. */
function commonFields(event: AccessEvent): string {
  return [
    field('gateway', event.gateway),
    field('listener', event.listener),
    field('route_rule', event.rule),
    field('route', event.route),
    field('endpoint', event.endpoint),
    field('http.method', event.method),
    field('http.host', event.host),
    field('http.path', event.path),
    field('http.version', event.version),
    field('http.status', event.status),
    field('protocol', event.protocol),
    field('gen_ai.operation.name', event.operation),
    field('gen_ai.provider.name', event.provider),
    field('gen_ai.request.model', event.model),
    field('gen_ai.response.model', event.answerModel),
    field('reason', reasonOf(event)),
  ].join('')
}

/**
 * `2026-01-01T00:00:00.000Z info request gateway=… http.status=200 … duration=12.300ms`. Requests come in swarms of the
 * same kind: what they share is formatted once (`npm run bench`: a third of the cost of a line).
 */
export function textFormat(): AccessFormat {
  const clock = new Clock()
  let last: AccessEvent | undefined
  let common = ''
  return event => {
    if (event.log !== undefined || event.debug !== undefined) return wholeText(clock.text(event.time), event)
    if (last === undefined || !isAlike(last, event)) {
      last = event
      common = commonFields(event)
    }
    const source = event.source === undefined ? '' : ` src.addr=${event.source}`
    const rest =
      textOf(counts(event)) +
      textOf(event.parameters ?? NONE) +
      field('jwt.sub', event.subject) +
      textOf(pace(event)) +
      (event.cost === undefined ? '' : field('agw.ai.usage.cost.total', costTotal(event))) +
      (event.retries === 0 ? '' : ` retry.attempt=${event.retries}`) +
      field('trace.id', event.trace?.traceId) +
      field('span.id', event.trace?.spanId) +
      (event.error === undefined ? '' : field('error', event.error))
    return `${clock.text(event.time)}\t${levelOf(event)}\trequest${common}${source}${rest} duration=${milliseconds(event.duration)}\n`
  }
}

function textOf(fields: Fields): string {
  if (fields === NONE) return ''
  let text = ''
  for (const name in fields) text += field(name, fields[name])
  return text
}

/** A line that has more than the usual fields: the config's own, or how the request came about. */
function wholeText(time: string, event: AccessEvent): string {
  return lineOf(time, levelOf(event), 'request', allFields(event))
}

function lineOf(
  time: string,
  level: string,
  scope: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  let text = `${time}\t${level}\t${scope}`
  for (const [name, value] of Object.entries(fields)) {
    const isPlain = value === undefined || typeof value === 'string' || typeof value === 'number'
    // What `flatten` makes a field of may be named by a client: it must not begin a line of its own.
    text += field(UNSAFE.test(name) ? inJson(name) : name, isPlain ? value : JSON.stringify(value))
  }
  return `${text}\n`
}

/** What is told at debug beside requests, as a line of the same log. */
export function debugLine(format: 'text' | 'json', scope: string, fields: Fields): string {
  const time = new Date().toISOString()
  if (format === 'text') return lineOf(time, 'debug', scope, fields)
  return `${inJson({ time, level: 'debug', scope, ...fields })}\n`
}

function levelOf(event: AccessEvent): string {
  return event.debug !== undefined ? 'debug' : wentWrong(event) ? 'warn' : 'info'
}

function allFields(event: AccessEvent): Record<string, unknown> {
  const fields =
    event.debug === undefined ? eventFields(event) : { ...eventFields(event), ...debugFields(event.debug) }
  return event.log === undefined ? fields : changed(fields, event.log)
}

function debugFields(debug: DebugFacts): Fields {
  const list = (words: readonly string[]): string | undefined =>
    words.length === 0 ? undefined : words.join(', ')
  return {
    'agw.backend': debug.backend,
    'agw.path': debug.path === '' ? undefined : debug.path,
    'agw.policies': list(debug.policies),
    'agw.ended_by': debug.endedBy,
    'agw.decided_by': debug.decidedBy,
    'agw.key.slot': debug.keySlot,
    'agw.key.fingerprint': debug.keyFingerprint,
    'agw.key.former': debug.formerFingerprint,
    'agw.calls.before': list(debug.calls),
    'agw.request.body_bytes': debug.gathered,
  }
}

function changed(fields: Readonly<Record<string, unknown>>, { added, removed }: LogChange) {
  const kept = Object.entries(fields).filter(([name]) => !removed.has(name))
  return { ...Object.fromEntries(kept), ...added }
}

/** One JSON object per line, with the same names. */
export function jsonFormat(): AccessFormat {
  const clock = new Clock()
  return event => {
    // JSON leaves out what is undefined.
    const line = {
      time: clock.text(event.time),
      level: levelOf(event),
      scope: 'request',
      ...allFields(event),
    }
    return `${inJson(line)}\n`
  }
}

/** Every field by agentgateway's name; undefined where there is nothing to tell. */
export function eventFields(event: AccessEvent): Record<string, string | number | undefined> {
  return {
    gateway: event.gateway,
    listener: event.listener,
    route_rule: event.rule,
    route: event.route,
    endpoint: event.endpoint,
    'src.addr': event.source,
    'http.method': event.method,
    'http.host': event.host,
    'http.path': event.path,
    'http.version': event.version,
    'http.status': event.status,
    'jwt.sub': event.subject,
    protocol: event.protocol,
    'gen_ai.operation.name': event.operation,
    'gen_ai.provider.name': event.provider,
    'gen_ai.request.model': event.model,
    'gen_ai.response.model': event.answerModel,
    ...counts(event),
    ...event.parameters,
    ...pace(event),
    'agw.ai.usage.cost.total': costTotal(event),
    'retry.attempt': event.retries === 0 ? undefined : event.retries,
    'trace.id': event.trace?.traceId,
    'span.id': event.trace?.spanId,
    reason: reasonOf(event),
    error: event.error,
    duration: milliseconds(event.duration),
  }
}
