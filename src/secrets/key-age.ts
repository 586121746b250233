import type { AgeLimits } from '../config/agw/file.ts'
import type { KeySlot } from '../config/slots.ts'
import { suggested } from '../suggested.ts'

const DAY_MS = 86_400_000

/** What is to be said of the age of a key. */
export interface AgeFinding {
  /** `unknown`: there is a limit, and nobody remembers when the key was stored. */
  readonly state: 'old' | 'unknown'
  readonly message: string
  readonly hint: string
}

/**
 * Judges the age of a key by the limit of agw.yaml; undefined where there is none, or where the key is young enough.
 * `setAt` is an ISO time, `now` milliseconds since 1970. A time to come (a clock was set back) is no age that is known.
 */
export function keyAge(
  { name, variable }: Pick<KeySlot, 'name' | 'variable'>,
  setAt: string | null | undefined,
  limits: AgeLimits | undefined,
  now: number,
): AgeFinding | undefined {
  const limit = (variable === undefined ? undefined : limits?.own.get(variable)) ?? limits?.all
  if (limit === undefined) return undefined
  const age = now - Date.parse(setAt ?? '')
  if (!(age > -DAY_MS)) {
    return {
      state: 'unknown',
      message: `nobody remembers when the key of ${name} was stored, and it may be ${inDays(limit)} old`,
      hint: `store it with ${suggested('keys', 'set', name)}, which remembers the day`,
    }
  }
  if (age <= limit) return undefined
  return {
    state: 'old',
    message: `the key of ${name} is ${inDays(age)} old, and may be ${inDays(limit)}`,
    hint: `put a new one in its place: ${suggested('keys', 'rotate', name)}`,
  }
}

function inDays(ms: number): string {
  if (ms < DAY_MS) return `${Math.floor(ms / 3_600_000)} hours`
  const days = Math.floor(ms / DAY_MS)
  return days === 1 ? 'one day' : `${days} days`
}
