import { expect, it } from 'vitest'
import {
  cannotStart,
  Deaths,
  hasDied,
  hasHung,
  hasNotStarted,
  hungAtStart,
  noneLeft,
} from '../../../src/serving/workers/deaths.ts'

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

const NO_ROOM = cannotStart(Object.assign(new Error('no room'), { code: 'EAGAIN' }))
it.each([
  [
    'that has died',
    hasDied('status 7'),
    /^a worker has died \(status 7\), another one takes/,
    /standard error/,
  ],
  ['that was killed', hasDied('SIGKILL'), /^a worker has died \(SIGKILL\), another one takes/, /memory/],
  [
    'that has hung',
    hasHung(30_000),
    /^a worker has not answered for 30 s, and agw has ended it, another one takes/,
    /load/,
  ],
  [
    'that has hung at its start',
    hasNotStarted(hungAtStart(60_000)),
    /^a worker has not answered for 60 s at its start, and agw has ended it; another try/,
    /load/,
  ],
  [
    'that cannot be started',
    hasNotStarted(NO_ROOM),
    /^a worker cannot be started \(EAGAIN\); another try/,
    /room/,
  ],
  [
    'that fails in another way',
    hasNotStarted(new Error('no')),
    /^a worker cannot be started \(unknown/,
    /room/,
  ],
])('a worker %s is told of with what to do, also as the last one', (_title, loss, message, hint) => {
  expect(loss.what + loss.next).toMatch(message)
  expect(loss.hint).toMatch(hint)
  const last = noneLeft(loss)
  expect(last.message).toBe(`${loss.what}: the 5th in a row that could not live, and none is left`)
  expect(last.hint?.match(/--workers 1/g)).toHaveLength(1)
})
