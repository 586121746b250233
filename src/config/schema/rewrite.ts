import { z } from 'zod'
import { bytes, cel, headerMap, headerName, httpStatus, targetPort, text } from './primitives.ts'
import { forms, section } from './section.ts'

/** Headers to add, set and remove, in this order; values stand as they are sent. */
export const headerModifier = section(
  {
    noun: 'a header modifier',
    about: 'Headers to add, set and remove, in this order.',
    id: 'HeaderModifier',
  },
  {
    add: headerMap(text).optional().describe('Headers that are added beside those the message has.'),
    set: headerMap(text).optional().describe('Headers that replace those the message has.'),
    remove: z.array(headerName).optional().describe('Names of headers to drop.'),
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
      full: text.min(1).optional().describe('Host and port.'),
      host: text.min(1).optional().describe('The host; the port stays.'),
      port: targetPort.optional().describe('The port; the host stays.'),
    },
  ),
})

const pathRedirect = section(
  { noun: 'a path rewrite', about: 'The new path.', oneOf: ['full', 'prefix'] },
  {
    full: text.optional().describe('Replaces the whole path.'),
    prefix: text.optional().describe('Replaces the matched prefix; needs a pathPrefix match.'),
  },
)

export const requestRedirect = section(
  {
    noun: 'a redirect',
    about: 'Answers with a redirect instead of calling a backend.',
    id: 'RequestRedirect',
  },
  {
    scheme: text.nullish().describe('http or https.'),
    authority: hostRedirect.nullish(),
    path: pathRedirect.nullish(),
    status: httpStatus.nullish().meta({ description: 'Status of the answer.', default: 302 }),
  },
)

export const urlRewrite = section(
  {
    noun: 'a URL rewrite',
    about: 'Changes host and path before the backend is called; the query stays.',
    id: 'UrlRewrite',
  },
  { authority: hostRedirect.nullish(), path: pathRedirect.nullish() },
)

export const directResponseShape = {
  status: httpStatus.describe('Status of the answer.'),
  body: bytes.optional().describe('Body of the answer.'),
  bodyExpression: cel.nullish().describe('CEL that yields the body.'),
  headers: headerMap(cel).optional().describe('Headers of the answer; the values are CEL.'),
}

export type HeaderModifier = z.output<typeof headerModifier>
