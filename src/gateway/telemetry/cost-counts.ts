import type { Cost, LookupStatus } from '../costs/costs.ts'
import { dollars, PER_DOLLAR } from '../costs/money.ts'

/**
 * Look-ups of prices by what came of them, and what they add up to: to the digit, in two numbers that can be added up over
 * processes and that no sum of a gateway's life makes too large for a double.
 */
export interface CostCounts extends Record<LookupStatus, number> {
  dollars: number
  picodollars: number
}

export function noCosts(): CostCounts {
  return { Exact: 0, Unpriced: 0, Missing: 0, NoCatalog: 0, dollars: 0, picodollars: 0 }
}

/** `cost` is undefined where there is no catalog. */
export function countCost(counts: CostCounts, cost: Cost | undefined): void {
  counts[cost?.status ?? 'NoCatalog']++
  if (cost?.total === undefined) return
  const perDollar = BigInt(PER_DOLLAR)
  const picodollars = counts.picodollars + Number(cost.total % perDollar)
  const isOver = picodollars >= PER_DOLLAR
  counts.dollars += Number(cost.total / perDollar) + (isOver ? 1 : 0)
  counts.picodollars = isOver ? picodollars - PER_DOLLAR : picodollars
}

/** In dollars. */
export function spent(counts: CostCounts): string {
  return dollars(BigInt(counts.dollars) * BigInt(PER_DOLLAR) + BigInt(counts.picodollars))
}

/** One per status that came of some look-up. */
export function lookups(
  all: readonly (CostCounts & { readonly labels: string })[],
): { labels: string; count: number }[] {
  return all.flatMap(counts =>
    (['Exact', 'Unpriced', 'Missing', 'NoCatalog'] as const)
      .filter(status => counts[status] > 0)
      .map(status => ({ labels: `status="${status}",${counts.labels}`, count: counts[status] })),
  )
}
