const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Each behind the one before it, and each digit in one way: upstreams write some as long as they like. */
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy

/** Go's duration text in milliseconds; `undefined` for anything else. */
export function milliseconds(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  if (/^\+?0$/.test(text)) return 0
  const unsigned = text.replace(/^\+/, '')
  const parts = [...unsigned.matchAll(PART)]
  const read = parts.reduce((length, [part]) => length + part.length, 0)
  if (parts.length === 0 || read !== unsigned.length) return undefined
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0)
}

/** An age in milliseconds: whole days as in `90d`, which Go's durations do not have, or one of those. */
export function ageMs(text: unknown): number | undefined {
  const [, days] = typeof text === 'string' ? (/^(\d{1,5})d$/.exec(text) ?? []) : []
  return days === undefined ? milliseconds(text) : Number(days) * 86_400_000
}

/** Whether the text is one of Go's durations, where an expression may stand as well. */
export function isDuration(text: unknown): boolean {
  return milliseconds(text) !== undefined
}
