import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { toFindings } from '../../../src/config/issues.ts'
import { configSchema } from '../../../src/config/schema.ts'

/** Codes and places of what is found in a config given as YAML. */
function check(yaml: string): string[] {
  const data: unknown = parse(yaml)
  const parsed = configSchema.safeParse(data)
  if (parsed.success) return []
  return toFindings(parsed.error.issues, data).map(one => `${one.code} ${one.path.join('.')}`)
}

const inRoute = (policies: string) => `routes: [{policies: ${policies}}]`
const inBackend = (backend: string) => `routes: [{backends: [${backend}]}]`
const inMatch = (match: string) => `routes: [{matches: [${match}]}]`
const inModel = (model: string) => `llm: {models: [{name: m, provider: openAI, ${model}}]}`
const inAuth = (auth: string) => inModel(`auth: ${auth}`)
const inListener = (listener: string) => `binds: [{port: 80, listeners: [${listener}]}]`

const AUTH = 'llm.models.0.auth'
const POLICY = 'routes.0.policies'
const BACKEND = 'routes.0.backends.0'
const MATCH = 'routes.0.matches.0'
const LISTENER = 'binds.0.listeners.0'

const GOOD: Readonly<Record<string, readonly string[]>> = {
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
  'model names': ['gpt', '"*"', 'gpt-*', '"*-mini"'].map(
    name => `llm: {models: [{name: ${name}, provider: openai}]}`,
  ),
  'base URLs': ['https://a.example.com', 'http://localhost:8000/v1/', 'grpc://a:1'].map(url =>
    inModel(`params: {baseUrl: "${url}"}`),
  ),
  'providers with what they need': [
    'provider: vertex, params: {vertexProject: p}',
    'provider: bedrock, params: {awsRegion: r}',
    'provider: azure, params: {azureResourceName: n, azureResourceType: foundry}',
    'provider: {custom: {formats: [{type: completions}]}}, params: {baseUrl: "https://a"}',
    'provider: {custom: {formats: [{type: completions}]}}, params: {hostOverride: "a:1"}',
    'provider: {reference: r}, params: {model: x}',
    'provider: groq',
  ].map(rest => `llm: {models: [{name: m, ${rest}}]}`),
  'backendAuth in all its readings': [
    '{key: "$KEY"}',
    '{key: {file: k.txt}}',
    '{key: {value: {file: k.txt}, location: {header: {name: api-key}}}}',
    '{key: a, location: {header: {name: api-key}}}',
    '{key: a, credentials: [{location: {cookie: {name: c}}, key: b}]}',
    '{key: a, passthrough: {}}',
    '{key: {file: f, location: {queryParameter: {name: key}}}}',
    '{key: ""}',
    '{passthrough: {}}',
    'copilot',
    '{gcp: {}}',
    '{gcp: {type: idToken, audience: a}}',
    '{aws: {}}',
    '{aws: {accessKeyId: a, secretAccessKey: b}}',
    '{aws: {assumeRole: {roleArn: a, tags: [{key: k, value: v}]}}}',
    '{azure: {implicit: {}}}',
    '{azure: {explicitConfig: {clientSecret: {tenant_id: t, client_id: c, client_secret: s}}}}',
    '{jwtSign: {signingKey: {file: k.pem}, ttl: 300s}}',
    '{oauthTokenExchange: {host: "https://sts.example.com", clientAuth: {clientId: a, clientSecret: b}}}',
    '{credentials: [{location: {header: {name: x}}, key: {file: f}}]}',
    'null',
  ].map(inAuth),
  'binds and listeners': [
    'binds: [{mode: internal, listeners: []}]',
    inListener('{routes: []}'),
    inListener('{protocol: TCP, tcpRoutes: []}'),
    inListener('{protocol: HTTPS, tls: {cert: a, key: b}, routes: []}'),
    inListener('{protocol: HBONE}'),
    inListener('{protocol: TLS, tcpRoutes: [{hostnames: [a.b], backends: [{host: "a:1"}]}]}'),
  ],
  gateways: [
    'gateways: {default: {port: 80}}',
    'gateways: {a: {port: 443, protocol: HTTPS, tls: {cert: a, key: b}}}',
    'gateways: {a: {port: 443, listeners: [{name: x, tls: {spiffe: {}}}]}}',
  ],
  'attachment by port or by gateways': [
    '{port: 1, models: []}',
    '{gateways: [], port: 1, models: []}',
    '{gateways: a/b, models: []}',
  ].map(llm => `llm: ${llm}`),
  'aliases, one at a time': [
    inModel('tls: {}'),
    inModel('backendTLS: {}'),
    'frontendPolicies: {proxy: {}, logging: {}}',
    'frontendPolicies: {proxyProtocol: {}, accessLog: {}}',
    inListener('{protocol: HTTPS, tls: {cert: a, key: b, minTlsVersion: TLS_V1_2}, routes: []}'),
  ],
  'null where the format takes it': ['config: null', 'llm: null', inRoute('null'), inRoute('{cors: null}')],
  'numbers as text in the catalog': [
    'config: {modelCatalog: [{inline: {providers: {a: {models: {b: {rates: {input: "2.50"}}}}}}}]}',
  ],
}

const BAD: readonly (readonly [title: string, yaml: string, ...findings: string[]])[] = [
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
  [
    'hostOverride without a port',
    inBackend('{ai: {name: a, provider: {openAI: {}}, hostOverride: a}}'),
    `BAD_HOST ${BACKEND}.ai.hostOverride`,
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
  ...['a*b', '"**"', '"*a*"'].map(
    name =>
      [
        `model name ${name}`,
        `llm: {models: [{name: ${name}, provider: openai}]}`,
        'BAD_MODEL_NAME llm.models.0.name',
      ] as const,
  ),
  ...['api.example.com', 'https://u:p@a', 'https://a?b', 'grpc://a', 'https://'].map(
    url =>
      [
        `base URL ${url}`,
        inModel(`params: {baseUrl: "${url}"}`),
        'BAD_URL llm.models.0.params.baseUrl',
      ] as const,
  ),
  ['vertex alone', 'llm: {models: [{name: m, provider: vertex}]}', 'MISSING_KEY llm.models.0'],
  [
    'bedrock alone',
    'llm: {models: [{name: m, provider: bedrock, params: {}}]}',
    'MISSING_KEY llm.models.0.params',
  ],
  [
    'azure alone',
    'llm: {models: [{name: m, provider: azure}]}',
    'MISSING_KEY llm.models.0',
    'MISSING_KEY llm.models.0',
  ],
  [
    'custom alone',
    'llm: {models: [{name: m, provider: {custom: {formats: []}}}]}',
    'BAD_LENGTH llm.models.0.provider.custom.formats',
    'MISSING_KEY llm.models.0',
  ],
  [
    'reference with parameters',
    'llm: {models: [{name: m, provider: {reference: r}, params: {apiKey: a}}]}',
    'KEY_CONFLICT llm.models.0.params.apiKey',
  ],
  [
    'provider that refers to another',
    'llm: {models: [], providers: [{name: p, provider: {reference: r}}]}',
    'KEY_CONFLICT llm.providers.0.provider.reference',
  ],
  [
    'provider by an unknown name',
    'llm: {models: [{name: m, provider: opnai}]}',
    'UNKNOWN_VALUE llm.models.0.provider',
  ],
  [
    'two providers',
    inBackend('{ai: {name: a, provider: {openAI: {}, gemini: {}}}}'),
    `MANY_BRANCHES ${BACKEND}.ai.provider.gemini`,
  ],
  [
    'provider without its map',
    inBackend('{ai: {name: a, provider: {openAI: }}}'),
    `WRONG_TYPE ${BACKEND}.ai.provider.openAI`,
  ],
  ['groups beside a name', inBackend('{ai: {groups: [], name: a}}'), `MANY_BRANCHES ${BACKEND}.ai.name`],
  ['two kinds of backend', inBackend('{host: "a:1", backend: b}'), `MANY_BRANCHES ${BACKEND}.backend`],
  ['no kind of backend', inBackend('{weight: 1}'), `NO_BRANCH ${BACKEND}`],
  ['auth: nothing', inAuth('{}'), `NO_BRANCH ${AUTH}`],
  ['auth: a number', inAuth('{key: 123}'), `WRONG_TYPE ${AUTH}.key`],
  ['auth: a bare key as text', inAuth('sk-abc'), `WRONG_TYPE ${AUTH}`],
  ['auth: nearly copilot', inAuth('copilt'), `UNKNOWN_VALUE ${AUTH}`],
  ['auth: passthrough without its map', inAuth('{passthrough: }'), `WRONG_TYPE ${AUTH}.passthrough`],
  ['auth: the wrong case of a word', inAuth('{gcp: {type: AccessToken}}'), `UNKNOWN_VALUE ${AUTH}.gcp.type`],
  ['auth: azure without a kind', inAuth('{azure: {}}'), `NO_BRANCH ${AUTH}.azure`],
  ['auth: half an access key', inAuth('{aws: {accessKeyId: a}}'), `MISSING_KEY ${AUTH}.aws`],
  ['auth: two kinds', inAuth('{key: {value: a}, passthrough: {}}'), `MANY_BRANCHES ${AUTH}.passthrough`],
  [
    'auth: location outside',
    inAuth('{key: {value: a}, location: {cookie: {name: a}}}'),
    `UNKNOWN_KEY ${AUTH}.location`,
  ],
  ['auth: misspelt value', inAuth('{key: {valeu: a}}'), `UNKNOWN_KEY ${AUTH}.key.valeu`],
  ['bind without a port', 'binds: [{listeners: []}]', 'MISSING_KEY binds.0'],
  ['HTTP without routes', inListener('{}'), `MISSING_KEY ${LISTENER}`],
  ['TCP without tcpRoutes', inListener('{protocol: TCP}'), `MISSING_KEY ${LISTENER}`],
  ['HTTPS without tls', inListener('{protocol: HTTPS, routes: []}'), `MISSING_KEY ${LISTENER}`],
  ['both lists of routes', inListener('{routes: [], tcpRoutes: []}'), `MANY_BRANCHES ${LISTENER}.tcpRoutes`],
  [
    'tls without a key',
    inListener('{protocol: HTTPS, routes: [], tls: {cert: a}}'),
    `MISSING_KEY ${LISTENER}.tls`,
  ],
  [
    'two spellings of one key',
    inListener('{routes: [], tls: {cert: a, key: b, minTLSVersion: TLS_V1_2, minTlsVersion: TLS_V1_2}}'),
    `MANY_BRANCHES ${LISTENER}.tls.minTlsVersion`,
  ],
  ['gateway without a port', 'gateways: {a: {}}', 'MISSING_KEY gateways.a'],
  [
    'gateway with listeners and policies',
    'gateways: {a: {port: 1, listeners: [{}], cors: {}}}',
    'KEY_CONFLICT gateways.a.cors',
  ],
  [
    'gateway of HTTP with tls',
    'gateways: {a: {port: 1, protocol: HTTP, tls: {cert: a, key: b}}}',
    'KEY_CONFLICT gateways.a.tls',
  ],
  ['llm with gateways and a port', 'llm: {gateways: a, port: 1, models: []}', 'KEY_CONFLICT llm.port'],
  ['mcp with gateways and a port', 'mcp: {gateways: [a], port: 1, targets: []}', 'KEY_CONFLICT mcp.port'],
  ['both aliases', inModel('tls: {}, backendTLS: {}'), 'MANY_BRANCHES llm.models.0.backendTLS'],
  [
    'virtual model without routing',
    'llm: {models: [], virtualModels: [{name: a, routing: {}}]}',
    'NO_BRANCH llm.virtualModels.0.routing',
  ],
  [
    'virtual model without targets',
    'llm: {models: [], virtualModels: [{name: a, routing: {weighted: {targets: []}}}]}',
    'BAD_LENGTH llm.virtualModels.0.routing.weighted.targets',
  ],
  [
    'fallback that is not last',
    'llm: {models: [], virtualModels: [{name: a, routing: {conditional: {targets: [{model: a}, {when: x, model: b}]}}}]}',
    'BAD_ORDER llm.virtualModels.0.routing.conditional.targets.0',
  ],
  [
    'unconditional entry that is not last',
    inRoute('{directResponse: {conditional: [{status: 200}, {condition: x, status: 201}]}}'),
    `BAD_ORDER ${POLICY}.directResponse.conditional.0`,
  ],
  [
    'no conditional entry',
    inRoute('{extAuthz: {conditional: []}}'),
    `BAD_LENGTH ${POLICY}.extAuthz.conditional`,
  ],
  [
    'empty expression',
    inRoute('{authorization: {rules: [{allow: ""}]}}'),
    `BAD_EXPRESSION ${POLICY}.authorization.rules.0.allow`,
  ],
  [
    'rule that allows and denies',
    inRoute('{authorization: {rules: [{allow: a, deny: b}]}}'),
    `MANY_BRANCHES ${POLICY}.authorization.rules.0.deny`,
  ],
  [
    'targeted policy with two policies',
    'policies: [{name: {name: a, namespace: b}, target: {route: {name: a, namespace: b}}, policy: {cors: {}, csrf: {}}}]',
    'MANY_BRANCHES policies.0.policy.csrf',
  ],
  ['MCP target name', 'mcp: {targets: [{name: A_b, stdio: {cmd: x}}]}', 'BAD_NAME mcp.targets.0.name'],
  ['MCP target by port alone', 'mcp: {targets: [{name: a, mcp: {port: 1}}]}', 'NO_BRANCH mcp.targets.0.mcp'],
  [
    'MCP target with a path alone',
    'mcp: {targets: [{name: a, mcp: {host: a, path: /x}}]}',
    'MISSING_KEY mcp.targets.0.mcp',
  ],
  [
    'MCP target by name and host',
    'mcp: {targets: [{name: a, sse: {backend: b, host: "a:1"}}]}',
    'KEY_CONFLICT mcp.targets.0.sse.host',
  ],
  [
    'stdio with policies',
    'mcp: {targets: [{name: a, stdio: {cmd: x}, policies: {}}]}',
    'KEY_CONFLICT mcp.targets.0.policies',
  ],
  ['retry without codes', inRoute('{retry: {}}'), `MISSING_KEY ${POLICY}.retry`],
  [
    'retry without tries',
    inRoute('{retry: {attempts: 0, codes: [503]}}'),
    `BAD_NUMBER ${POLICY}.retry.attempts`,
  ],
  ['address to listen on', 'config: {adminAddr: "example.com:1"}', 'BAD_ADDRESS config.adminAddr'],
  ['session key', 'config: {session: {key: abc}}', 'BAD_LENGTH config.session.key'],
  [
    'network authorization over gRPC',
    'frontendPolicies: {networkExtAuthz: {host: "a:1"}}',
    'MISSING_KEY frontendPolicies.networkExtAuthz',
  ],
  ['null where a value is needed', 'binds: null', 'WRONG_TYPE binds'],
  ['a list as the config', '[]', 'WRONG_TYPE '],
]

describe('accepted', () => {
  test.each(Object.entries(GOOD))('%s', (_, configs) => {
    for (const yaml of configs) expect(check(yaml), yaml).toEqual([])
  })
})

describe('found, and nothing besides', () => {
  test.each(BAD)('%s', (_, yaml, ...findings) => {
    expect(check(yaml)).toEqual(findings)
  })
})
