import { milliseconds } from '../config/duration.ts'

/** GEP-2257 of the Gateway API: https://gateway-api.sigs.k8s.io/geps/gep-2257/ */
const WRITTEN = /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** One of Go's durations in milliseconds, as the Gateway API has them: whole ones, and not none; undefined for others. */
export function wholeMs(text: unknown): number | undefined {
  const ms = milliseconds(text)
  if (ms === undefined || Math.abs(ms - Math.round(ms)) > 1e-6 || Math.round(ms) <= 0) return undefined
  return Math.round(ms)
}

/** One of Go's durations in the words of the Gateway API: `1.5s` → `1s500ms`; undefined where it has none. */
export function gatewayDuration(text: unknown): string | undefined {
  let left = wholeMs(text)
  if (left === undefined) return undefined
  if (typeof text === 'string' && WRITTEN.test(text)) return text
  let words = ''
  for (const [unit, ms] of UNITS) {
    const count = Math.floor(left / ms)
    if (count > 0) words += `${count}${unit}`
    left -= count * ms
  }
  return WRITTEN.test(words) ? words : undefined
}
