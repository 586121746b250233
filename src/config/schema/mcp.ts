import { z } from 'zod'
import { simpleBackendPolicies } from './backend-policies-simple.ts'
import { nullish, optional } from './fields.ts'
import { gatewayReferences } from './gateway-references.ts'
import { routePolicies } from './policies.ts'
import { fileInlineOrUrl } from './policies-security.ts'
import { filled, isDomain, isHostPort, parseUrl, port, shaped, text, textMap } from './primitives.ts'
import { isSet, list, present, rule, section } from './section.ts'

/** Alone it is a URL or host[:port]; beside `port` and `path` it is the host. */
const host = shaped(
  'BAD_HOST',
  'this is not the address of an MCP server',
  'write a URL, as in http://localhost:3001/mcp, or a host beside port and path',
  value => {
    if (value.includes('://')) return /^https?:$/.test(parseUrl(value)?.protocol ?? '')
    return isHostPort(value) || isDomain(value)
  },
)

const address = rule<Record<string, unknown>>((target, report) => {
  const there = present(target, ['host', 'port', 'path', 'backend'])
  if (there.includes('backend') && (there.includes('host') || there.includes('port'))) {
    const beside = there.filter(key => key === 'host' || key === 'port')
    report({
      code: 'KEY_CONFLICT',
      message: `${list(beside, 'and')} cannot stand beside "backend"`,
      hint: 'keep either the name of a backend or an address',
      path: [beside[0] ?? 'host'],
      at: 'key',
    })
    return
  }
  if (!there.includes('backend') && !there.includes('host')) {
    report({
      code: 'NO_BRANCH',
      message: 'an MCP server needs "host" or "backend", and has neither of them',
      hint: 'add host with its URL, as in http://localhost:3001/mcp',
    })
  }
  const halves = ['port', 'path'].filter(key => isSet(target[key]))
  if (there.includes('host') && halves.length === 1) {
    const missing = halves[0] === 'port' ? 'path' : 'port'
    report({
      code: 'MISSING_KEY',
      key: missing,
      message: `"${missing}" is missing: beside "host" go both "port" and "path", or neither`,
      hint: `add "${missing}", or write all three into host as a URL`,
    })
  }
})

const addressShape = {
  host: optional(host, 'URL of the server, or its host beside port and path.'),
  port: optional(port, 'Port of the server.'),
  path: nullish(text, 'Path of the server.'),
  backend: optional(filled, 'Name of an entry of `backends`.'),
}

const server = (noun: string, about: string) => section({ noun, about }, addressShape, address)

const TARGET_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const stdioAlone = rule<{ stdio?: unknown; policies?: unknown }>((target, report) => {
  if (!isSet(target.stdio) || !isSet(target.policies)) return
  report({
    code: 'KEY_CONFLICT',
    message: '"policies" cannot stand beside "stdio": a program has no connection they could apply to',
    hint: 'remove "policies"',
    path: ['policies'],
    at: 'key',
  })
})

const target = section(
  {
    noun: 'an MCP target',
    about: 'One MCP server, or what is made into one.',
    id: 'McpTarget',
    oneOf: ['stdio', 'sse', 'mcp', 'openapi'],
  },
  {
    name: shaped(
      'BAD_NAME',
      'this is not the name of an MCP target',
      'write small letters, digits, dashes and dots, as in my-tools',
      value => value.length <= 253 && TARGET_NAME.test(value),
    ).describe('Name of the target; its tools carry it as a prefix.'),
    stdio: optional(
      section(
        {
          noun: 'a stdio target',
          about: 'A program that is started and spoken to over its standard streams.',
        },
        {
          cmd: filled.describe('The program.'),
          args: optional(z.array(text), 'Its arguments.'),
          env: optional(textMap, 'Its environment variables.'),
          clear_env: optional(z.boolean(), 'Starts it without the environment of the gateway.'),
        },
      ),
    ),
    sse: optional(server('an sse target', 'A server that speaks the older SSE transport.')),
    mcp: optional(server('an mcp target', 'A server that speaks streamable HTTP.')),
    openapi: optional(
      section(
        { noun: 'an openapi target', about: 'An HTTP API whose operations become tools.' },
        {
          ...addressShape,
          schema: fileInlineOrUrl.describe('The OpenAPI document: its text, {file} or {url}.'),
        },
        address,
      ),
    ),
    policies: nullish(simpleBackendPolicies),
  },
  stdioAlone,
)

const mcpShape = {
  targets: z.array(target).describe('The servers; their tools are offered together.'),
  statefulMode: optional(z.enum(['stateless', 'stateful']), 'Whether sessions are kept.'),
  prefixMode: nullish(
    z.enum(['conditional', 'always', 'never']),
    'When tools carry the name of their target.',
  ),
  failureMode: nullish(z.enum(['failClosed', 'failOpen']), 'What happens when one target does not answer.'),
  dnsRebindingProtection: optional(z.boolean(), 'Refuses requests with a Host that is not local.'),
}

const backendObject = section(
  { noun: 'an mcp backend', about: 'MCP servers offered as one.', id: 'McpBackend' },
  mcpShape,
)

export interface McpBackend extends z.output<typeof backendObject> {}
export const mcpBackend: z.ZodType<McpBackend> = backendObject

const portOrGateways = rule<{ gateways?: unknown; port?: unknown }>(({ gateways, port }, report) => {
  if (!isSet(port) || !isSet(gateways) || (Array.isArray(gateways) && gateways.length === 0)) return
  report({
    code: 'KEY_CONFLICT',
    message: '"port" cannot stand beside "gateways": the gateway has the port',
    hint: 'remove "port"',
    path: ['port'],
    at: 'key',
  })
})

const mcpObject = section(
  {
    noun: 'the mcp section',
    about: 'Offers MCP servers at a gateway or a port of its own.',
    id: 'McpConfig',
  },
  {
    gateways: optional(gatewayReferences),
    port: nullish(port, { description: 'Port of its own, where no gateway is named.', default: 3000 }),
    ...mcpShape,
    policies: nullish(routePolicies),
  },
  portOrGateways,
)

export interface McpConfig extends z.output<typeof mcpObject> {}
export const mcpConfig: z.ZodType<McpConfig> = mcpObject
