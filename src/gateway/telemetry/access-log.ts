import type { AccessEvent } from './access-event.ts'

type Add = (name: string, value: string | number) => void

/** Where a request went, under agentgateway's names: the same for most of the requests of a batch. */
function eachPlace(event: AccessEvent, add: Add): void {
  if (event.gateway !== undefined) add('gateway', event.gateway)
  if (event.listener !== undefined) add('listener', event.listener)
  if (event.route !== undefined) add('route', event.route)
  if (event.endpoint !== undefined) add('endpoint', event.endpoint)
}

/** What it was and what became of it. */
function eachField(event: AccessEvent, add: Add): void {
  const { sourceAddress, usage } = event
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

/** Milliseconds with three decimals; built of whole numbers, which is a fraction of the cost of printing a broken one. */
function milliseconds(duration: number): string {
  const micros = Math.round(duration * 1000)
  const whole = Math.floor(micros / 1000)
  return `${whole}.${threeDigits(micros - whole * 1000)}ms`
}

export type AccessFormat = (event: AccessEvent) => string

/** `2026-01-01T00:00:00.000Z info request gateway=… http.status=200 … duration=12.300ms` */
export function textFormat(): AccessFormat {
  const clock = new Clock()
  let line = ''
  const add: Add = (name, value) => {
    line += ` ${name}=${quoted(value)}`
  }
  let last: AccessEvent | undefined
  let place = ''
  const placeOf = (event: AccessEvent): string => {
    const isSame =
      last !== undefined &&
      last.route === event.route &&
      last.endpoint === event.endpoint &&
      last.listener === event.listener &&
      last.gateway === event.gateway
    if (isSame) return place
    last = event
    line = ''
    eachPlace(event, add)
    place = line
    return place
  }
  return event => {
    line = `${clock.text(event.time)}\tinfo\trequest${placeOf(event)}`
    eachField(event, add)
    return `${line} duration=${milliseconds(event.duration)}\n`
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
    const add: Add = (name, value) => {
      line[name] = value
    }
    eachPlace(event, add)
    eachField(event, add)
    line['duration'] = milliseconds(event.duration)
    return `${JSON.stringify(line)}\n`
  }
}
