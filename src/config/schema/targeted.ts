import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { ROUTE_POLICY_KEYS, routePolicies } from './policies.ts'
import { port, text } from './primitives.ts'
import { forms, list, present, rule, section } from './section.ts'

const name = text.describe('Name.')
const namespace = text.describe('Namespace of that name.')

const backendTarget = forms('Which backend or service.', {
  'the word invalid': z.literal('invalid'),
  'a map with backend or service': section(
    { noun: 'a backend target', about: 'A backend or a service.', oneOf: ['backend', 'service'] },
    {
      backend: optional(
        section(
          { noun: 'a backend name', about: 'A backend, or one section of it.' },
          { name, namespace, section: nullish(text, 'Provider or target within it.') },
        ),
      ),
      service: optional(
        section(
          { noun: 'a service name', about: 'A service, or one port of it.' },
          {
            hostname: text.describe('Hostname of the service.'),
            namespace,
            port: nullish(port, 'One port of it; without it all.'),
          },
        ),
      ),
    },
  ),
})

const target = section(
  {
    noun: 'a policy target',
    about: 'What the policy applies to.',
    oneOf: ['gateway', 'route', 'backend', 'listenerSet'],
  },
  {
    gateway: optional(
      section(
        { noun: 'a gateway target', about: 'A gateway, or one listener of it.' },
        {
          gatewayName: text.describe('Name of the gateway.'),
          gatewayNamespace: text.describe('Namespace of that name.'),
          listenerName: nullish(text, 'One listener of it.'),
          port: nullish(port, 'One port of it.'),
        },
      ),
    ),
    route: optional(
      section(
        { noun: 'a route target', about: 'A route, or one rule of it.' },
        {
          name,
          namespace,
          ruleName: nullish(text, 'One rule of it.'),
          kind: nullish(text, 'Kind of route.'),
        },
      ),
    ),
    backend: optional(backendTarget),
    listenerSet: optional(
      section(
        { noun: 'a listener set target', about: 'A listener set, or one listener of it.' },
        { name, namespace, section: nullish(text, 'One listener of it.') },
      ),
    ),
  },
)

const onePolicy = rule<{ policy?: unknown }>(({ policy }, report) => {
  if (typeof policy !== 'object' || policy === null) return
  const there = present(policy, ROUTE_POLICY_KEYS)
  if (there.length === 1) return
  report({
    code: there.length === 0 ? 'NO_BRANCH' : 'MANY_BRANCHES',
    message:
      there.length === 0
        ? 'a targeted policy holds exactly one policy, and this holds none'
        : `a targeted policy holds exactly one policy, and this holds ${list(there, 'and')}`,
    hint:
      there.length === 0 ? 'add the policy it is meant to apply' : 'make one entry of `policies` for each',
    path: there.length === 0 ? ['policy'] : ['policy', there[1] ?? ''],
    at: there.length === 0 ? 'value' : 'key',
  })
})

const object = section(
  { noun: 'a targeted policy', about: 'One policy, and what it applies to.', id: 'TargetedPolicy' },
  {
    name: section(
      { noun: 'a resource name', about: 'Name and namespace of the policy.' },
      { name, namespace },
    ),
    target,
    phase: optional(z.enum(['route', 'gateway']), {
      description: 'gateway: before a route is chosen; route: after.',
      default: 'route',
    }),
    policy: routePolicies,
  },
  onePolicy,
)

export interface TargetedPolicy extends z.output<typeof object> {}
export const targetedPolicy: z.ZodType<TargetedPolicy> = object
