import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { conditionalList, orConditional } from './conditional.ts'
import { nullish, optional } from './fields.ts'
import { cel, count, duration, text } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackend, simpleBackendShape } from './references.ts'
import { directResponseShape } from './rewrite.ts'
import { forms, section } from './section.ts'

export const directResponse = orConditional(
  { noun: 'a direct response', about: 'Answers without calling a backend.', id: 'DirectResponse' },
  directResponseShape,
)

export const requestMirror = section(
  { noun: 'the requestMirror section', about: 'Sends a copy of a share of the requests to another backend.' },
  {
    backend: simpleBackend,
    percentage: z.number().min(0).max(1).describe('Share of requests, from 0 to 1.'),
  },
)

export const cors = section(
  { noun: 'the cors section', about: 'Which pages of other origins may call.', id: 'Cors' },
  {
    allowCredentials: optional(z.boolean(), { description: 'Lets cookies through.', default: false }),
    allowHeaders: optional(z.array(text), 'Headers a page may send; * for those it asks for.'),
    allowMethods: optional(z.array(text), 'Methods a page may use; * for the one it asks for.'),
    allowOrigins: optional(z.array(text), 'Origins, as scheme://host[:port]; the host may hold a star.'),
    exposeHeaders: optional(z.array(text), 'Headers of the answer a page may read.'),
    maxAge: nullish(duration, 'How long a browser may keep the permission.'),
  },
)

const limitType = optional(z.enum(['requests', 'tokens']), {
  description: 'What is counted: requests, or tokens of the model.',
  default: 'requests',
})

const rateLimitShape = {
  maxTokens: optional(count(), {
    description: 'Size of the bucket; not less than tokensPerFill.',
    default: 0,
  }),
  tokensPerFill: optional(count(), { description: 'What is added each interval.', default: 0 }),
  fillInterval: duration.describe('How often the bucket is filled.'),
  type: limitType,
}

const rateLimit = section(
  { noun: 'a rate limit', about: 'A token bucket that all clients share.', id: 'RateLimit' },
  rateLimitShape,
)

export const rateLimits = z.array(rateLimit)

export const localRateLimit = forms('Limits counted in the gateway itself.', {
  'a list of limits': rateLimits,
  'a list of conditional entries': conditionalList(
    'the localRateLimit section',
    section(
      { noun: 'a conditional rate limit', about: 'A limit for requests that meet a condition.' },
      { ...rateLimitShape, condition: nullish(cel, 'CEL; the entry is used when it holds.') },
    ),
  ),
})

const descriptor = section(
  { noun: 'a descriptor', about: 'What the rate limit service is asked about.' },
  {
    entries: z
      .array(
        section(
          { noun: 'a descriptor entry', about: 'A key and its value.' },
          {
            key: text.describe('Key, as the service knows it.'),
            value: cel.describe('CEL that yields the value.'),
          },
        ),
      )
      .describe('Keys and values, in order.'),
    type: limitType,
    cost: nullish(cel, 'CEL that yields what one request costs.'),
    limitOverride: nullish(cel, 'CEL that yields a limit instead of that of the service.'),
  },
)

const remoteRateLimitAbout = {
  noun: 'the remoteRateLimit section',
  about: 'Limits counted by a service that speaks the Envoy rate limit protocol.',
  id: 'RemoteRateLimit',
  oneOf: SIMPLE_BACKEND_KEYS,
}

const remoteRateLimitShape = {
  ...simpleBackendShape,
  domain: text.describe('Domain, as the service knows it.'),
  policies: nullish(simpleBackendPolicies),
  descriptors: z.array(descriptor).describe('What the service is asked about.'),
  failureMode: optional(z.enum(['failClosed', 'FailClosed', 'failOpen', 'FailOpen']), {
    description: 'What happens to requests while the service does not answer.',
    default: 'failClosed',
  }),
}

export const remoteRateLimit = section(remoteRateLimitAbout, remoteRateLimitShape)
export const remoteRateLimitOrConditional = orConditional(
  { ...remoteRateLimitAbout, id: 'RemoteRateLimitPolicy' },
  remoteRateLimitShape,
)

export const csrf = section(
  { noun: 'the csrf section', about: 'Refuses requests that pages of other origins make.' },
  { additionalOrigins: optional(z.array(text), 'Origins that may call besides the own one.') },
)

const bufferSide = section(
  { noun: 'a buffer', about: 'How one body is gathered before it is passed on.' },
  {
    maxBytes: nullish(count(), 'Largest body that is gathered.'),
    failureMode: optional(z.enum(['failClosed', 'failOpen']), {
      description: 'What happens to a larger body.',
      default: 'failClosed',
    }),
  },
)

export const buffer = section(
  { noun: 'the buffer section', about: 'Gathers bodies before they are passed on.' },
  { request: nullish(bufferSide), response: nullish(bufferSide) },
)

export const timeout = section(
  { noun: 'the timeout section', about: 'How long a request may take.', id: 'Timeout' },
  {
    requestTimeout: nullish(duration, 'The request with all its tries.'),
    backendRequestTimeout: nullish(duration, 'One call of a backend.'),
  },
)

export const retry = section(
  { noun: 'the retry section', about: 'When a failed call is made again.', id: 'Retry' },
  {
    attempts: optional(z.int().min(1).max(255), { description: 'Tries after the first one.', default: 1 }),
    backoff: nullish(duration, 'Wait between tries.'),
    codes: z.array(z.int().min(100).max(999)).describe('Statuses of answers that are tried again.'),
    precondition: nullish(cel, 'CEL on the request; where it does not hold, no try is repeated.'),
    condition: nullish(cel, 'CEL on the answer that asks for another try.'),
  },
)

export const delay = section(
  { noun: 'the delay section', about: 'Holds requests back, to test what happens then.' },
  { duration: cel.describe('A duration, or CEL that yields a duration or milliseconds.') },
)

export type RateLimit = z.output<typeof rateLimit>
export type RemoteRateLimit = z.output<typeof remoteRateLimit>
