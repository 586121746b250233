import { z } from 'zod'
import { otlpEndpoint } from '../otlp-endpoint.ts'
import { keepalives } from './backend-policies-simple.ts'
import { nullish, optional } from './fields.ts'
import { sampling } from './frontend.ts'
import { modelCatalog } from './model-catalog.ts'
import {
  cel,
  celMap,
  count,
  duration,
  listenAddress,
  shaped,
  text,
  textMap,
  uint16,
  uint32,
} from './primitives.ts'
import { secretText } from './secret-fields.ts'
import { forms, rule, section } from './section.ts'

const database = section(
  { noun: 'a database', about: 'Where requests are kept: SQLite or PostgreSQL.', id: 'Database' },
  {
    url: secretText.describe('sqlite://path or postgres://…; it may hold a password.'),
    maxConnections: nullish(z.int().min(1).max(4_294_967_295), 'Most connections at a time.'),
  },
)

const fields = section(
  { noun: 'the fields section', about: 'Fields that are added and left out.' },
  {
    add: optional(textMap, 'Field → CEL that yields it.'),
    remove: optional(z.array(text), 'Fields that are left out.'),
  },
)

const sessionKey = secretText.check(
  rule<z.output<typeof secretText>>((key, report) => {
    if (key.length === 64) return
    report({
      code: 'BAD_LENGTH',
      message: 'the session key is not 64 hex digits long',
      hint: 'write 32 random bytes in hex, as openssl rand -hex 32 prints them',
    })
  }),
)

const logging = section(
  { noun: 'the logging section of config', about: 'How the gateway writes its log.' },
  {
    level: nullish(forms('What is logged.', { 'one filter': text, 'a list of filters': z.array(text) })),
    format: nullish(z.enum(['text', 'json']), 'Form of the lines.'),
    filter: nullish(text, 'Older place of frontendPolicies.accessLog.filter.'),
    fields: nullish(fields, 'Older place of frontendPolicies.accessLog.'),
    database: nullish(database),
  },
)

const tracing = section(
  { noun: 'the tracing section of config', about: 'Older place of frontendPolicies.tracing.' },
  {
    otlpEndpoint: nullish(
      shaped(
        'BAD_URL',
        'this is not the address of a collector',
        'write it as in http://collector.example.com:4317',
        // An empty one counts as missing, for which a variable may stand in.
        value => value === '' || otlpEndpoint(value) !== undefined,
      ),
      'URL of the collector.',
    ),
    otlpProtocol: optional(z.enum(['grpc', 'http']), {
      description: 'OTLP over gRPC or HTTP.',
      default: 'grpc',
    }),
    headers: optional(z.record(z.string(), secretText), 'Headers sent to the collector.'),
    path: nullish(text, 'Path of the collector.'),
    fields: nullish(fields),
    randomSampling: nullish(sampling),
    clientSampling: nullish(sampling),
  },
)

const mesh = {
  localXdsPath: nullish(text, 'File with resources of the mesh.'),
  xdsAddress: nullish(text, 'Control plane.'),
  xdsAuthToken: nullish(text, 'Token for the control plane, or its file.'),
  caAddress: nullish(text, 'Certificate authority of the mesh.'),
  caAuthToken: nullish(text, 'Token for the certificate authority, or its file.'),
  spiffe: nullish(
    section(
      { noun: 'the spiffe section of config', about: 'The SPIFFE workload API.' },
      { endpoint: nullish(text, 'Its socket.') },
    ),
  ),
  namespace: nullish(text, 'Namespace of the gateway.'),
  gateway: nullish(text, 'Name of the gateway.'),
  trustDomain: nullish(text, 'Trust domain of the mesh.'),
  additionalTrustDomains: nullish(text, 'Further trust domains, by commas.'),
  skipValidateTrustDomain: nullish(z.boolean(), 'Trusts any trust domain.'),
  serviceAccount: nullish(text, 'Service account of the gateway.'),
  clusterId: nullish(text, 'Cluster of the gateway.'),
  network: nullish(text, 'Network of the gateway.'),
  hbone: nullish(
    section(
      { noun: 'the hbone section', about: 'Tunnels of the mesh.' },
      {
        windowSize: nullish(uint32, 'Flow control window of a stream, in bytes.'),
        connectionWindowSize: nullish(uint32, 'Flow control window of a connection, in bytes.'),
        frameSize: nullish(uint32, 'Largest frame, in bytes.'),
        poolMaxStreamsPerConn: nullish(uint16, 'Most streams of one connection.'),
        poolUnusedReleaseTimeout: nullish(duration, 'Idle time after which a connection is closed.'),
      },
    ),
  ),
}

const object = section(
  { noun: 'the config section', about: 'Settings that are read once, at the start.', id: 'StaticConfig' },
  {
    adminAddr: nullish(listenAddress, 'Where the admin pages listen; localhost:15000 by default.'),
    statsAddr: nullish(
      listenAddress,
      'Where metrics are served; agentgateway, not agw serve, takes [::]:15020 without it.',
    ),
    readinessAddr: nullish(
      listenAddress,
      'Where readiness is served; agentgateway, not agw serve, takes [::]:15021 without it.',
    ),
    enableIpv6: nullish(z.boolean(), 'Listens on IPv6 too.'),
    dns: nullish(
      section(
        { noun: 'the dns section', about: 'How names are looked up.' },
        {
          lookupFamily: nullish(
            z.enum(['All', 'Auto', 'V4Preferred', 'V4Only', 'V6Only']),
            'Kinds of addresses.',
          ),
          edns0: nullish(z.boolean(), 'Uses EDNS0.'),
        },
      ),
    ),
    workerThreads: nullish(
      forms('Threads: a number, or a share of the processors as in 50%.', {
        text: text,
        'a number': count(),
      }),
    ),
    modelCatalog: nullish(z.array(modelCatalog), 'Prices of models; later entries win.'),
    database: nullish(database),
    storage: nullish(
      section(
        { noun: 'the storage section', about: 'Where changes made in the web pages go.' },
        {
          mode: optional(z.enum(['file', 'hybrid', 'readOnly']), {
            description: 'Into the file, into the database, or nowhere.',
            default: 'file',
          }),
        },
      ),
    ),
    session: nullish(
      section(
        { noun: 'the session section', about: 'Sessions of browsers and MCP clients.' },
        { key: sessionKey.describe('Key that seals them: 64 hex digits.') },
      ),
    ),
    mcp: nullish(
      section(
        { noun: 'the mcp section of config', about: 'MCP sessions.' },
        { sessionTtl: nullish(duration, 'Silence after which a session ends.') },
      ),
    ),
    standardAttributes: nullish(
      section(
        { noun: 'the standardAttributes section', about: 'Who a request belongs to, for logs and metrics.' },
        {
          user: nullish(cel, 'CEL that yields the user.'),
          group: nullish(cel, 'CEL that yields the group.'),
        },
      ),
    ),
    sensitiveHeaders: optional(z.array(text), 'Headers whose values are never shown.'),
    customFunctions: optional(text, 'Functions for expressions, in CEL.'),
    connectionTerminationDeadline: nullish(duration, 'How long open connections may go on at the end.'),
    connectionMinTerminationDeadline: nullish(duration, 'How long the end takes at least.'),
    logging: nullish(logging),
    tracing: nullish(tracing),
    metrics: nullish(
      section(
        { noun: 'the metrics section', about: 'Metrics that are left out and labels that are added.' },
        {
          remove: optional(z.array(text), 'Metrics that are left out.'),
          fields: nullish(
            section(
              { noun: 'the metrics fields', about: 'Labels that are added.' },
              { add: optional(celMap, 'Label → CEL that yields it.') },
            ),
          ),
        },
      ),
    ),
    histograms: optional(z.enum(['classic', 'native', 'both']), {
      description: 'Kind of histograms.',
      default: 'classic',
    }),
    backend: optional(
      section(
        { noun: 'the backend section of config', about: 'Connections to backends.' },
        {
          keepalives: optional(keepalives),
          connectTimeout: optional(duration, {
            description: 'How long connecting may take.',
            default: '10s',
          }),
          poolIdleTimeout: optional(duration, {
            description: 'How long idle connections are kept.',
            default: '1m30s',
          }),
          poolMaxSize: nullish(count(), 'Most idle connections to one host.'),
        },
      ),
    ),
    ...mesh,
  },
)

export interface StaticConfig extends z.output<typeof object> {}
export const staticConfig: z.ZodType<StaticConfig> = object
