import { z } from 'zod'
import { keepalives, simpleBackendPolicies } from './backend-policies-simple.ts'
import { extAuthz } from './policies-external.ts'
import { authorization } from './policies-security.ts'
import { cel, celMap, count, duration, text, uint8, uint32 } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackendShape } from './references.ts'
import { atMostOne, isSet, rule, section } from './section.ts'
import { tlsVersion } from './tls.ts'

/** CEL text, a share or yes or no. */
export const sampling = z
  .union([text, z.number(), z.boolean()], { error: () => 'an expression | a share | true or false' })
  .describe('Which requests: CEL, a share from 0 to 1, or true or false.')

const http = section(
  { noun: 'the http section of frontendPolicies', about: 'HTTP towards clients.', id: 'FrontendHttp' },
  {
    maxBufferSize: count()
      .optional()
      .meta({ description: 'Largest body that is gathered, in bytes.', default: 2_097_152 }),
    http1MaxHeaders: count().nullish().describe('Most headers of a request.'),
    http1IdleTimeout: duration
      .optional()
      .meta({ description: 'Silence after which a connection is closed.', default: '10m0s' }),
    http1HeaderCase: z.enum(['lowercase', 'preserve']).optional().meta({
      description: 'How header names are written.',
      default: 'lowercase',
    }),
    http2WindowSize: uint32.nullish().describe('Flow control window of a stream, in bytes.'),
    http2ConnectionWindowSize: uint32.nullish().describe('Flow control window of a connection, in bytes.'),
    http2FrameSize: uint32.nullish().describe('Largest frame, in bytes.'),
    http2MaxHeaderSize: uint32.nullish().describe('Most bytes of headers.'),
    http2KeepaliveInterval: duration.nullish().describe('Time between pings.'),
    http2KeepaliveTimeout: duration.nullish().describe('Wait for the answer to a ping.'),
    maxConnectionDuration: duration.nullish().describe('Age at which a connection is closed.'),
  },
)

const tls = section(
  {
    noun: 'the tls section of frontendPolicies',
    about: 'TLS towards clients, for all listeners.',
    id: 'FrontendTls',
  },
  {
    handshakeTimeout: duration
      .optional()
      .meta({ description: 'How long a handshake may take.', default: '15s' }),
    alpn: z.array(z.array(uint8)).nullish().describe('Protocols to offer, each as its bytes.'),
    minVersion: tlsVersion.nullish().describe('Oldest TLS version that is taken.'),
    maxVersion: tlsVersion.nullish().describe('Newest TLS version that is taken.'),
    cipherSuites: z.array(text).nullish().describe('Cipher suites to offer.'),
    keyExchangeGroups: z.array(text).nullish().describe('Key exchange groups to offer.'),
  },
)

const proxyProtocol = section(
  {
    noun: 'the proxyProtocol section',
    about: 'Reads the PROXY protocol in front of connections.',
    id: 'ProxyProtocol',
  },
  {
    version: z
      .enum(['v1', 'v2', 'all'])
      .optional()
      .meta({ description: 'Version that is read.', default: 'v2' }),
    mode: z
      .enum(['strict', 'optional'])
      .optional()
      .meta({ description: 'Whether it must be there.', default: 'strict' }),
  },
)

const outgoing = {
  ...simpleBackendShape,
  policies: simpleBackendPolicies.nullish(),
  filter: cel.nullish().describe('CEL; only requests for which it holds.'),
  protocol: z
    .enum(['grpc', 'http'])
    .optional()
    .meta({ description: 'OTLP over gRPC or HTTP.', default: 'grpc' }),
}

const accessLog = section(
  { noun: 'the accessLog section', about: 'What is written about each request.', id: 'AccessLog' },
  {
    filter: cel.nullish().describe('CEL; only requests for which it holds are logged.'),
    add: celMap.optional().describe('Field → CEL that yields it.'),
    remove: z.array(text).optional().describe('Fields that are left out.'),
    otlp: section(
      { noun: 'the otlp section', about: 'Sends the log to a collector.', oneOf: SIMPLE_BACKEND_KEYS },
      {
        ...outgoing,
        fields: section(
          { noun: 'the otlp fields', about: 'Fields of this log alone.' },
          { add: celMap.optional(), remove: z.array(text).optional() },
        ).nullish(),
        path: text.optional().describe('Path of the collector.'),
      },
    ).nullish(),
    database: section(
      { noun: 'the database section of accessLog', about: 'What is kept in the database.' },
      {
        llm: z.enum(['metadata', 'full']).nullish().describe('full keeps prompts and answers too.'),
        add: celMap.optional().describe('Field → CEL that yields it.'),
      },
    ).nullish(),
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
    path: text.optional().meta({ description: 'Path of the collector.', default: '/v1/traces' }),
    attributes: celMap.optional().describe('Attribute → CEL that yields it.'),
    resources: celMap.optional().describe('Resource attribute → CEL that yields it.'),
    remove: z.array(text).optional().describe('Attributes that are left out.'),
    randomSampling: sampling.nullish(),
    clientSampling: sampling.nullish(),
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
    http: http.nullish(),
    tls: tls.nullish(),
    tcp: section(
      { noun: 'the tcp section of frontendPolicies', about: 'Connections of clients.' },
      { keepalives },
    ).nullish(),
    networkAuthorization: authorization.nullish().describe('Who may connect.'),
    networkExtAuthz: extAuthz.nullish().describe('Asks a service who may connect.'),
    proxyProtocol: proxyProtocol.nullish(),
    proxy: proxyProtocol.nullish().describe('Another name of proxyProtocol.'),
    connect: section(
      { noun: 'the connect section', about: 'What becomes of CONNECT requests.' },
      {
        mode: z.enum(['deny', 'route', 'tunnel']).describe('deny refuses them; route and tunnel serve them.'),
      },
    ).nullish(),
    accessLog: accessLog.nullish(),
    logging: accessLog.nullish().describe('Another name of accessLog.'),
    tracing: tracing.nullish(),
  },
  atMostOne(NOUN, ['proxyProtocol', 'proxy']),
  atMostOne(NOUN, ['accessLog', 'logging']),
  askOverHttp,
)

export interface FrontendPolicies extends z.output<typeof object> {}
export const frontendPolicies: z.ZodType<FrontendPolicies> = object
