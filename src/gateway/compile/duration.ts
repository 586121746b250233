import { milliseconds as exactly } from '../../config/duration.ts'
import { LONGEST_TIMER_MS } from '../../timers.ts'

/** Go's duration text (`1h30m`, `500ms`) in milliseconds, at least one where it is not zero. The schema checked it. */
export function milliseconds(duration: string): number {
  return Math.ceil(exactly(duration) ?? 0)
}

/** The same for what a timer waits for; one of more than 24 days, which stands for no end, is as long as timers can be. */
export function timerMs(duration: string): number {
  return Math.min(milliseconds(duration), LONGEST_TIMER_MS)
}
