import type { z } from 'zod'
import { hostPort, namespacedHostname, port, text } from './primitives.ts'
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

export const simpleBackendShape = {
  host: hostPort.optional().describe('Address to call: host:port or unix:/path.'),
  backend: text.min(1).optional().describe('Name of an entry of `backends`.'),
  service: serviceReference.optional(),
}

/** A backend without anything of its own: by address, by name, or a service. */
export const simpleBackend = section(
  {
    noun: 'a backend reference',
    about: 'A backend by address, by name or by service.',
    id: 'SimpleBackend',
    oneOf: SIMPLE_BACKEND_KEYS,
  },
  simpleBackendShape,
)

export type SimpleBackend = z.output<typeof simpleBackend>
