import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'
import type { News } from '../news.ts'

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

const MACHINE = 'look whether the machine has time for it: its load, its memory'

/** Why there is one worker less than there should be. */
export interface Loss {
  /** A clause. */
  readonly what: string
  /** What becomes of its place, as the rest of the sentence. */
  readonly next: string
  readonly hint: string
}

/** `how`: a signal or an exit status. */
export function hasDied(how: string): Loss {
  const hint =
    how === 'SIGKILL'
      ? 'where nobody has ended it, the system has, for want of memory: `dmesg` tells'
      : 'look at what it has said on standard error'
  return { what: `a worker has died (${how})`, next: ', another one takes its place', hint }
}

/** Of one that served and has not said a word for that long. */
export function hasHung(silentMs: number): Loss {
  return {
    what: `a worker has not answered for ${secondsOf(silentMs)}, and agw has ended it`,
    next: ', another one takes its place',
    hint: MACHINE,
  }
}

/** Of one that should have taken the place of another. */
export function hasNotStarted(error: unknown): Loss {
  const { message, hint = '' } = error instanceof AgwError ? error : cannotStart(error as Error)
  return { what: message, next: '; another try follows', hint }
}

export function noneLeft({ what, hint }: Loss): AgwError {
  return failed(`${what}: the ${MOST_IN_A_ROW}th in a row that could not live, and none is left`, hint)
}

export function notStarted(afterMs: number): AgwError {
  return failed(
    `a worker has ended after ${secondsOf(afterMs)}, before it served`,
    'look at what it has said on standard error',
  )
}

/** `silentMs`: how long it has not said a word. */
export function hungAtStart(silentMs: number): AgwError {
  return failed(
    `a worker has not answered for ${secondsOf(silentMs)} at its start, and agw has ended it`,
    MACHINE,
  )
}

/** Of one that is to end, and whose time is over. */
export function hasNotEnded(afterMs: number): News {
  const message = `a worker has not ended after ${secondsOf(afterMs)}, and agw has ended it: its last lines may be lost`
  return { message, hint: MACHINE, isTrouble: true }
}

function secondsOf(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

/** The system gives no process. */
export function cannotStart(error: NodeJS.ErrnoException): AgwError {
  return failed(
    `a worker cannot be started (${codeOf(error)})`,
    'look whether Node is still where it was, and whether the system has room for a process',
    error,
  )
}

function codeOf({ code }: NodeJS.ErrnoException): string {
  return code ?? 'unknown reason'
}

function failed(message: string, look: string, cause?: Error): AgwError {
  const alone = suggested('serve', '--workers', '1')
  const hint = look.includes(alone) ? look : `${look}; ${alone} serves without workers`
  return new AgwError('WORKER_FAILED', message, { hint, cause })
}
