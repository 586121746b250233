import { expect, it } from 'vitest'
import { KeptStates } from '../../../src/gateway/kept.ts'
import { bucketFor, LocalLimits, type Want } from '../../../src/gateway/traffic/limits.ts'

function want(id: string, maxTokens: number, amount: number): Want {
  const rule = { maxTokens, tokensPerFill: 1, fillIntervalMs: 3_600_000 }
  return { bucket: { id, create: () => bucketFor(rule) }, rule, amount }
}

it('a request that one of several limits refuses has taken from none', () => {
  const limits = new LocalLimits(new KeptStates())
  const [team, all] = [want('team', 10, 4), want('all', 2, 2)]
  expect(limits.take([team, all])).toMatchObject({ isAllowed: true, amounts: [4, 2] })
  expect(limits.take([team, all])).toMatchObject({ isAllowed: false, amounts: [], limit: 2, remaining: 0 })
  expect(limits.take([team])).toMatchObject({ isAllowed: true, amounts: [4], remaining: 2 })
})

it('of several limits the one that is closest to its end is told', () => {
  const limits = new LocalLimits(new KeptStates())
  expect(limits.take([want('wide', 100, 1), want('narrow', 5, 1)])).toMatchObject({ limit: 5, remaining: 4 })
})
