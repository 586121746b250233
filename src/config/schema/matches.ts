import { z } from 'zod'
import { optional } from './fields.ts'
import { filled, headerOrPseudo, httpMethod, regex, text } from './primitives.ts'
import { forms, section } from './section.ts'

/** The word that other tools write for a match that could not be translated; it never matches. */
const invalid = z.literal('invalid')

const comparison = section(
  {
    noun: 'a value match',
    about: 'What the value is compared with.',
    id: 'ValueMatch',
    oneOf: ['exact', 'regex'],
  },
  {
    exact: optional(text, 'The whole value.'),
    regex: optional(regex, 'A regular expression (Rust dialect) that spans the whole value.'),
  },
)

const valueMatch = forms('What the value is compared with.', {
  '': invalid,
  'a map with exact or regex': comparison,
})

export const headerMatch = section(
  { noun: 'a header match', about: 'A request header and the value it must have.', id: 'HeaderMatch' },
  { name: headerOrPseudo.describe('Header, or :method, :path, :authority, :scheme.'), value: valueMatch },
)

const queryMatch = section(
  { noun: 'a query match', about: 'A query parameter and the value it must have.' },
  { name: filled.describe('Name of the parameter.'), value: valueMatch },
)

const pathMatch = forms('Which paths match.', {
  '': invalid,
  'a map with exact, pathPrefix or regex': section(
    { noun: 'a path match', about: 'Which paths match.', oneOf: ['exact', 'pathPrefix', 'regex'] },
    {
      exact: optional(text, 'The path, to the letter.'),
      pathPrefix: optional(text, 'The first segments of the path.'),
      regex: optional(regex, 'A regular expression (Rust dialect) that spans the whole path.'),
    },
  ),
})

/** What a request must have; all fields of one match must hold. */
export const routeMatch = section(
  { noun: 'a match', about: 'What a request must have; all of it at once.', id: 'RouteMatch' },
  {
    path: optional(pathMatch, { default: { pathPrefix: '/' } }),
    method: optional(httpMethod, 'HTTP method, in capitals.'),
    headers: optional(z.array(headerMatch), 'Headers that must match, all of them.'),
    query: optional(z.array(queryMatch), 'Query parameters that must match, all of them.'),
  },
)

export type HeaderMatch = z.output<typeof headerMatch>
export type RouteMatch = z.output<typeof routeMatch>
