/** How large a bucket is and how it fills. */
export interface BucketRule {
  readonly maxTokens: number
  readonly tokensPerFill: number
  readonly fillIntervalMs: number
}

/**
 * A bucket that starts full and is filled in steps. What an answer costs more than was reserved for it is owed: the
 * level goes below zero and the next fills pay for it first. Times are milliseconds of a clock that only goes forward.
 */
export class TokenBucket {
  readonly rule: BucketRule
  #level: number
  #nextFillAt: number

  constructor(rule: BucketRule, now: number) {
    this.rule = rule
    this.#level = rule.maxTokens
    this.#nextFillAt = now + rule.fillIntervalMs
  }

  #fill(now: number): void {
    if (now < this.#nextFillAt) return
    const { maxTokens, tokensPerFill, fillIntervalMs } = this.rule
    const fills = Math.floor((now - this.#nextFillAt) / fillIntervalMs) + 1
    this.#nextFillAt += fills * fillIntervalMs
    this.#level = Math.min(maxTokens, this.#level + fills * tokensPerFill)
  }

  /** Tokens that can be had now; 0 while some are owed. */
  remaining(now: number): number {
    this.#fill(now)
    return Math.max(0, this.#level)
  }

  /** Whole seconds after which the next fill has come. */
  resetSeconds(now: number): number {
    this.#fill(now)
    return Math.ceil((this.#nextFillAt - now) / 1000)
  }

  /** Takes up to `wanted` tokens and tells how many; there must be one at least, or nothing is taken. */
  take(wanted: number, now: number): number {
    this.#fill(now)
    if (this.#level < 1) return 0
    const taken = Math.min(wanted, this.#level)
    this.#level -= taken
    return taken
  }

  /** Replaces what was taken by what it cost in the end. */
  settle(taken: number, cost: number, now: number): void {
    this.#fill(now)
    this.#level = Math.min(this.rule.maxTokens, this.#level + taken - cost)
  }
}
