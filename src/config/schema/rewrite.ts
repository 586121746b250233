import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import {
  addressPart,
  bytes,
  cel,
  headerMap,
  headerName,
  httpStatus,
  isToken,
  targetPort,
  text,
} from './primitives.ts'
import { forms, section } from './section.ts'

/** Headers to add, set and remove, in this order; values stand as they are sent. */
export const headerModifier = section(
  {
    noun: 'a header modifier',
    about: 'Headers to add, set and remove, in this order.',
    id: 'HeaderModifier',
  },
  {
    add: optional(headerMap(text), 'Headers that are added beside those the message has.'),
    set: optional(headerMap(text), 'Headers that replace those the message has.'),
    remove: optional(z.array(headerName), 'Names of headers to drop.'),
  },
)

const hostRedirect = forms('The new host and port.', {
  'auto or none': z.enum(['auto', 'none']),
  'a part of the authority': section(
    {
      noun: 'an authority',
      about: 'Which part of the authority is replaced.',
      oneOf: ['full', 'host', 'port'],
    },
    {
      full: optional(addressPart.min(1), 'Host and port.'),
      host: optional(addressPart.min(1), 'The host; the port stays.'),
      port: optional(targetPort, 'The port; the host stays.'),
    },
  ),
})

const pathRedirect = section(
  { noun: 'a path rewrite', about: 'The new path.', oneOf: ['full', 'prefix'] },
  {
    full: optional(addressPart, 'Replaces the whole path.'),
    prefix: optional(addressPart, 'Replaces the matched prefix; needs a pathPrefix match.'),
  },
)

export const requestRedirect = section(
  {
    noun: 'a redirect',
    about: 'Answers with a redirect instead of calling a backend.',
    id: 'RequestRedirect',
  },
  {
    scheme: nullish(addressPart, 'http or https.'),
    authority: nullish(hostRedirect),
    path: nullish(pathRedirect),
    status: nullish(httpStatus, { description: 'Status of the answer.', default: 302 }),
  },
)

export const urlRewrite = section(
  {
    noun: 'a URL rewrite',
    about: 'Changes host and path before the backend is called; the query stays.',
    id: 'UrlRewrite',
  },
  { authority: nullish(hostRedirect), path: nullish(pathRedirect) },
)

export const directResponseShape = {
  status: httpStatus.describe('Status of the answer.'),
  body: optional(bytes, 'Body of the answer.'),
  bodyExpression: nullish(cel, 'CEL that yields the body.'),
  headers: optional(headerMap(cel, isToken, false), 'Headers of the answer; the values are CEL.'),
}

export type HeaderModifier = z.output<typeof headerModifier>
