import { milliseconds } from '../../config/duration.ts'

const DAY_S = 24 * 60 * 60

/**
 * For how many milliseconds an answer asks not to be called again; undefined when it does not say. Headers are names and
 * values in turn. What providers say of their own limits counts where the limit is what stands in the way: with 429.
 */
export function retryAfterMs(
  status: number,
  headers: readonly string[],
  now = Date.now(),
): number | undefined {
  const said = (name: string): string => {
    const at = headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name)
    return at < 0 ? '' : (headers[at + 1] ?? '').trim()
  }
  const usual = usualMs(said('retry-after'), now)
  if (usual !== undefined || status !== 429) return usual
  const inMs = whole(said('retry-after-ms'))
  if (inMs !== undefined) return inMs
  return resetMs(said('x-ratelimit-reset'), now) ?? soonestMs(SINGLE_LIMITS.map(said))
}

/** One for each limit that OpenAI and Cerebras have. */
const SINGLE_LIMITS = [
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'x-ratelimit-reset-requests-day',
  'x-ratelimit-reset-tokens-minute',
]

function whole(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function usualMs(text: string, now: number): number | undefined {
  const seconds = whole(text)
  if (seconds !== undefined) return seconds * 1000
  return until(Date.parse(text), now)
}

/** Seconds from now, or, from a number of 30 days on, seconds since 1970. */
function resetMs(text: string, now: number): number | undefined {
  const seconds = whole(text)
  if (seconds === undefined) return undefined
  return seconds < 30 * DAY_S ? seconds * 1000 : until(seconds * 1000, now)
}

function until(time: number, now: number): number | undefined {
  return time >= now ? time - now : undefined
}

/** `6m0s`, or seconds without their unit. */
function soonestMs(texts: readonly string[]): number | undefined {
  const waits = texts.flatMap(text => milliseconds(text) ?? milliseconds(`${text}s`) ?? [])
  return waits.length === 0 ? undefined : Math.min(...waits)
}
