import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readPlaces } from '../../../src/secrets/sources/read-places.ts'

test('each place is read once, some of them at a time, and every reference gets what is there', async () => {
  let [open, most, reads] = [0, 0, 0]
  const references = Array.from({ length: 1000 }, (_, id) => ({ id, place: id % 500 }))
  const found = await readPlaces(
    references,
    ({ place }) => [place],
    async ({ place }) => {
      open += 1
      reads += 1
      most = Math.max(most, open)
      await turn()
      open -= 1
      return place
    },
  )
  expect(references.map(reference => found.get(reference))).toEqual(references.map(({ place }) => place))
  expect([reads, most]).toEqual([500, 16])
})
