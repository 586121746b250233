import { callIn } from '../base-url.ts'
import type { PlaceRule } from './rule.ts'
import { pathOf, textAt } from './tree.ts'

/** The address of one call in the place of that of all of them. */
export const BASE_URL_RULES: readonly PlaceRule[] = [
  {
    keys: ['baseUrl'],
    judge(place, { report }) {
      const call = callIn(textAt(place.value) ?? '')
      if (call === undefined) return
      report({
        code: 'BASE_URL_OF_A_CALL',
        path: pathOf(place),
        message: `this is the address of one kind of call, and ${call} is put behind it once more`,
        hint: `leave ${call} out at its end: a base URL is what stands in front of it, as in https://host/v1`,
      })
    },
  },
]
