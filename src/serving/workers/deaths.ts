import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'

/** A worker that serves for a shorter time is one that cannot live: the next one waits longer each time. */
const SHORT_LIFE_MS = 1000
const LONGEST_WAIT_MS = 10_000
/** So many in a row that could not live, and none beside them that serves: there is no gateway any more. */
const MOST_IN_A_ROW = 5

/** How often workers have died of late: when the next one is worth starting. */
export class Deaths {
  #inARow = 0

  /** One has died that served for `lifeMs`: how long it took to start says nothing. Gives the wait before another one takes its place, in milliseconds. */
  count(lifeMs: number): number {
    this.#inARow = lifeMs < SHORT_LIFE_MS ? this.#inARow + 1 : 0
    return this.#inARow === 0 ? 0 : Math.min(LONGEST_WAIT_MS, 100 * 2 ** this.#inARow)
  }

  /** So many in a row that another one would die, too. */
  get areTooMany(): boolean {
    return this.#inARow >= MOST_IN_A_ROW
  }
}

export function noneLeft(how: string): AgwError {
  return failed(
    `${MOST_IN_A_ROW} workers in a row have died (${how}), and none is left`,
    'look at what they have said on standard error',
  )
}

export function notStarted(afterMs: number): AgwError {
  return failed(
    `a worker has ended after ${Math.round(afterMs / 1000)} s, before it served`,
    'look at what it has said on standard error',
  )
}

/** The system gives no process. */
export function cannotStart(error: NodeJS.ErrnoException): AgwError {
  return failed(
    `a worker cannot be started (${codeOf(error)})`,
    'look whether Node is still where it was, and whether the system has room for a process',
    error,
  )
}

/** Why none has taken the place of another, as a clause. */
export function whyNone(error: unknown): string {
  const cause = error instanceof AgwError ? error.cause : undefined
  return cause instanceof Error ? `it cannot be started (${codeOf(cause)})` : 'it did not start'
}

function codeOf({ code }: NodeJS.ErrnoException): string {
  return code ?? 'unknown reason'
}

function failed(message: string, look: string, cause?: Error): AgwError {
  const hint = `${look}; ${suggested('serve', '--workers', '1')} serves without workers`
  return new AgwError('WORKER_FAILED', message, { hint, cause })
}
