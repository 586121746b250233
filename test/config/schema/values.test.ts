import {
  type Accepted,
  BACKEND,
  inBackend,
  inMatch,
  inModel,
  inRoute,
  MATCH,
  POLICY,
  type Refused,
  testShapes,
} from './shapes.ts'

const accepted: Accepted = {
  durations: ['500ms', '10s', '1h30m', '1.5h', '"0"', '.5s', '3m0s', '100µs'].map(text =>
    inRoute(`{timeout: {requestTimeout: ${text}}}`),
  ),
  'hosts of backends': [
    'localhost:8080',
    '10.0.0.1:80',
    '"[::1]:8080"',
    '"[fe80::1]:1"',
    'unix:/run/app.sock',
    'my_service.ns:9000',
    'a.example.com.:443',
  ].map(host => inBackend(`{host: "${host.replaceAll('"', '')}"}`)),
  'hosts with a scheme, where a service is called': [
    'https://auth.example.com',
    'http://auth:9000/',
    'auth:9000',
  ].map(host => inRoute(`{extAuthz: {host: "${host}"}}`)),
  hostnames: ['api.example.com', '*.example.com', '*', '""', 'localhost', '10.0.0.1'].map(
    name => `routes: [{hostnames: ["${name.replaceAll('"', '')}"]}]`,
  ),
  'regular expressions': ['/v\\d+', '(?i)abc', '[[:alpha:]]+'].map(regex =>
    inMatch(`{path: {regex: '${regex}'}}`),
  ),
  'matches of all kinds': [
    '{}',
    '{path: {exact: /a}, method: GET}',
    '{headers: [{name: ":method", value: {exact: POST}}], query: [{name: q, value: {regex: a.*}}]}',
    '{path: invalid}',
  ].map(inMatch),
  'key hashes': ['ab', 'AB'].map(
    pair => `llm: {models: [], policies: {apiKey: {keys: [{keyHash: "sha256:${pair.repeat(32)}"}]}}}`,
  ),
  'base URLs': ['https://a.example.com', 'http://localhost:8000/v1/', 'grpc://a:1'].map(url =>
    inModel(`params: {baseUrl: "${url}"}`),
  ),
  'addresses of collectors': [
    'http://collector:4318/v1/traces',
    'https://collector.example.com',
    'grpc://10.0.0.1:4317',
    'collector:4317',
    'http://[::1]:4317',
  ].map(url => `config: {tracing: {otlpEndpoint: "${url}"}}`),
  'empty words that the provider does not use': [inModel('params: {awsRegion: "", vertexRegion: ""}')],
  'cipher suites by all their names': [
    'frontendPolicies: {tls: {cipherSuites: [TLS_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256, ECDHE-RSA-CHACHA20-POLY1305, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]}}',
  ],
  'null where the format takes it': ['config: null', 'llm: null', inRoute('null'), inRoute('{cors: null}')],
  'numbers as text in the catalog': [
    'config: {modelCatalog: [{inline: {providers: {a: {models: {b: {rates: {input: "2.50"}}}}}}}]}',
    'config: {modelCatalog: [{inline: {providers: {a: {models: {b: {rates: {input: "0.123456"}}}}}}}]}',
  ],
}

const refused: Refused = [
  ...['"10"', 'ten', '-1s', '10 s', '"1d"', '""'].map(
    text =>
      [
        `duration ${text}`,
        inRoute(`{timeout: {requestTimeout: ${text}}}`),
        `BAD_DURATION ${POLICY}.timeout.requestTimeout`,
      ] as const,
  ),
  [
    'duration as a number',
    inRoute('{timeout: {requestTimeout: 10}}'),
    `WRONG_TYPE ${POLICY}.timeout.requestTimeout`,
  ],
  ...['a', 'https://a:443', 'a:0', 'a:70000', 'a:b', '::1:80', 'unix:', 'a b:80', 'a:80/path'].map(
    host => [`host ${host}`, inBackend(`{host: "${host}"}`), `BAD_HOST ${BACKEND}.host`] as const,
  ),
  [
    'called service with a path',
    inRoute('{extAuthz: {host: "https://a/b"}}'),
    `BAD_HOST ${POLICY}.extAuthz.host`,
  ],
  ...['https://a', 'a:80', 'a/b', 'a.*.b', '*a.b'].map(
    name =>
      [
        `hostname ${name}`,
        `routes: [{hostnames: ["${name}"]}]`,
        'BAD_HOSTNAME routes.0.hostnames.0',
      ] as const,
  ),
  ['look-ahead', inMatch('{path: {regex: "a(?=b)"}}'), `BAD_REGEX ${MATCH}.path.regex`],
  [
    'back-reference',
    inMatch("{headers: [{name: a, value: {regex: '(a)\\1'}}]}"),
    `BAD_REGEX ${MATCH}.headers.0.value.regex`,
  ],
  ['two kinds of path', inMatch('{path: {exact: /a, regex: a}}'), `MANY_BRANCHES ${MATCH}.path.regex`],
  ['no kind of path', inMatch('{path: {}}'), `NO_BRANCH ${MATCH}.path`],
  ['path as text', inMatch('{path: /a}'), `WRONG_TYPE ${MATCH}.path`],
  [
    'header name with a space',
    inMatch('{headers: [{name: "a b", value: {exact: a}}]}'),
    `BAD_HEADER ${MATCH}.headers.0.name`,
  ],
  ['method with a space', inMatch('{method: "GET /"}'), `BAD_NAME ${MATCH}.method`],
  [
    'header to set',
    inRoute('{requestHeaderModifier: {set: {"a b": x, c: "d\\ne"}}}'),
    `BAD_HEADER ${POLICY}.requestHeaderModifier.set.a b`,
    `BAD_HEADER ${POLICY}.requestHeaderModifier.set.c`,
  ],
  [
    'where a redirect goes',
    inRoute('{requestRedirect: {scheme: "h ttp", authority: {full: "a→b"}, path: {full: "/a b"}}}'),
    `BAD_URL ${POLICY}.requestRedirect.scheme`,
    `BAD_URL ${POLICY}.requestRedirect.authority.full`,
    `BAD_URL ${POLICY}.requestRedirect.path.full`,
  ],
  [
    'what a rewrite asks for',
    inRoute('{urlRewrite: {authority: {host: "a b"}, path: {prefix: "/→"}}}'),
    `BAD_URL ${POLICY}.urlRewrite.authority.host`,
    `BAD_URL ${POLICY}.urlRewrite.path.prefix`,
  ],
  ['an expression over two lines', inRoute('{transformations: {request: {set: {a: "1 +\\n 1"}}}}')],
  ['status', inRoute('{directResponse: {status: 99}}'), `BAD_NUMBER ${POLICY}.directResponse.status`],
  ['port', 'binds: [{port: 65536, listeners: []}]', 'BAD_NUMBER binds.0.port'],
  ['port with a fraction', 'binds: [{port: 1.5, listeners: []}]', 'BAD_NUMBER binds.0.port'],
  ['port as text', 'binds: [{port: "80", listeners: []}]', 'WRONG_TYPE binds.0.port'],
  [
    'key hash',
    'llm: {models: [], policies: {apiKey: {keys: [{keyHash: "sha256:ab"}]}}}',
    'BAD_KEY_HASH llm.policies.apiKey.keys.0.keyHash',
  ],
  [
    'key and hash',
    `llm: {models: [], policies: {apiKey: {keys: [{key: a, keyHash: "sha256:${'ab'.repeat(32)}"}]}}}`,
    'MANY_BRANCHES llm.policies.apiKey.keys.0.keyHash',
  ],
  ...['api.example.com', 'https://u:p@a', 'https://a?b', 'grpc://a', 'https://'].map(
    url =>
      [
        `base URL ${url}`,
        inModel(`params: {baseUrl: "${url}"}`),
        'BAD_URL llm.models.0.params.baseUrl',
      ] as const,
  ),
  ...[
    'provider: azure, params: {azureResourceName: "https://a.openai.azure.com", azureResourceType: openAI}',
    'provider: azure, params: {azureResourceName: a_b, azureResourceType: openAI}',
  ].map(
    rest =>
      [
        rest,
        `llm: {models: [{name: m, ${rest}}]}`,
        'BAD_NAME llm.models.0.params.azureResourceName',
      ] as const,
  ),
  [
    'a host where a region belongs',
    'llm: {models: [{name: m, provider: bedrock, params: {awsRegion: bedrock-runtime.eu-west-1.amazonaws.com}}]}',
    'BAD_NAME llm.models.0.params.awsRegion',
  ],
  ...(
    [
      ['vertex', 'vertexProject: ""', 'vertexProject'],
      ['vertex', 'vertexProject: p, vertexRegion: ""', 'vertexRegion'],
      ['bedrock', 'awsRegion: ""', 'awsRegion'],
      ['azure', 'azureResourceName: "", azureResourceType: openAI', 'azureResourceName'],
    ] as const
  ).map(
    ([provider, params, key]) =>
      [
        `${provider} with an empty ${key}`,
        `llm: {models: [{name: m, provider: ${provider}, params: {${params}}}]}`,
        `BAD_LENGTH llm.models.0.params.${key}`,
      ] as const,
  ),
  [
    'an empty region of a provider for all its models',
    'llm: {models: [], providers: [{name: b, provider: bedrock, params: {awsRegion: ""}}]}',
    'BAD_LENGTH llm.providers.0.params.awsRegion',
  ],
  [
    'an empty region of a backend',
    inBackend('{ai: {name: v, provider: {vertex: {projectId: p, region: ""}}}}'),
    `BAD_LENGTH ${BACKEND}.ai.provider.vertex.region`,
  ],
  ...['http://a b:1', 'ftp://a:1', 'http://', 'collector:port', 'http://ä:1'].map(
    url =>
      [
        `the address of a collector: ${url}`,
        `config: {tracing: {otlpEndpoint: "${url}"}}`,
        'BAD_URL config.tracing.otlpEndpoint',
      ] as const,
  ),
  ...['gateways: {a: {port: 1, tls: {cert: a, key: b, WRONG}}}', 'frontendPolicies: {tls: {WRONG}}'].map(
    (yaml, at) => {
      const path = ['gateways.a.tls', 'frontendPolicies.tls'][at]
      return [
        `suites and groups that nobody knows: ${yaml}`,
        yaml.replace('WRONG', 'cipherSuites: [TLS_NULL], keyExchangeGroups: [P-1]'),
        `UNKNOWN_VALUE ${path}.cipherSuites.0`,
        `UNKNOWN_VALUE ${path}.keyExchangeGroups.0`,
      ] as const
    },
  ),
  [
    'TLS versions that agentgateway does not start with',
    'gateways: {a: {port: 1, tls: {cert: a, key: b, minTLSVersion: TLS_V1_0}}}',
    'UNKNOWN_VALUE gateways.a.tls.minTLSVersion',
  ],
  ['address to listen on', 'config: {adminAddr: "example.com:1"}', 'BAD_ADDRESS config.adminAddr'],
  ['session key', 'config: {session: {key: abc}}', 'BAD_LENGTH config.session.key'],
  ['null where a value is needed', 'binds: null', 'WRONG_TYPE binds'],
  ['a list as the config', '[]', 'WRONG_TYPE '],
]

testShapes(accepted, refused)
