import { LONGEST_TIMER_MS } from '../timers.ts'
import type { MockOptions } from './options.ts'

/** How one request is treated. */
export interface Behaviour {
  readonly latencyMs: number
  readonly chunkDelayMs: number
  readonly failStatus: number | undefined
  readonly cutAfterBytes: number | undefined
  readonly hang: boolean
  /** Pad the answer's text to so many characters. */
  readonly answerChars: number | undefined
}

/** The behaviour that the options give the request with this serial (from 1). */
export function behaviourOf(options: MockOptions, serial: number): Behaviour {
  return {
    latencyMs: options.latencyMs ?? 0,
    chunkDelayMs: options.chunkDelayMs ?? 0,
    failStatus: failsAt(options.failRate, serial) ? (options.failStatus ?? 500) : failAlways(options),
    cutAfterBytes: options.cutAfterBytes,
    hang: options.hang ?? false,
    answerChars: undefined,
  }
}

function failAlways(options: MockOptions): number | undefined {
  return options.failRate === undefined ? options.failStatus : undefined
}

/** Even and repeatable: of n requests, n × rate (rounded down) fail, each at the end of its group. */
function failsAt(rate: number | undefined, serial: number): boolean {
  if (!rate) return false
  // A hair is added, or a product such as 2.9999999999999996 would count one too few.
  const upTo = (count: number): number => Math.floor(count * rate + 1e-9)
  return upTo(serial) > upTo(serial - 1)
}

/** What `x-mock` understands, and the highest value each takes. */
const DIRECTIVES: Readonly<Record<string, readonly [field: keyof Behaviour, low: number, high: number]>> = {
  status: ['failStatus', 400, 599],
  latency: ['latencyMs', 0, LONGEST_TIMER_MS],
  delay: ['chunkDelayMs', 0, LONGEST_TIMER_MS],
  cut: ['cutAfterBytes', 0, Number.MAX_SAFE_INTEGER],
  length: ['answerChars', 1, 64 * 1024 * 1024],
}

/**
 * The behaviour with an `x-mock` header on top: `status=N`, `latency=MS`, `delay=MS` (between events), `cut=BYTES`,
 * `length=CHARS` (of the answer), `hang`, joined by `;`. A directive it does not know is an error text, so that a
 * typing mistake in a test does not pass as a good answer.
 */
export function withControl(base: Behaviour, header: string): Behaviour | string {
  const asked: Partial<Record<keyof Behaviour, number | boolean>> = {}
  for (const part of header.split(';')) {
    const [name = '', value] = part.split('=').map(piece => piece.trim())
    if (name === '') continue
    const directive = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined
    if (name === 'hang' && value === undefined) asked.hang = true
    else if (!directive)
      return `x-mock: unknown directive; known are ${Object.keys(DIRECTIVES).join(', ')}, hang`
    else {
      const [field, low, high] = directive
      const number = /^\d+$/.test(value ?? '') ? Number(value) : Number.NaN
      if (!(number >= low && number <= high))
        return `x-mock: ${name} takes a whole number from ${low} to ${high}`
      asked[field] = number
    }
  }
  return { ...base, ...asked } as Behaviour
}
