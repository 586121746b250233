import { expect, it, onTestFinished } from 'vitest'
import { atEndOfTurn } from '../../src/gateway/end-of-turn.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)))

it('what waits for the end of a turn has it in order, and what it asks for has the next one', async () => {
  const told: string[] = []
  const note = (word: string) => ({ onEndOfTurn: () => void told.push(word) })
  atEndOfTurn(note('a'))
  atEndOfTurn({
    onEndOfTurn() {
      told.push('b')
      atEndOfTurn(note('d'))
    },
  })
  atEndOfTurn(note('c'))
  expect(told).toEqual([])
  await turn()
  expect(told).toEqual(['a', 'b', 'c', 'd'])
})

it('nobody goes without because of a mistake of another one', async () => {
  const others = process.listeners('uncaughtException')
  const mistakes: unknown[] = []
  process.removeAllListeners('uncaughtException').on('uncaughtException', error => mistakes.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  })
  const mistake = new Error('mine')
  let isTold = false
  atEndOfTurn({
    onEndOfTurn() {
      throw mistake
    },
  })
  atEndOfTurn({
    onEndOfTurn() {
      isTold = true
    },
  })
  await turn()
  await turn()
  expect({ isTold, mistakes }).toEqual({ isTold: true, mistakes: [mistake] })
})
