import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CountTeller } from '../../../src/serving/workers/count-teller.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What is told, by a teller that takes so many milliseconds to tell. */
function teller(tookMs = 0): { told: () => number; counts: CountTeller } {
  let told = 0
  const counts = new CountTeller(() => {
    told++
    vi.setSystemTime(Date.now() + tookMs)
    vi.advanceTimersByTime(tookMs)
  })
  return { told: () => told, counts }
}

it('tells what was counted after a pause at once, and once', () => {
  const { told, counts } = teller()
  for (let i = 1; i <= 3; i++) {
    counts.counted()
    vi.advanceTimersByTime(1)
    expect(told()).toBe(i)
    vi.advanceTimersByTime(10_000)
    expect(told()).toBe(i)
  }
})

it.each([
  { tookMs: 0.1, waits: 20 },
  { tookMs: 0.5, waits: 25 },
  { tookMs: 3, waits: 150 },
  { tookMs: 40, waits: 1000 },
])('waits $waits ms where telling takes $tookMs ms', ({ tookMs, waits }) => {
  const { told, counts } = teller(tookMs)
  counts.now()
  counts.counted()
  vi.advanceTimersByTime(waits - 1)
  expect(told()).toBe(1)
  vi.advanceTimersByTime(1)
  expect(told()).toBe(2)
})

it('tells at once where it is asked to, and what waited for it goes along', () => {
  const { told, counts } = teller()
  counts.counted()
  counts.now()
  vi.advanceTimersByTime(1000)
  expect(told()).toBe(1)
})
