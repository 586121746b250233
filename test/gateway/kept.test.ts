import { describe, expect, it } from 'vitest'
import { type Kept, KeptStates } from '../../src/gateway/kept.ts'

function counter(id: string): Kept<{ count: number }> {
  return { id, create: () => ({ count: 0 }) }
}

describe('what policies keep', () => {
  it('is made once, whoever asks, and is the same for equal ids', () => {
    const states = new KeptStates()
    states.of(counter('a')).count++
    states.of(counter('a')).count++
    expect(states.of(counter('a')).count).toBe(2)
    expect(states.of(counter('b')).count).toBe(0)
  })

  it('goes when nobody names it any more, and is ended if it has to be', () => {
    const states = new KeptStates()
    let ended = 0
    const timer: Kept<Disposable> = { id: 't', create: () => ({ [Symbol.dispose]: () => void ended++ }) }
    states.of(counter('a')).count = 5
    states.of(timer)
    states.keep(new Set(['a']))
    expect(states.of(counter('a')).count).toBe(5)
    expect(ended).toBe(1)
    states.keep(new Set())
    expect(states.of(counter('a')).count).toBe(0)
  })
})
