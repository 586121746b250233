import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { writeHint } from './issue-message.ts'
import { gatewayPoliciesShape } from './policies.ts'
import { hostname, port, text } from './primitives.ts'
import { isSet, present, type Report, rule, section } from './section.ts'
import { serverTls } from './tls.ts'

const protocol = nullish(
  z.enum(['HTTP', 'HTTPS', 'TCP', 'TLS']),
  'What is spoken; HTTP, or HTTPS when tls is set.',
)

interface Spoken {
  protocol?: unknown
  tls?: unknown
}

function judgeTls(entry: Spoken, report: Report): void {
  const tls = isSet(entry.tls)
  if (tls && (entry.protocol === 'HTTP' || entry.protocol === 'TCP')) {
    report({
      code: 'KEY_CONFLICT',
      message: `"tls" cannot stand beside protocol ${entry.protocol}`,
      hint: `write protocol ${entry.protocol === 'HTTP' ? 'HTTPS' : 'TLS'}, or remove "tls"`,
      path: ['tls'],
      at: 'key',
    })
  }
  if (!tls && entry.protocol === 'HTTPS') {
    report({
      code: 'MISSING_KEY',
      key: 'tls',
      message: '"tls" is missing: protocol HTTPS needs it',
      hint: 'add tls: {cert: cert.pem, key: key.pem}, or use protocol HTTP',
    })
  }
}

const tlsFitsProtocol = rule<Spoken>(judgeTls)

const listenerObject = section(
  { noun: 'a gateway listener', about: 'One of several listeners that share a port.', id: 'GatewayListener' },
  {
    name: nullish(text, 'Name that routes refer to, as gateway/name.'),
    hostname: nullish(hostname, 'Host it is for; all when absent.'),
    protocol,
    tls: nullish(serverTls),
    ...gatewayPoliciesShape,
  },
  tlsFitsProtocol,
)

export interface GatewayListener extends z.output<typeof listenerObject> {}

/** What belongs to each listener as soon as there are listeners. */
const PER_LISTENER = ['protocol', 'tls', ...Object.keys(gatewayPoliciesShape)]

const portAndListeners = rule<Record<string, unknown>>((gateway, report) => {
  if (!isSet(gateway['port'])) {
    report({
      code: 'MISSING_KEY',
      key: 'port',
      message: '"port" is missing: a gateway needs one',
      hint: 'add "port" with the port to listen on',
    })
  }
  const listeners = gateway['listeners']
  if (!Array.isArray(listeners) || listeners.length === 0) return
  for (const key of present(gateway, PER_LISTENER)) {
    report({
      code: 'KEY_CONFLICT',
      message: `"${key}" cannot stand beside "listeners"`,
      hint: 'move it into the listeners it is meant for',
      path: [key],
      at: 'key',
    })
  }
})

const gatewayObject = section(
  {
    noun: 'a gateway',
    about: 'A port that routes, llm, mcp and ui attach to; its policies stand in it directly.',
    id: 'Gateway',
  },
  {
    port: nullish(port, 'Port to listen on.'),
    protocol,
    listeners: optional(
      z.array(listenerObject),
      'Several listeners on the port; then only port stands beside.',
    ),
    tls: nullish(serverTls),
    ...gatewayPoliciesShape,
  },
  portAndListeners,
  tlsFitsProtocol,
)

export interface Gateway extends z.output<typeof gatewayObject> {}
export const gateway: z.ZodType<Gateway> = gatewayObject

/** Gateways are no list: what to write instead. */
export function listedGateways({ code, input }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'invalid_type' || !Array.isArray(input)) return undefined
  return writeHint('write the name of each as a key, with no dash, as in default: {port: 3000}')
}
