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

const PART = String.raw`(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)`
const WHOLE = new RegExp(`^(?:0|(?:${PART})+)$`)

/** Whether the text is one of Go's durations, where an expression may stand as well. */
export function isDuration(text: string): boolean {
  return WHOLE.test(text)
}

/** Go's duration text (`1h30m`, `500ms`) in milliseconds, at least one where it is not zero. The schema checked it. */
export function milliseconds(duration: string): number {
  let sum = 0
  for (const [, count = '', unit = ''] of duration.matchAll(new RegExp(PART, 'g'))) {
    sum += Number(count) * (UNITS[unit] ?? 0)
  }
  return Math.ceil(sum)
}
