import type { ErrorCode } from '../../errors.ts'
import type {
  ConnectTo,
  ListeningAddress,
  LogLevel,
  MetricsSnapshot,
  Outcome,
  Taken,
} from '../../gateway/index.ts'
import type { RefusedKey } from '../key-use.ts'

/** What a worker needs to know once, beside the config. */
export interface WorkerSetup {
  /** When the gateway was started, in milliseconds since 1970. */
  readonly startedAt: number
  readonly host: string | undefined
  readonly connectTo: readonly ConnectTo[]
  readonly standIn: { readonly host: string; readonly port: number } | undefined
  readonly log: { readonly format: 'text' | 'json'; readonly file: string | undefined } | undefined
}

/** A config on its way to a worker, over a channel that only the two processes have. */
export interface SentConfig {
  /** Counts reloads, so that a worker that starts in the middle of one catches up. */
  readonly version: number
  readonly config: unknown
  /** Further values that no log line may show. */
  readonly hidden: readonly string[]
}

/** One bucket that a request in a worker has to get past. */
export interface SentWant {
  readonly bucket: string
  readonly rule: {
    readonly maxTokens: number
    readonly tokensPerFill: number
    readonly fillIntervalMs: number
  }
  readonly amount: number
}

/** Buckets to settle: what was taken, and what it cost. */
export interface SentSettlement {
  readonly want: SentWant
  readonly taken: number
  readonly cost: number
}

/** From the process that has the ports to a worker. */
export type ToWorker =
  | {
      readonly kind: 'start'
      readonly setup: WorkerSetup
      readonly sent: SentConfig
      readonly level: LogLevel
    }
  | { readonly kind: 'reload'; readonly sent: SentConfig }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'level'; readonly level: LogLevel }
  | { readonly kind: 'taken'; readonly results: readonly { readonly id: number; readonly taken: Taken }[] }
  | { readonly kind: 'outcome'; readonly backend: string; readonly outcome: Outcome }
  | { readonly kind: 'close'; readonly drainMs: number | undefined }

/** From a worker. */
export type FromWorker =
  /** It listens for messages now; what comes before is lost. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'serving'; readonly version: number; readonly addresses: readonly ListeningAddress[] }
  | {
      readonly kind: 'failed'
      readonly version: number
      readonly code: ErrorCode
      readonly message: string
      readonly hint: string
    }
  /** Asked for by `id`; 0 for one that nobody has asked for. */
  | { readonly kind: 'snapshot'; readonly id: number; readonly metrics: MetricsSnapshot }
  | { readonly kind: 'note'; readonly message: string }
  | ({ readonly kind: 'refused' } & RefusedKey)
  | {
      readonly kind: 'take'
      readonly asks: readonly { readonly id: number; readonly wants: readonly SentWant[] }[]
      readonly settlements: readonly SentSettlement[]
    }
  | { readonly kind: 'outcome'; readonly backend: string; readonly outcome: Outcome }
