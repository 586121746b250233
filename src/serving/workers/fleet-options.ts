import type { AgwError } from '../../errors.ts'
import type { Secret } from '../../secrets/index.ts'
import type { RefusedKey } from '../key-use.ts'
import type { News } from '../news.ts'
import type { WorkerSetup } from './wire.ts'

export interface FleetOptions {
  readonly workers: number
  /** `bin/worker.cjs` */
  readonly script: string
  readonly setup: WorkerSetup
  /** Values that no log line may show, beside the config's own. */
  readonly hidden: () => readonly Secret[]
  readonly onRefused: (refused: RefusedKey) => void
  readonly onNews: (news: News) => void
  /** No worker is left, and none can be started. */
  readonly onGone: (error: AgwError) => void
  /** What a worker may take to say something at its start, in milliseconds. */
  readonly startMs?: number
  /** How often a worker lets itself be heard, in milliseconds. */
  readonly beatMs?: number
}
