import { expect, test } from 'vitest'
import { refusal } from '../../src/secrets/last-good.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'last-good')
const cases: [what: string, now: string, good: string | undefined, refused: RegExp | undefined][] = [
  ['a key in the place of a key', keyLike('openai', 'next'), KEY, undefined],
  ['two lines in the place of a key', 'one\ntwo', KEY, /^the new value is no key: /],
  ['two lines in the place of two lines, of which nothing is known', 'one\ntwo', 'three\nfour', undefined],
  ['nothing in the place of a key', '', KEY, /^the new value is no key: /],
  ['nothing in the place of two lines', '', 'three\nfour', /^the new value is no key: /],
  ['two lines where nothing was', 'one\ntwo', undefined, undefined],
]
test.each(cases)('%s', (_, now, good, refused) => {
  const before = good === undefined ? undefined : new Secret(good, 'a place')
  const problem = refusal(new Secret(now, 'a place'), before, 'the new value')
  if (refused === undefined) expect(problem).toBeUndefined()
  else expect(problem).toMatchObject({ code: 'malformed', message: expect.stringMatching(refused) })
})
