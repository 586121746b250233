import { describe, expect, test } from 'vitest'
import { type Cases, diagnosticsIn, findingsIn, told } from './findings-in.ts'

const ROUTES = 'routes: [{backends: [{host: "localhost:9000"}]}]'
const TLS = 'tls: {cert: /c.pem, key: /k.pem}'

describe('ports', () => {
  const cases: Cases = [
    [
      'two binds',
      `binds:\n- {port: 1, listeners: [{${ROUTES}}]}\n- {port: 1, listeners: [{${ROUTES}}]}\n`,
      ['PORT_TAKEN 3'],
    ],
    [
      'a bind and a gateway',
      `binds:\n- {port: 1, listeners: [{${ROUTES}}]}\ngateways:\n  a: {port: 1}\n`,
      ['PORT_TAKEN 4'],
    ],
    ['two gateways', 'gateways:\n  a: {port: 1}\n  b: {port: 1}\n', ['PORT_TAKEN 3']],
    [
      'llm on the port it has by itself',
      'gateways:\n  a: {port: 4000}\nllm:\n  models: []\n',
      ['PORT_TAKEN 3'],
    ],
    ['llm at the default gateway', 'gateways:\n  default: {port: 4000}\nllm:\n  models: []\n', []],
    [
      'mcp and llm',
      'llm:\n  port: 3000\n  models: []\nmcp:\n  targets: []\n',
      ['DEPRECATED 2', 'PORT_TAKEN 4'],
    ],
    [
      'internal binds without a port',
      `binds:\n- {mode: internal, listeners: [{${ROUTES}}]}\n- {mode: internal, listeners: [{${ROUTES}}]}\n`,
      ['PORT_TAKEN 3'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('listeners of one port', () => {
  const gateway = (...entries: readonly string[]): string =>
    `gateways:\n  a:\n    port: 1\n    listeners:\n${entries.map(entry => `    - {${entry}}\n`).join('')}`
  const bind = (...entries: readonly string[]): string =>
    `binds:\n- port: 1\n  listeners:\n${entries.map(entry => `  - {${entry}}\n`).join('')}`
  const tcp = 'tcpRoutes: [{backends: [{host: "localhost:9000"}]}]'
  const cases: Cases = [
    [
      'HTTP and TCP at a gateway',
      gateway('name: a, hostname: a.example.com', 'name: b, protocol: TCP'),
      ['MIXED_LISTENERS 6'],
    ],
    [
      'TLS and plain at a gateway',
      gateway(`hostname: a.example.com, ${TLS}`, 'hostname: b.example.com'),
      ['MIXED_LISTENERS 6'],
    ],
    [
      'HTTPS and TLS at a gateway',
      gateway(`hostname: a.example.com, ${TLS}`, 'hostname: b.example.com, protocol: TLS'),
      [],
    ],
    [
      'HTTP beside HTTPS at a bind',
      bind(ROUTES, `protocol: HTTPS, ${TLS}, ${ROUTES}`),
      ['MIXED_LISTENERS 4'],
    ],
    ['HTTP beside TCP at a bind', bind(`protocol: TCP, ${tcp}`, ROUTES), ['MIXED_LISTENERS 5']],
    [
      'for the same host',
      bind(`hostname: a.example.com, ${ROUTES}`, `hostname: a.example.com, ${ROUTES}`),
      ['LISTENER_AMBIGUOUS 5'],
    ],
    ['for other hosts', bind(`hostname: a.example.com, ${ROUTES}`, ROUTES), []],
    [
      'of the same name',
      bind(`name: x, hostname: a.example.com, ${ROUTES}`, `name: x, ${ROUTES}`),
      ['NAME_REPLACED 5'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('references to gateways', () => {
  const at = (gateways: string, reference: string): string =>
    `gateways: ${gateways}\nroutes:\n- gateways: ${reference}\n  backends: [{host: "localhost:9000"}]\n`
  const cases: Cases = [
    ['a gateway', at('{a: {port: 1}}', 'a'), []],
    [
      'a listener',
      at('{a: {port: 1, listeners: [{name: l}, {hostname: x.example.com}]}}', '[a/l, a/listener1]'),
      [],
    ],
    [
      'a listener that is not there',
      at('{a: {port: 1, listeners: [{name: l}]}}', 'a/m'),
      ['UNKNOWN_GATEWAY 3'],
    ],
    ['a gateway for TCP', at('{a: {port: 1, protocol: TCP}}', 'a'), ['UNKNOWN_GATEWAY 3']],
    ['the second of a list', at('{a: {port: 1}}', '[a, b]'), ['UNKNOWN_GATEWAY 3']],
    [
      'none, and no default',
      'gateways: {a: {port: 1}}\nroutes:\n- backends: [{host: "localhost:9000"}]\n',
      ['NO_GATEWAY 3'],
    ],
    [
      'none, and the default is for TCP',
      'gateways: {default: {port: 1, protocol: TCP}}\nui: {}\n',
      ['NO_GATEWAY 2'],
    ],
    ['llm takes a port of its own', 'llm:\n  models: []\n', []],
    ['llm names one', 'llm:\n  gateways: a\n  models: []\n', ['UNKNOWN_GATEWAY 2']],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('a near name is offered', () => {
    const [finding] = diagnosticsIn(at('{public: {port: 1}}', 'pubic'))
    expect(finding?.hint).toBe('did you mean "public"?')
  })
})

describe('nothing that answers', () => {
  const web = 'gateways: {web: {port: 8080}}\n'
  const route = (more = ''): string => `routes:\n- backends: [{host: "localhost:9000"}]\n${more}`
  const cases: Cases = [
    ['no section that listens', 'config: {}\n', ['NOTHING_ANSWERS 1']],
    ['only backends', 'backends:\n- {name: a, host: "localhost:9000"}\n', ['NOTHING_ANSWERS 1']],
    ['binds that are empty', 'config: {}\nbinds: []\n', ['NOTHING_ANSWERS 2']],
    ['a bind without listeners', 'binds:\n- port: 8080\n  listeners: []\n', ['NOTHING_ANSWERS 3']],
    [
      'a listener without routes',
      'binds:\n- port: 8080\n  listeners:\n  - routes: []\n',
      ['NOTHING_ANSWERS 4'],
    ],
    [
      'a TCP listener without routes',
      'binds:\n- port: 8080\n  listeners:\n  - {protocol: TCP, tcpRoutes: []}\n',
      ['NOTHING_ANSWERS 4'],
    ],
    [
      'a bind that is a tunnel',
      'binds:\n- port: 8080\n  tunnelProtocol: connect\n  listeners: [{routes: []}]\n',
      [],
    ],
    ['a gateway that no route names', web, ['NOTHING_ANSWERS 1']],
    [
      'one of two gateways',
      `gateways:\n  default: {port: 8080}\n  web: {port: 8081}\n${route()}`,
      ['NOTHING_ANSWERS 3'],
    ],
    [
      'one of two listeners',
      `gateways:\n  web:\n    port: 8080\n    listeners:\n    - {name: a, hostname: a.test}\n    - {name: b, hostname: b.test}\n${route('  gateways: web/a\n')}`,
      ['NOTHING_ANSWERS 6'],
    ],
    ['a gateway that llm names', `${web}llm: {gateways: web, models: [{name: "*", provider: ollama}]}\n`, []],
    ['a gateway for TCP', 'gateways: {web: {port: 8080, protocol: TCP}}\n', ['NOTHING_ANSWERS 1']],
    [
      'a gateway for TCP with a route',
      'gateways: {web: {port: 8080, protocol: TCP}}\ntcpRoutes:\n- {gateways: web, backends: [{host: "localhost:9000"}]}\n',
      [],
    ],
    ['no model', 'llm:\n  models: []\n', ['NOTHING_ANSWERS 2']],
    ['an mcp section', 'mcp: {targets: []}\n', []],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(told(diagnosticsIn(config))).toEqual(findings)
  })
})
