import { describe, expect, it } from 'vitest'
import {
  choose as chooseBy,
  type EvictionRule,
  Health,
  type Outcome,
} from '../../../src/gateway/traffic/health.ts'

const RULE: EvictionRule = {
  durationMs: 1000,
  defaultMs: 3000,
  restoreHealth: undefined,
  consecutiveFailures: undefined,
  healthThreshold: undefined,
}
interface Member {
  readonly name: string
  readonly health: Health
}
const choose = (groups: readonly (readonly Member[])[], now: number, random?: () => number) =>
  chooseBy(groups, ({ health }) => health, now, random)
const FAILED: Outcome = { isHealthy: false, evictAfterMs: undefined }
const fine = (latencyMs = 10): Outcome => ({ isHealthy: true, latencyMs })

function failed(rule: EvictionRule | undefined, times: number): Health {
  const health = new Health(rule)
  for (let i = 0; i < times; i++) health.record(FAILED, 0)
  return health
}

describe('health', () => {
  it('falls by three tenths with each failure and comes back the same way', () => {
    const health = failed(undefined, 2)
    expect(health.health).toBeCloseTo(0.49)
    health.record(fine(), 0)
    expect(health.health).toBeCloseTo(0.643)
  })

  it('evicts nobody without a rule', () => {
    expect(failed(undefined, 50).isEvicted(0)).toBe(false)
  })

  it('evicts with every failure when the rule names no threshold', () => {
    const health = failed(RULE, 1)
    expect(health.isEvicted(999)).toBe(true)
    expect(health.isEvicted(1000)).toBe(false)
  })

  it.each<[string, Partial<EvictionRule>, number]>([
    ['after the failures in a row that it names', { consecutiveFailures: 3 }, 3],
    ['once the health before a failure is below the threshold', { healthThreshold: 0.5 }, 3],
    ['by whichever of the two comes first', { healthThreshold: 0.1, consecutiveFailures: 2 }, 2],
  ])('evicts %s', (_title, rule, count) => {
    expect(failed({ ...RULE, ...rule }, count - 1).isEvicted(0)).toBe(false)
    expect(failed({ ...RULE, ...rule }, count).isEvicted(0)).toBe(true)
  })

  it.each<[string, Partial<EvictionRule>, number | undefined, number]>([
    ['its own time', {}, 9000, 1000],
    ['the time that the answer asks for where it has none', { durationMs: undefined }, 9000, 9000],
    ['the usual time where neither says anything', { durationMs: undefined }, undefined, 3000],
    ['no time at all without that', { durationMs: undefined, defaultMs: undefined }, undefined, 0],
    ['the time asked for without that, too', { durationMs: undefined, defaultMs: undefined }, 9000, 9000],
  ])('evicts for %s', (_title, rule, evictAfterMs, ms) => {
    const health = new Health({ ...RULE, ...rule })
    health.record({ isHealthy: false, evictAfterMs }, 0)
    expect([health.isEvicted(ms - 1), health.isEvicted(ms)]).toEqual([ms > 0, false])
  })

  it('never evicts for 0 failures in a row', () => {
    expect(failed({ ...RULE, consecutiveFailures: 0 }, 100).isEvicted(0)).toBe(false)
  })

  it('starts to count failures in a row anew after a success', () => {
    const health = failed({ ...RULE, consecutiveFailures: 2 }, 1)
    health.record(fine(), 0)
    health.record(FAILED, 0)
    expect(health.isEvicted(0)).toBe(false)
  })

  it.each([
    ['the duration of the rule', 1000, 9000, 1000],
    ['what the answer asks for', undefined, 9000, 9000],
    ['3 seconds', undefined, undefined, 3000],
  ])('leaves out for %s', (_title, durationMs, evictAfterMs, expected) => {
    const health = new Health({ ...RULE, durationMs })
    health.record({ isHealthy: false, evictAfterMs }, 0)
    expect(health.isEvicted(expected - 1)).toBe(true)
    expect(health.isEvicted(expected)).toBe(false)
  })

  it('leaves out longer each time in a row, not counting failures while it is out', () => {
    const health = failed(RULE, 3)
    expect(health.isEvicted(1000)).toBe(false)
    health.record(FAILED, 1000)
    expect(health.isEvicted(2999)).toBe(true)
    expect(health.isEvicted(3000)).toBe(false)
    health.record(fine(), 3000)
    health.record(FAILED, 3000)
    expect(health.isEvicted(4000)).toBe(false)
  })

  it('comes back with the health that the rule says, else with what it had', () => {
    const restored = failed({ ...RULE, restoreHealth: 0.9 }, 1)
    expect(restored.isEvicted(1000)).toBe(false)
    expect(restored.health).toBe(0.9)
    const kept = failed(RULE, 1)
    kept.isEvicted(1000)
    expect(kept.health).toBeCloseTo(0.7)
  })

  it('scores lower for slow answers, and for calls under way at a slow one', () => {
    const quick = new Health(undefined)
    quick.record(fine(10), 0)
    const slow = new Health(undefined)
    slow.record(fine(1000), 0)
    expect(quick.score).toBeGreaterThan(slow.score)
    const before = slow.score
    slow.inFlight = 5
    expect(slow.score).toBeLessThan(before)
  })
})

it('health goes on in another process where it stood', () => {
  const before = new Health(RULE)
  for (let i = 0; i < 2; i++) before.record(FAILED, 5000 + 2000 * i)
  const after = new Health(RULE)
  after.resume(before.standing(7500), 100)
  expect(after.health).toBe(before.health)
  expect([after.isEvicted(1599), after.isEvicted(1600)]).toEqual([true, false])
  after.record(FAILED, 2000)
  // The third time in a row.
  expect([after.isEvicted(4999), after.isEvicted(5000)]).toEqual([true, false])
  const free = new Health(RULE)
  free.resume(new Health(RULE).standing(0), 0)
  expect(free.isEvicted(0)).toBe(false)
})

describe('the choice among groups', () => {
  const member = (name: string, health = new Health(undefined)) => ({ name, health })

  it.each([
    ['the better of two', [0, 0.9], 'good'],
    ['in whatever order they come', [0.9, 0], 'good'],
    ['the one that is drawn twice, so that the worst is called now and then', [0, 0.1], 'worse'],
  ])('draws two by lot and takes %s', (_title, lots, wanted) => {
    const group = [member('worse', failed(undefined, 3)), member('good')]
    let at = 0
    expect(choose([group], 0, () => lots[at++] ?? 0)?.name).toBe(wanted)
  })

  it('shares calls out among equals', () => {
    const group = ['a', 'b', 'c'].map(name => member(name))
    const seen = new Set(Array.from({ length: 200 }, () => choose([group], 0)?.name))
    expect([...seen].sort()).toEqual(['a', 'b', 'c'])
  })

  it('goes to the next group only when all of one are evicted, and comes back', () => {
    const groups = [[member('a', failed(RULE, 1)), member('b')], [member('c')]]
    expect(choose(groups, 0)?.name).toBe('b')
    groups[0]?.[1]?.health.record(FAILED, 0)
    const all = [[member('a', failed(RULE, 1))], [member('c')]]
    expect(choose(all, 0)?.name).toBe('c')
    expect(choose(all, 1000)?.name).toBe('a')
  })

  it('uses an evicted one of the first group when there is nobody else', () => {
    expect(choose([[member('a', failed(RULE, 1))], [member('c', failed(RULE, 1))]], 0)?.name).toBe('a')
  })

  it('finds nobody in no groups', () => {
    expect(choose([], 0)).toBeUndefined()
  })
})
