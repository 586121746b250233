import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { cel, count, filled } from './primitives.ts'
import { exactlyOne, isSet, rule, section } from './section.ts'

const targetModel = filled.describe('Name of a model; a model with a wildcard may take it.')

const weighted = section(
  { noun: 'weighted routing', about: 'Shares requests out by weight.' },
  {
    targets: z
      .array(
        section(
          { noun: 'a weighted target', about: 'A model and its share.' },
          { model: targetModel, weight: optional(count(), { description: 'Its share.', default: 1 }) },
        ),
      )
      .min(1)
      .describe('The models, with their shares.'),
  },
)

const failover = section(
  { noun: 'failover routing', about: 'Tries models in order of priority.' },
  {
    targets: z
      .array(
        section(
          { noun: 'a failover target', about: 'A model and its turn.' },
          {
            model: targetModel,
            priority: count().describe('Lower numbers are tried first; equal ones share.'),
          },
        ),
      )
      .min(1)
      .describe('The models, with their turns.'),
  },
)

const fallbackLast = rule<{ targets?: unknown }>(({ targets }, report) => {
  if (!Array.isArray(targets)) return
  const open = targets.findIndex(target => !isSet((target as { when?: unknown } | null)?.when))
  if (open === -1 || open + 1 === targets.length) return
  report({
    code: 'BAD_ORDER',
    message: 'a target without "when" is not the last one, so no target after it is ever used',
    hint: 'move it to the end, or give it a "when"',
    path: ['targets', open],
  })
})

const conditional = section(
  { noun: 'conditional routing', about: 'Takes the first target whose condition holds.' },
  {
    targets: z
      .array(
        section(
          { noun: 'a conditional target', about: 'A model and when it is used.' },
          { when: nullish(cel, 'CEL; without it the target is the fallback.'), model: targetModel },
        ),
      )
      .min(1)
      .describe('The models, with their conditions; one without comes last.'),
  },
  fallbackLast,
)

const ROUTINGS = ['weighted', 'failover', 'conditional']

/** A name that stands for several models. */
export const virtualModel = section(
  { noun: 'a virtual model', about: 'A name that stands for several models.', id: 'VirtualModel' },
  {
    name: filled.describe('Name clients use, to the letter.'),
    routing: section(
      { noun: 'the routing of a virtual model', about: 'How one of the models is chosen.' },
      { weighted: nullish(weighted), failover: nullish(failover), conditional: nullish(conditional) },
      exactlyOne('the routing of a virtual model', ROUTINGS),
    ),
  },
)

export type VirtualModel = z.output<typeof virtualModel>
