import { z } from 'zod'
import { nullish } from './fields.ts'
import { cel } from './primitives.ts'
import { type About, forms, isSet, rule, section } from './section.ts'

const MOST_ENTRIES = 64

const order = rule<{ conditional?: unknown }>(({ conditional }, report) => {
  if (!Array.isArray(conditional)) return
  if (conditional.length < 1 || conditional.length > MOST_ENTRIES) {
    report({
      code: 'BAD_LENGTH',
      message: `conditional takes 1 to ${MOST_ENTRIES} entries, and has ${conditional.length}`,
      hint:
        conditional.length < 1 ? 'add an entry, or remove the policy' : 'join entries by their conditions',
      path: ['conditional'],
    })
  }
  const open = conditional.findIndex(entry => !isSet((entry as { condition?: unknown } | null)?.condition))
  if (open !== -1 && open + 1 !== conditional.length) {
    report({
      code: 'BAD_ORDER',
      message: 'an entry without a condition is not the last one, so no entry after it is ever used',
      hint: 'move it to the end, or give it a condition',
      path: ['conditional', open],
    })
  }
})

/** A policy as it stands, or `{conditional: […]}`: a list of it, of which the first whose condition holds is used. */
export function orConditional<S extends z.core.$ZodShape>(about: About, shape: S) {
  const { noun, about: description, oneOf } = about
  const entry = section(
    { noun: `a conditional entry of ${noun}`, about: description, ...(oneOf !== undefined && { oneOf }) },
    { ...shape, condition: nullish(cel, 'CEL; the entry is used when it holds.') },
  )
  return forms(description, {
    'the policy itself': section(about, shape),
    'a list of conditional entries': conditionalList(noun, entry),
  })
}

/** `{conditional: […]}` alone. */
export function conditionalList<E extends z.ZodType>(noun: string, entry: E) {
  return section(
    { noun: `the conditional form of ${noun}`, about: 'The first entry whose condition holds is used.' },
    { conditional: z.array(entry).describe('Entries in order; one without a condition comes last.') },
    order,
  )
}
