/** Counts by size: how many values were at most as large as each bound. */
export interface Histogram {
  /** One per bound, and one for all that is larger; each counts its own values only. */
  readonly counts: number[]
  sum: number
}

/** Bounds that agentgateway uses, by kind of value; seconds but for tokens. */
export const BOUNDS = {
  request: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 80],
  modelCall: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  firstToken: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  outputToken: [0.001, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
  /** Of what is done here, before a request goes upstream and before its answer goes on. */
  processing: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25],
  /** Of opening a connection, and of a TLS handshake. */
  connect: [0.0005, 0.0015, 0.0043, 0.0126, 0.0368, 0.108, 0.316, 0.924, 2.71, 8],
  tokens: Array.from({ length: 14 }, (_, power) => 4 ** power),
} as const

export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }
}

export function observe(histogram: Histogram, bounds: readonly number[], value: number): void {
  let at = 0
  while (at < bounds.length && value > (bounds[at] as number)) at++
  histogram.counts[at] = (histogram.counts[at] as number) + 1
  histogram.sum += value
}
