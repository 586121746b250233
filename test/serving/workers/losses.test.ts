import { expect, it } from 'vitest'
import { Losses } from '../../../src/serving/workers/losses.ts'

const news = (way: string, isTrouble: boolean) => ({ message: '', hint: '', isTrouble, way })

/** Who tells of which way, that it is lost or that it arrives again; whether that is news. */
type Word = readonly [worker: number, way: string, isLost: boolean, isNews: boolean]

it.each<[string, readonly Word[]]>([
  [
    'the first who loses and the last who does not any more',
    [
      [1, 'a', true, true],
      [2, 'a', true, false],
      [1, 'a', false, false],
      [2, 'a', false, true],
      [2, 'a', true, true],
    ],
  ],
  [
    'each way by itself',
    [
      [1, 'a', true, true],
      [1, 'b', true, true],
      [2, 'a', true, false],
      [1, 'b', false, true],
    ],
  ],
])('tells of %s', (_title, words) => {
  const losses = new Losses()
  for (const [worker, way, isLost, isNews] of words)
    expect(losses.isNews(worker, news(way, isLost))).toBe(isNews)
})

it('forgets a worker that has left', () => {
  const losses = new Losses()
  losses.isNews(1, news('a', true))
  losses.isNews(2, news('a', true))
  losses.leave(1)
  expect(losses.isNews(2, news('a', false))).toBe(true)
})
