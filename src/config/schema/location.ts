import type { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { cel, filled, headerName, text } from './primitives.ts'
import { section } from './section.ts'

/** Where in a request a credential stands. */
export const authorizationLocation = section(
  {
    noun: 'a credential location',
    about:
      'Where in a request the credential stands: a header, a query parameter, a cookie or what an expression yields.',
    id: 'AuthorizationLocation',
    oneOf: ['header', 'queryParameter', 'cookie', 'expression'],
  },
  {
    header: optional(
      section(
        {
          noun: 'a header location',
          about: 'A header; without a prefix the value stands alone, even in authorization.',
        },
        {
          name: headerName.describe('Name of the header.'),
          prefix: nullish(text, 'Text in front of the credential, with its space, as in "Bearer ".'),
        },
      ),
    ),
    queryParameter: optional(
      section(
        { noun: 'a query parameter location', about: 'A query parameter of the request.' },
        { name: filled.describe('Name of the parameter.') },
      ),
    ),
    cookie: optional(
      section(
        { noun: 'a cookie location', about: 'A cookie of the request.' },
        { name: filled.describe('Name of the cookie.') },
      ),
    ),
    expression: optional(cel, 'CEL that yields the credential; it can read one, never insert one.'),
  },
)

export type AuthorizationLocation = z.output<typeof authorizationLocation>
