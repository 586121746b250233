import type { z } from 'zod'
import { optional } from './fields.ts'
import { filled, hostPort, isHostPort, namespacedHostname, parseUrl, port, shaped } from './primitives.ts'
import { section } from './section.ts'

export const serviceReference = section(
  { noun: 'a service reference', about: 'A service out of `services`.', id: 'ServiceReference' },
  {
    name: namespacedHostname.describe('namespace/hostname of the service.'),
    port: port.describe('Port of the service.'),
  },
)

/** The keys that name a simple backend; of them exactly one is taken. */
export const SIMPLE_BACKEND_KEYS = ['host', 'backend', 'service'] as const

const plainShape = {
  host: optional(hostPort, 'Address to call: host:port or unix:/path.'),
  backend: optional(filled, 'Name of an entry of `backends`.'),
  service: optional(serviceReference),
}

/** Where a backend carries policies, its host may be a URL, whose scheme then decides about TLS. */
export const simpleBackendShape = {
  ...plainShape,
  host: optional(
    shaped(
      'BAD_HOST',
      'this is not a host with a port, nor a URL without a path',
      'write host:port, as in auth.example.com:9000, or https://auth.example.com',
      value => isHostPort(value) || isOriginUrl(value),
    ),
    'Address to call: host:port, unix:/path, or http(s)://host.',
  ),
}

function isOriginUrl(value: string): boolean {
  const url = /^https?:\/\//.test(value) ? parseUrl(value) : undefined
  return url !== undefined && url.pathname === '/'
}

/** A backend without anything of its own: by address, by name, or a service. */
export const simpleBackend = section(
  {
    noun: 'a backend reference',
    about: 'A backend by address, by name or by service.',
    id: 'SimpleBackend',
    oneOf: SIMPLE_BACKEND_KEYS,
  },
  plainShape,
)

export type SimpleBackend = z.output<typeof simpleBackend>
