import { callIn } from '../base-url.ts'
import type { PlaceRule } from './rule.ts'
import { keyAbove, pathOf, textAt } from './tree.ts'

/** The address of one call in the place of that of all of them. */
export const BASE_URL_RULES: readonly PlaceRule[] = [
  {
    keys: ['baseUrl', 'pathPrefix'],
    judge(place, { report }) {
      const text = textAt(place.value) ?? ''
      const isPrefix = place.key === 'pathPrefix'
      // A path that is matched is no prefix of others.
      if (isPrefix && keyAbove(place) === 'path') return
      const call = callIn(isPrefix ? `http://host${text}` : text)
      if (call === undefined) return
      report({
        code: 'BASE_URL_OF_A_CALL',
        path: pathOf(place),
        message: `this is the ${isPrefix ? 'path' : 'address'} of one kind of call, and ${call} is put behind it once more`,
        hint: `leave ${call} out at its end: ${isPrefix ? 'the prefix is what stands in front of it, as in /v1' : 'a base URL is what stands in front of it, as in https://host/v1'}`,
      })
    },
  },
]
