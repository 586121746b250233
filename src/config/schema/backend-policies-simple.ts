import { z } from 'zod'
import { backendAuthWith } from './backend-auth.ts'
import { nullish, optional } from './fields.ts'
import { duration, text, uint32 } from './primitives.ts'
import { type SimpleBackend, simpleBackend } from './references.ts'
import { type HeaderModifier, headerModifier } from './rewrite.ts'
import { section } from './section.ts'
import { type BackendTls, backendTls } from './tls.ts'
import { type Transformations, transformations } from './transformations.ts'

export const keepalives = section(
  { noun: 'the keepalives section', about: 'TCP keepalive probes.', id: 'Keepalives' },
  {
    enabled: optional(z.boolean(), { description: 'Sends probes.', default: true }),
    time: optional(duration, { description: 'Silence before the first probe.', default: '3m0s' }),
    interval: optional(duration, { description: 'Time between probes.', default: '3m0s' }),
    retries: optional(uint32, { description: 'Lost probes after which the connection is dead.', default: 9 }),
  },
)

const http = section(
  { noun: 'the http section', about: 'HTTP towards the backend.', id: 'BackendHttp' },
  {
    version: nullish(text, 'HTTP version that is spoken, instead of the one the client speaks.'),
    requestTimeout: nullish(duration, 'How long one call may take.'),
  },
)

const tcp = section(
  { noun: 'the tcp section', about: 'Connections to the backend.', id: 'BackendTcp' },
  { keepalives, connectTimeout: duration.describe('How long connecting may take.') },
)

/** What every kind of backend takes. Written out because it contains itself. */
export interface SimpleBackendPolicies {
  requestHeaderModifier?: HeaderModifier | null | undefined
  transformations?: Transformations | null | undefined
  backendTLS?: BackendTls | null | undefined
  backendAuth?: BackendAuth | null | undefined
  http?: z.output<typeof http> | null | undefined
  tcp?: z.output<typeof tcp> | null | undefined
  backendTunnel?: BackendTunnel | null | undefined
}

/** A proxy the connection goes through. */
export interface BackendTunnel {
  proxy: SimpleBackend
  policies?: SimpleBackendPolicies | null | undefined
}

const itself = z.lazy((): z.ZodType<SimpleBackendPolicies> => simpleBackendPolicies)
const authSchema = backendAuthWith(itself)

/** How the gateway authenticates to a backend; see `backendAuthWith`. */
export type BackendAuth = z.output<typeof authSchema>
export const backendAuth: z.ZodType<BackendAuth> = authSchema.meta({ id: 'BackendAuth' })

export const backendTunnel: z.ZodType<BackendTunnel> = section(
  {
    noun: 'the backendTunnel section',
    about: 'A proxy the connection to the backend goes through.',
    id: 'BackendTunnel',
  },
  { proxy: simpleBackend, policies: nullish(itself) },
)

export const simpleBackendPoliciesShape = {
  requestHeaderModifier: nullish(headerModifier, 'Headers of the call to the backend.'),
  transformations: nullish(transformations),
  backendTLS: nullish(backendTls),
  backendAuth: nullish(backendAuth),
  http: nullish(http),
  tcp: nullish(tcp),
  backendTunnel: nullish(backendTunnel),
}

export const simpleBackendPolicies: z.ZodType<SimpleBackendPolicies> = section(
  {
    noun: 'the policies of a plain backend',
    about: 'What applies to calls of one backend.',
    id: 'SimpleBackendPolicies',
  },
  simpleBackendPoliciesShape,
)

// Before its first check of a map, zod walks the schema below for loops, again and again where a reference is not yet
// followed: following this one at once saves 10 ms at every start.
void itself._zod.innerType
