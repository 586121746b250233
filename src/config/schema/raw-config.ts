import { z } from 'zod'
import { keepalives } from './backend-policies-simple.ts'
import { sampling } from './frontend.ts'
import { modelCatalog } from './model-catalog.ts'
import { cel, celMap, count, duration, listenAddress, text, textMap, uint16, uint32 } from './primitives.ts'
import { secretText } from './secret-fields.ts'
import { forms, rule, section } from './section.ts'

const database = section(
  { noun: 'a database', about: 'Where requests are kept: SQLite or PostgreSQL.', id: 'Database' },
  {
    url: secretText.describe('sqlite://path or postgres://…; it may hold a password.'),
    maxConnections: z.int().min(1).max(4_294_967_295).nullish().describe('Most connections at a time.'),
  },
)

const fields = section(
  { noun: 'the fields section', about: 'Fields that are added and left out.' },
  { add: textMap.optional().describe('Field → CEL that yields it.'), remove: z.array(text).optional() },
)

const sessionKey = secretText.check(
  rule<z.output<typeof secretText>>((key, report) => {
    if (key.length === 64) return
    report({
      code: 'BAD_KEY_HASH',
      message: 'the session key is not 64 hex digits long',
      hint: 'write 32 random bytes in hex, as openssl rand -hex 32 prints them',
    })
  }),
)

const logging = section(
  { noun: 'the logging section of config', about: 'How the gateway writes its log.' },
  {
    level: forms('What is logged.', { 'one filter': text, 'a list of filters': z.array(text) }).nullish(),
    format: z.enum(['text', 'json']).nullish().describe('Form of the lines.'),
    filter: text.nullish().describe('Older place of frontendPolicies.accessLog.filter.'),
    fields: fields.nullish().describe('Older place of frontendPolicies.accessLog.'),
    database: database.nullish(),
  },
)

const tracing = section(
  { noun: 'the tracing section of config', about: 'Older place of frontendPolicies.tracing.' },
  {
    otlpEndpoint: text.nullish().describe('URL of the collector.'),
    otlpProtocol: z.enum(['grpc', 'http']).optional().meta({ default: 'grpc' }),
    headers: z.record(z.string(), secretText).optional().describe('Headers sent to the collector.'),
    path: text.nullish().describe('Path of the collector.'),
    fields: fields.nullish(),
    randomSampling: sampling.nullish(),
    clientSampling: sampling.nullish(),
  },
)

const mesh = {
  localXdsPath: text.nullish().describe('File with resources of the mesh.'),
  xdsAddress: text.nullish().describe('Control plane.'),
  xdsAuthToken: text.nullish().describe('Token for the control plane, or its file.'),
  caAddress: text.nullish().describe('Certificate authority of the mesh.'),
  caAuthToken: text.nullish().describe('Token for the certificate authority, or its file.'),
  spiffe: section(
    { noun: 'the spiffe section of config', about: 'The SPIFFE workload API.' },
    { endpoint: text.nullish().describe('Its socket.') },
  ).nullish(),
  namespace: text.nullish().describe('Namespace of the gateway.'),
  gateway: text.nullish().describe('Name of the gateway.'),
  trustDomain: text.nullish().describe('Trust domain of the mesh.'),
  additionalTrustDomains: text.nullish().describe('Further trust domains, by commas.'),
  skipValidateTrustDomain: z.boolean().nullish().describe('Trusts any trust domain.'),
  serviceAccount: text.nullish().describe('Service account of the gateway.'),
  clusterId: text.nullish().describe('Cluster of the gateway.'),
  network: text.nullish().describe('Network of the gateway.'),
  hbone: section(
    { noun: 'the hbone section', about: 'Tunnels of the mesh.' },
    {
      windowSize: uint32.nullish(),
      connectionWindowSize: uint32.nullish(),
      frameSize: uint32.nullish(),
      poolMaxStreamsPerConn: uint16.nullish(),
      poolUnusedReleaseTimeout: duration.nullish(),
    },
  ).nullish(),
}

const object = section(
  { noun: 'the config section', about: 'Settings that are read once, at the start.', id: 'StaticConfig' },
  {
    adminAddr: listenAddress.nullish().describe('Where the admin pages listen; localhost:15000 by default.'),
    statsAddr: listenAddress.nullish().describe('Where metrics are served; [::]:15020 by default.'),
    readinessAddr: listenAddress.nullish().describe('Where readiness is served; [::]:15021 by default.'),
    enableIpv6: z.boolean().nullish().describe('Listens on IPv6 too.'),
    dns: section(
      { noun: 'the dns section', about: 'How names are looked up.' },
      {
        lookupFamily: z
          .enum(['All', 'Auto', 'V4Preferred', 'V4Only', 'V6Only'])
          .nullish()
          .describe('Kinds of addresses.'),
        edns0: z.boolean().nullish().describe('Uses EDNS0.'),
      },
    ).nullish(),
    workerThreads: forms('Threads: a number, or a share of the processors as in 50%.', {
      text: text,
      'a number': count(),
    }).nullish(),
    modelCatalog: z.array(modelCatalog).nullish().describe('Prices of models; later entries win.'),
    database: database.nullish(),
    storage: section(
      { noun: 'the storage section', about: 'Where changes made in the web pages go.' },
      { mode: z.enum(['file', 'hybrid', 'readOnly']).optional().meta({ default: 'file' }) },
    ).nullish(),
    session: section(
      { noun: 'the session section', about: 'Sessions of browsers and MCP clients.' },
      { key: sessionKey.describe('Key that seals them: 64 hex digits.') },
    ).nullish(),
    mcp: section(
      { noun: 'the mcp section of config', about: 'MCP sessions.' },
      { sessionTtl: duration.nullish().describe('Silence after which a session ends.') },
    ).nullish(),
    standardAttributes: section(
      { noun: 'the standardAttributes section', about: 'Who a request belongs to, for logs and metrics.' },
      {
        user: cel.nullish().describe('CEL that yields the user.'),
        group: cel.nullish().describe('CEL that yields the group.'),
      },
    ).nullish(),
    sensitiveHeaders: z.array(text).optional().describe('Headers whose values are never shown.'),
    customFunctions: text.optional().describe('Functions for expressions, in CEL.'),
    connectionTerminationDeadline: duration
      .nullish()
      .describe('How long open connections may go on at the end.'),
    connectionMinTerminationDeadline: duration.nullish().describe('How long the end takes at least.'),
    logging: logging.nullish(),
    tracing: tracing.nullish(),
    metrics: section(
      { noun: 'the metrics section', about: 'Metrics that are left out and labels that are added.' },
      {
        remove: z.array(text).optional().describe('Metrics that are left out.'),
        fields: section(
          { noun: 'the metrics fields', about: 'Labels that are added.' },
          { add: celMap.optional().describe('Label → CEL that yields it.') },
        ).nullish(),
      },
    ).nullish(),
    histograms: z
      .enum(['classic', 'native', 'both'])
      .optional()
      .meta({ description: 'Kind of histograms.', default: 'classic' }),
    backend: section(
      { noun: 'the backend section of config', about: 'Connections to backends.' },
      {
        keepalives: keepalives.optional(),
        connectTimeout: duration
          .optional()
          .meta({ description: 'How long connecting may take.', default: '10s' }),
        poolIdleTimeout: duration
          .optional()
          .meta({ description: 'How long idle connections are kept.', default: '1m30s' }),
        poolMaxSize: count().nullish().describe('Most idle connections to one host.'),
      },
    ).optional(),
    ...mesh,
  },
)

export interface StaticConfig extends z.output<typeof object> {}
export const staticConfig: z.ZodType<StaticConfig> = object
