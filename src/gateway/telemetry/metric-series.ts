import type { CostCounts } from './cost-counts.ts'
import type { GuardSeries } from './guard-checks.ts'
import type { Histogram } from './histogram.ts'
import type { TimeSeries } from './upstream-times.ts'

/** What requests of one kind have in common, and their counts. */
export interface RequestSeries {
  /** As in the text form, without braces: `backend="a",method="POST"`. */
  readonly labels: string
  requests: number
  responseBytes: number
  retries: number
  readonly duration: Histogram
}

/** What the gateway itself takes, by route and backend alone. */
export interface ProcessingSeries {
  readonly labels: string
  readonly request: Histogram
  readonly response: Histogram
}

/** The same for calls of models. */
export interface ModelSeries extends CostCounts {
  readonly labels: string
  readonly inputTokens: Histogram
  readonly outputTokens: Histogram
  /** Of the input. */
  readonly cacheReadTokens: Histogram
  readonly cacheWriteTokens: Histogram
  readonly duration: Histogram
  readonly firstToken: Histogram
  readonly outputToken: Histogram
}

/** Connections of clients to one port. */
export interface ConnectionSeries {
  readonly labels: string
  connections: number
  receivedBytes: number
  sentBytes: number
  readonly handshake: Histogram
}

/** Everything that was counted, as plain data: workers send it, and several are added up. */
export interface MetricsSnapshot {
  readonly requests: readonly RequestSeries[]
  readonly processing: readonly ProcessingSeries[]
  readonly models: readonly ModelSeries[]
  readonly connections: readonly ConnectionSeries[]
  readonly calls: readonly TimeSeries[]
  readonly connects: readonly TimeSeries[]
  readonly guards: readonly GuardSeries[]
}
