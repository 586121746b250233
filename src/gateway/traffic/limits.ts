import type { Kept, KeptStates } from '../kept.ts'
import { type BucketRule, TokenBucket } from './token-bucket.ts'

/** One bucket that a request has to get past. */
export interface Want {
  readonly bucket: Kept<TokenBucket>
  readonly rule: BucketRule
  /** Tokens to take; where fewer are left, those, as long as there is one. */
  readonly amount: number
}

/** What came of asking: how the buckets stand now, and what was taken from each; nothing from any if one was empty. */
export interface Taken {
  readonly isAllowed: boolean
  readonly amounts: readonly number[]
  /** Of the bucket that is closest to its end: the empty one when the request is refused. */
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
}

/** Where the buckets are: in this process, or in the one that all workers ask. */
export interface Limits {
  take(wants: readonly Want[]): Taken | Promise<Taken>
  /** Replaces what was taken from a bucket by what it cost in the end. */
  settle(want: Want, taken: number, cost: number): void
}

/** A bucket for a rule, kept under the name of the policy that has it. */
export function bucketFor(rule: BucketRule): TokenBucket {
  return new TokenBucket(rule, performance.now())
}

/** Buckets in this process; they live as long as the policy does that has them. */
export class LocalLimits implements Limits {
  readonly #states: KeptStates

  constructor(states: KeptStates) {
    this.#states = states
  }

  take(wants: readonly Want[]): Taken {
    const buckets = wants.map(({ bucket }) => this.#states.of(bucket))
    // No earlier than those that have just been made.
    const now = performance.now()
    const empty = buckets.find(bucket => bucket.remaining(now) < 1)
    if (empty !== undefined) return { isAllowed: false, amounts: [], ...standing(empty, now) }
    const amounts = buckets.map((bucket, at) => bucket.take(wants[at]?.amount ?? 1, now))
    let closest = buckets[0]
    for (const bucket of buckets) {
      if (closest !== undefined && bucket.remaining(now) < closest.remaining(now)) closest = bucket
    }
    return { isAllowed: true, amounts, ...standing(closest, now) }
  }

  settle({ bucket }: Want, taken: number, cost: number): void {
    this.#states.of(bucket).settle(taken, cost, performance.now())
  }
}

function standing(bucket: TokenBucket | undefined, now: number) {
  return {
    limit: bucket?.rule.maxTokens ?? 0,
    remaining: bucket?.remaining(now) ?? 0,
    resetSeconds: bucket?.resetSeconds(now) ?? 0,
  }
}
