import { expect, it } from 'vitest'
import { AnswerHeaders } from '../../../src/gateway/headers/headers.ts'

it.each<[string, string[], string[]]>([
  ['in one line', ['connection', 'close, x-a'], ['x-b', '2']],
  ['in the first of several', ['connection', 'x-a', 'Connection', 'close'], ['x-b', '2']],
  ['in each of several', ['connection', 'x-a', 'x-c', '3', 'connection', 'x-b'], ['x-c', '3']],
])('what an upstream lists as being for its connection alone, %s, stays there', (_, lines, kept) => {
  const raw = [...lines, 'x-a', '1', 'x-b', '2']
  expect(new AnswerHeaders().build(raw).headers).toEqual(kept)
})
