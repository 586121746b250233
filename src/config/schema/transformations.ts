import { z } from 'zod'
import { cel, celMap, headerMap, headerName } from './primitives.ts'
import { section } from './section.ts'

const transform = section(
  { noun: 'a transformation', about: 'Changes to one message; all values are CEL.', id: 'Transformation' },
  {
    add: headerMap(cel).optional().describe('Headers that are added.'),
    set: headerMap(cel).optional().describe('Headers that are replaced.'),
    remove: z.array(headerName).optional().describe('Names of headers to drop.'),
    replace: cel.nullish().describe('CEL that yields all headers anew.'),
    body: cel.nullish().describe('CEL that yields the body.'),
    metadata: celMap.optional().describe('Values that later expressions and the log can read.'),
  },
)

export const transformationsShape = {
  request: transform.nullish().describe('Changes to the request.'),
  response: transform.nullish().describe('Changes to the answer.'),
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
