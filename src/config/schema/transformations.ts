import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { cel, celMap, headerMap, headerName, isHeaderOrPseudo } from './primitives.ts'
import { section } from './section.ts'

const transform = section(
  { noun: 'a transformation', about: 'Changes to one message; all values are CEL.', id: 'Transformation' },
  {
    add: optional(headerMap(cel, isHeaderOrPseudo, false), 'Headers that are added.'),
    set: optional(headerMap(cel, isHeaderOrPseudo, false), 'Headers that are replaced.'),
    remove: optional(z.array(headerName), 'Names of headers to drop.'),
    replace: nullish(cel, 'CEL that yields all headers anew.'),
    body: nullish(cel, 'CEL that yields the body.'),
    metadata: optional(celMap, 'Values that later expressions and the log can read.'),
  },
)

export const transformationsShape = {
  request: nullish(transform, 'Changes to the request.'),
  response: nullish(transform, 'Changes to the answer.'),
}

export const transformations = section(
  {
    noun: 'the transformations section',
    about: 'CEL changes to requests and answers.',
    id: 'Transformations',
  },
  transformationsShape,
)

export type Transformations = z.output<typeof transformations>
