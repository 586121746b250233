import type { AccessEvent } from './access-event.ts'

/** Hands over the fields that an event has, under agentgateway's names. */
function eachField(event: AccessEvent, add: (name: string, value: string | number) => void): void {
  const { sourceAddress, usage } = event
  if (event.gateway !== undefined) add('gateway', event.gateway)
  if (event.listener !== undefined) add('listener', event.listener)
  if (event.route !== undefined) add('route', event.route)
  if (event.endpoint !== undefined) add('endpoint', event.endpoint)
  if (sourceAddress !== undefined) add('src.addr', `${sourceAddress}:${event.sourcePort ?? ''}`)
  add('http.method', event.method)
  add('http.host', event.host)
  add('http.path', event.path)
  add('http.version', event.version)
  if (event.status !== undefined) add('http.status', event.status)
  if (event.provider !== undefined) add('gen_ai.provider.name', event.provider)
  if (event.model !== undefined) add('gen_ai.request.model', event.model)
  if (usage?.inputTokens !== undefined) add('gen_ai.usage.input_tokens', usage.inputTokens)
  if (usage?.outputTokens !== undefined) add('gen_ai.usage.output_tokens', usage.outputTokens)
  if (event.reason !== undefined) add('reason', event.reason)
  if (event.error !== undefined) add('error', event.error)
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
  let line = ''
  const add = (name: string, value: string | number) => {
    line += ` ${name}=${typeof value === 'number' ? value : quoted(value)}`
  }
  return event => {
    line = `${clock.text(event.time)}\tinfo\trequest`
    eachField(event, add)
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
    eachField(event, (name, value) => {
      line[name] = value
    })
    line['duration'] = `${milliseconds(event.duration)}ms`
    return `${JSON.stringify(line)}\n`
  }
}
