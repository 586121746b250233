import { z } from 'zod'
import { keepalives, simpleBackendPolicies } from './backend-policies-simple.ts'
import { nullish, optional } from './fields.ts'
import { extAuthz } from './policies-external.ts'
import { authorization } from './policies-security.ts'
import { cel, celMap, count, duration, text, uint8, uint32 } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackendShape } from './references.ts'
import { atMostOne, isSet, rule, section } from './section.ts'
import { cipherSuites, keyExchangeGroups, tlsVersion } from './tls.ts'

/** CEL text, a share or yes or no. */
export const sampling = z
  .union([text, z.number(), z.boolean()], { error: () => 'an expression | a share | true or false' })
  .describe('Which requests: CEL, a share from 0 to 1, or true or false.')

const http = section(
  { noun: 'the http section of frontendPolicies', about: 'HTTP towards clients.', id: 'FrontendHttp' },
  {
    maxBufferSize: optional(count(), {
      description: 'Largest body that is gathered, in bytes.',
      default: 2_097_152,
    }),
    http1MaxHeaders: nullish(count(), 'Most headers of a request.'),
    http1IdleTimeout: optional(duration, {
      description: 'Silence after which a connection is closed.',
      default: '10m0s',
    }),
    http1HeaderCase: optional(z.enum(['lowercase', 'preserve']), {
      description: 'How header names are written.',
      default: 'lowercase',
    }),
    http2WindowSize: nullish(uint32, 'Flow control window of a stream, in bytes.'),
    http2ConnectionWindowSize: nullish(uint32, 'Flow control window of a connection, in bytes.'),
    http2FrameSize: nullish(uint32, 'Largest frame, in bytes.'),
    http2MaxHeaderSize: nullish(uint32, 'Most bytes of headers.'),
    http2KeepaliveInterval: nullish(duration, 'Time between pings.'),
    http2KeepaliveTimeout: nullish(duration, 'Wait for the answer to a ping.'),
    maxConnectionDuration: nullish(duration, 'Age at which a connection is closed.'),
  },
)

const tls = section(
  {
    noun: 'the tls section of frontendPolicies',
    about: 'TLS towards clients, for all listeners.',
    id: 'FrontendTls',
  },
  {
    handshakeTimeout: optional(duration, { description: 'How long a handshake may take.', default: '15s' }),
    alpn: nullish(z.array(z.array(uint8)), 'Protocols to offer, each as its bytes.'),
    minVersion: nullish(tlsVersion, 'Oldest TLS version that is taken.'),
    maxVersion: nullish(tlsVersion, 'Newest TLS version that is taken.'),
    cipherSuites: nullish(cipherSuites, 'Cipher suites to offer.'),
    keyExchangeGroups: nullish(keyExchangeGroups, 'Key exchange groups to offer.'),
  },
)

const proxyProtocol = section(
  {
    noun: 'the proxyProtocol section',
    about: 'Reads the PROXY protocol in front of connections.',
    id: 'ProxyProtocol',
  },
  {
    version: optional(z.enum(['v1', 'v2', 'all']), { description: 'Version that is read.', default: 'v2' }),
    mode: optional(z.enum(['strict', 'optional']), {
      description: 'Whether it must be there.',
      default: 'strict',
    }),
  },
)

const outgoing = {
  ...simpleBackendShape,
  policies: nullish(simpleBackendPolicies),
  filter: nullish(cel, 'CEL; only requests for which it holds.'),
  protocol: optional(z.enum(['grpc', 'http']), { description: 'OTLP over gRPC or HTTP.', default: 'grpc' }),
}

const accessLog = section(
  { noun: 'the accessLog section', about: 'What is written about each request.', id: 'AccessLog' },
  {
    filter: nullish(cel, 'CEL; only requests for which it holds are logged.'),
    add: optional(celMap, 'Field → CEL that yields it.'),
    remove: optional(z.array(text), 'Fields that are left out.'),
    otlp: nullish(
      section(
        { noun: 'the otlp section', about: 'Sends the log to a collector.', oneOf: SIMPLE_BACKEND_KEYS },
        {
          ...outgoing,
          fields: nullish(
            section(
              { noun: 'the otlp fields', about: 'Fields of this log alone.' },
              {
                add: optional(celMap, 'Field → CEL that yields it.'),
                remove: optional(z.array(text), 'Fields that are left out.'),
              },
            ),
          ),
          path: optional(text, 'Path of the collector.'),
        },
      ),
    ),
    database: nullish(
      section(
        { noun: 'the database section of accessLog', about: 'What is kept in the database.' },
        {
          llm: nullish(z.enum(['metadata', 'full']), 'full keeps prompts and answers too.'),
          add: optional(celMap, 'Field → CEL that yields it.'),
        },
      ),
    ),
  },
)

const tracing = section(
  {
    noun: 'the tracing section',
    about: 'Sends traces to a collector.',
    id: 'Tracing',
    oneOf: SIMPLE_BACKEND_KEYS,
  },
  {
    ...outgoing,
    path: optional(text, { description: 'Path of the collector.', default: '/v1/traces' }),
    attributes: optional(celMap, 'Attribute → CEL that yields it.'),
    resources: optional(celMap, 'Resource attribute → CEL that yields it.'),
    remove: optional(z.array(text), 'Attributes that are left out.'),
    randomSampling: nullish(sampling),
    clientSampling: nullish(sampling),
  },
)

const askOverHttp = rule<{ networkExtAuthz?: unknown }>(({ networkExtAuthz }, report) => {
  if (!isSet(networkExtAuthz)) return
  const { protocol } = networkExtAuthz as { protocol?: { http?: unknown } }
  if (isSet(protocol?.http)) return
  report({
    code: 'MISSING_KEY',
    message: '"protocol.http" is missing: networkExtAuthz asks over plain HTTP only',
    hint: 'add protocol: {http: {}}',
    path: ['networkExtAuthz'],
  })
})

const NOUN = 'the frontendPolicies section'

const object = section(
  { noun: NOUN, about: 'What applies to all connections, before any routing.', id: 'FrontendPolicies' },
  {
    http: nullish(http),
    tls: nullish(tls),
    tcp: nullish(
      section(
        { noun: 'the tcp section of frontendPolicies', about: 'Connections of clients.' },
        { keepalives },
      ),
    ),
    networkAuthorization: nullish(authorization, 'Who may connect.'),
    networkExtAuthz: nullish(extAuthz, 'Asks a service who may connect.'),
    proxyProtocol: nullish(proxyProtocol),
    proxy: nullish(proxyProtocol, 'Another name of proxyProtocol.'),
    connect: nullish(
      section(
        { noun: 'the connect section', about: 'What becomes of CONNECT requests.' },
        {
          mode: z
            .enum(['deny', 'route', 'tunnel'])
            .describe('deny refuses them; route and tunnel serve them.'),
        },
      ),
    ),
    accessLog: nullish(accessLog),
    logging: nullish(accessLog, 'Another name of accessLog.'),
    tracing: nullish(tracing),
  },
  atMostOne(NOUN, ['proxyProtocol', 'proxy']),
  atMostOne(NOUN, ['accessLog', 'logging']),
  askOverHttp,
)

export interface FrontendPolicies extends z.output<typeof object> {}
export const frontendPolicies: z.ZodType<FrontendPolicies> = object
