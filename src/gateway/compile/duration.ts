import { milliseconds as exactly } from '../../config/duration.ts'

/** Go's duration text (`1h30m`, `500ms`) in milliseconds, at least one where it is not zero. The schema checked it. */
export function milliseconds(duration: string): number {
  return Math.ceil(exactly(duration) ?? 0)
}
