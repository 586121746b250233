import { expect, it } from 'vitest'
import { Deaths } from '../../../src/serving/workers/deaths.ts'

it.each<[string, lives: number[], waits: number[], areTooMany: boolean]>([
  ['one that has lived is replaced at once', [60_000], [0], false],
  ['each that could not live makes the next one wait longer', [1, 1, 1], [200, 400, 800], false],
  ['one that could live ends the row', [1, 1, 5000, 1], [200, 400, 0, 200], false],
  ['five in a row are too many', [0, 1, 999, 0, 0], [200, 400, 800, 1600, 3200], true],
  ['no wait is longer than ten seconds', Array(8).fill(0), [200, 400, 800, 1600, 3200, 6400, 1e4, 1e4], true],
])('%s', (_title, lives, waits, areTooMany) => {
  const deaths = new Deaths()
  expect(lives.map(life => deaths.count(life))).toEqual(waits)
  expect(deaths.areTooMany).toBe(areTooMany)
})
