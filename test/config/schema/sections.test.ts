import {
  type Accepted,
  inListener,
  inModel,
  inRoute,
  LISTENER,
  POLICY,
  type Refused,
  testShapes,
} from './shapes.ts'

const accepted: Accepted = {
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
  'nothing at all, and no models': ['{}', 'llm: {models: []}'],
  'as many entries with conditions as there may be': [
    inRoute(`{directResponse: {conditional: [${'{condition: "true", status: 200}, '.repeat(64)}]}}`),
  ],
  'aliases, one at a time': [
    inModel('tls: {}'),
    inModel('backendTLS: {}'),
    'frontendPolicies: {proxy: {}, logging: {}}',
    'frontendPolicies: {proxyProtocol: {}, accessLog: {}}',
    inListener('{protocol: HTTPS, tls: {cert: a, key: b, minTlsVersion: TLS_V1_2}, routes: []}'),
  ],
}

const refused: Refused = [
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
    'more entries with conditions than there may be',
    inRoute(`{directResponse: {conditional: [${'{condition: "true", status: 200}, '.repeat(65)}]}}`),
    `BAD_LENGTH ${POLICY}.directResponse.conditional`,
  ],
  [
    'passwords of mode permissive',
    inRoute('{basicAuth: {mode: permissive, htpasswd: a}}'),
    `UNKNOWN_VALUE ${POLICY}.basicAuth.mode`,
  ],
  [
    'client key in a file',
    inRoute('{apiKey: {keys: [{key: {file: a}}]}}'),
    `WRONG_TYPE ${POLICY}.apiKey.keys.0.key`,
  ],
  [
    'client key with a field nobody knows',
    inRoute('{apiKey: {keys: [{key: a, owner: b}]}}'),
    `UNKNOWN_KEY ${POLICY}.apiKey.keys.0.owner`,
  ],
  ['empty id of a model', inModel('id: ""'), 'BAD_LENGTH llm.models.0.id'],
  [
    'virtual model with two ways to choose',
    'llm: {models: [], virtualModels: [{name: a, routing: {weighted: {targets: [{model: a}]}, failover: {targets: [{model: a, priority: 1}]}}}]}',
    'MANY_BRANCHES llm.virtualModels.0.routing.failover',
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
  [
    'network authorization over gRPC',
    'frontendPolicies: {networkExtAuthz: {host: "a:1"}}',
    'MISSING_KEY frontendPolicies.networkExtAuthz',
  ],
]

testShapes(accepted, refused)
