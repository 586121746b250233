import type { AccessEvent } from './access-event.ts'

/** Field names of agentgateway's access log, and how each is read off an event. */
type Field = readonly [name: string, value: string | number | undefined]

function fieldsOf(event: AccessEvent): readonly Field[] {
  const { sourceAddress, sourcePort } = event
  return [
    ['gateway', event.gateway],
    ['listener', event.listener],
    ['route', event.route],
    ['endpoint', event.endpoint],
    ['src.addr', sourceAddress === undefined ? undefined : `${sourceAddress}:${sourcePort ?? ''}`],
    ['http.method', event.method],
    ['http.host', event.host],
    ['http.path', event.path],
    ['http.version', `HTTP/${event.version}`],
    ['http.status', event.status],
    ['gen_ai.provider.name', event.provider],
    ['gen_ai.request.model', event.model],
    ['gen_ai.usage.input_tokens', event.usage?.inputTokens],
    ['gen_ai.usage.output_tokens', event.usage?.outputTokens],
    ['reason', event.reason],
    ['error', event.error],
  ]
}

/** Characters that make a value need quotes. */
const UNSAFE = /[\s"=\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/

function quoted(value: string | number): string {
  return typeof value === 'number' || (value !== '' && !UNSAFE.test(value))
    ? String(value)
    : JSON.stringify(value)
}

/** ISO time of an event. Many requests share a millisecond, so the last text is kept. */
class Clock {
  #at = -1
  #text = ''

  text(time: number): string {
    const at = Math.floor(time)
    if (at !== this.#at) {
      this.#at = at
      this.#text = new Date(at).toISOString()
    }
    return this.#text
  }
}

function milliseconds(duration: number): number {
  return Math.round(duration * 1000) / 1000
}

export type AccessFormat = (event: AccessEvent) => string

/** `2026-01-01T00:00:00.000Z info request gateway=… http.status=200 … duration=12.3ms` */
export function textFormat(): AccessFormat {
  const clock = new Clock()
  return event => {
    let line = `${clock.text(event.time)}\tinfo\trequest`
    for (const [name, value] of fieldsOf(event)) {
      if (value !== undefined) line += ` ${name}=${quoted(value)}`
    }
    return `${line} duration=${milliseconds(event.duration)}ms\n`
  }
}

/** One JSON object per line, with the same names. */
export function jsonFormat(): AccessFormat {
  const clock = new Clock()
  return event => {
    const line: Record<string, string | number> = {
      time: clock.text(event.time),
      level: 'info',
      scope: 'request',
    }
    for (const [name, value] of fieldsOf(event)) if (value !== undefined) line[name] = value
    line['duration'] = `${milliseconds(event.duration)}ms`
    return `${JSON.stringify(line)}\n`
  }
}
