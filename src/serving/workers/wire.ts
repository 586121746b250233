import type { ErrorCode } from '../../errors.ts'
import type {
  ConnectTo,
  ListeningAddress,
  LogLevel,
  MetricsSnapshot,
  Outcome,
  Standing,
  Taken,
} from '../../gateway/index.ts'
import type { ResolvedConfig, Secret } from '../../secrets/index.ts'
import type { RefusedKey } from '../key-use.ts'
import type { News } from '../news.ts'

/** What a worker needs to know once, beside the config. */
export interface WorkerSetup {
  /** When the gateway was started, in milliseconds since 1970. */
  readonly startedAt: number
  readonly host: string | undefined
  readonly connectTo: readonly ConnectTo[]
  readonly standIn: { readonly host: string; readonly port: number } | undefined
  readonly log: { readonly format: 'text' | 'json'; readonly file: string | undefined } | undefined
  /** Somebody can ask for what is counted. */
  readonly counts: boolean
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

/** What a worker serves, and what else it is not to tell. */
export interface SentConfig {
  readonly config: ResolvedConfig
  /** Further values that no log line may show. */
  readonly hidden: readonly Secret[]
  /** Files that it is compiled from: a worker that starts later may find others in their place, or none. */
  readonly files: readonly (readonly [path: string, text: string])[]
}

/** From the process that has the ports to a worker. */
export type ToWorker =
  /** Before anything else. */
  | {
      readonly kind: 'start'
      readonly setup: WorkerSetup
      readonly level: LogLevel
      /** What the other workers know of backends by now. */
      readonly health: ReadonlyMap<string, Standing>
    }
  /**
   * The next piece of a {@link SentConfig}, serialized: it is the same for all workers. Once it is whole, it is served; one
   * whose rest does not come because a newer one does is forgotten.
   */
  | { readonly kind: 'config'; readonly version: number; readonly piece: Uint8Array }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'level'; readonly level: LogLevel }
  | { readonly kind: 'taken'; readonly results: readonly { readonly id: number; readonly taken: Taken }[] }
  | { readonly kind: 'outcome'; readonly backend: string; readonly outcome: Outcome }
  | { readonly kind: 'close'; readonly drainMs: number }

/** From a worker. */
export type FromWorker =
  /** It listens for messages now; what comes before is lost. */
  | { readonly kind: 'ready' }
  /** It has nothing to tell. */
  | { readonly kind: 'alive' }
  /** A piece of a config was taken in, and there must be more. */
  | { readonly kind: 'more'; readonly version: number }
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
  | { readonly kind: 'news'; readonly news: News }
  | ({ readonly kind: 'refused' } & RefusedKey)
  | {
      readonly kind: 'take'
      readonly asks: readonly { readonly id: number; readonly wants: readonly SentWant[] }[]
      readonly settlements: readonly SentSettlement[]
    }
  | { readonly kind: 'outcome'; readonly backend: string; readonly outcome: Outcome }
