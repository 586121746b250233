import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../../src/gateway/traffic/token-bucket.ts'

const RULE = { maxTokens: 10, tokensPerFill: 4, fillIntervalMs: 1000 }

describe('a token bucket', () => {
  it('starts full and refuses when it is empty', () => {
    const bucket = new TokenBucket(RULE, 0)
    expect(bucket.remaining(0)).toBe(10)
    for (let i = 0; i < 10; i++) expect(bucket.take(1, 0)).toBe(1)
    expect(bucket.take(1, 0)).toBe(0)
  })

  it('is filled in steps, not bit by bit, and never above its size', () => {
    const bucket = new TokenBucket(RULE, 0)
    bucket.take(10, 0)
    expect(bucket.remaining(999)).toBe(0)
    expect(bucket.remaining(1000)).toBe(4)
    expect(bucket.remaining(2999)).toBe(8)
    expect(bucket.remaining(60_000)).toBe(10)
  })

  it('says when it is filled next, in whole seconds', () => {
    const bucket = new TokenBucket({ ...RULE, fillIntervalMs: 60_000 }, 0)
    expect(bucket.resetSeconds(0)).toBe(60)
    // Whoever waits that long finds it filled.
    expect(bucket.resetSeconds(500)).toBe(60)
    expect(bucket.resetSeconds(59_999)).toBe(1)
    expect(bucket.resetSeconds(60_000)).toBe(60)
  })

  it('reserves no more than is there, and something as long as one token is', () => {
    const bucket = new TokenBucket(RULE, 0)
    expect(bucket.take(7, 0)).toBe(7)
    expect(bucket.take(7, 0)).toBe(3)
    expect(bucket.take(7, 0)).toBe(0)
  })

  it('gives back what was reserved and not used', () => {
    const bucket = new TokenBucket(RULE, 0)
    const taken = bucket.take(8, 0)
    bucket.settle(taken, 3, 0)
    expect(bucket.remaining(0)).toBe(7)
  })

  it('owes what an answer cost more than was reserved, and pays before anyone gets in', () => {
    const bucket = new TokenBucket(RULE, 0)
    bucket.settle(bucket.take(5, 0), 17, 0)
    expect(bucket.remaining(0)).toBe(0)
    expect(bucket.take(1, 1000)).toBe(0)
    expect(bucket.remaining(2000)).toBe(1)
  })

  it('of size 0 lets nobody through', () => {
    const bucket = new TokenBucket({ maxTokens: 0, tokensPerFill: 0, fillIntervalMs: 1000 }, 0)
    expect(bucket.take(1, 5000)).toBe(0)
  })
})
