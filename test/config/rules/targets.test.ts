import { describe, expect, test } from 'vitest'
import { type Cases, diagnosticsIn, findingsIn } from './findings-in.ts'

describe('targets of policies', () => {
  const CHECK = `policy: {apiKey: {mode: strict, keys: [{keyHash: "sha256:${'0'.repeat(64)}"}]}}`
  const gateway = (name: string, listener = '', namespace = 'default'): string =>
    `gateway: {gatewayName: ${name}, gatewayNamespace: ${namespace}${listener && `, listenerName: ${listener}`}}`
  const policy = (to: string): string =>
    `policies:\n- name: {name: p, namespace: default}\n  target: {${to}}\n  policy: {timeout: {requestTimeout: 1s}}\n`
  const multi = (to: string): string =>
    `gateways: {multi: {port: 1, listeners: [{name: w, hostname: a.b}, {}]}}\n${policy(to)}`
  const bound = (to: string): string =>
    `binds: [{port: 1, listeners: [{name: a, hostname: a.b, routes: []}, {routes: []}]}]\n${policy(to)}`
  const target = (to: string): string => `gateways: {web: {port: 1}}
routes:
- {name: api, gateways: web, backends: [{backend: /b}]}
- {gateways: web, hostnames: [a.example.com], backends: [{backend: /b}]}
backends: [{name: b, host: "localhost:9000"}]
policies:
- name: {name: p, namespace: default}
  target: {${to}}
  policy: {timeout: {requestTimeout: 1s}}
`
  const cases: Cases = [
    ['a route', target('route: {name: api, namespace: default}'), []],
    ['a route without a name', target('route: {name: route1, namespace: default}'), []],
    [
      'a route of another namespace',
      target('route: {name: api, namespace: web}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    [
      'a rule of a route, which no route of a file has in the eyes of agentgateway',
      target('route: {name: api, namespace: default, ruleName: r}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    [
      'a check of clients at a rule of a route',
      target('route: {name: api, namespace: default, ruleName: r}').replace(/policy: .*/, CHECK),
      ['CHECK_WITHOUT_TARGET 8'],
    ],
    ['the route of the llm section', target('route: {name: "llm:request", namespace: internal}'), []],
    ['a backend', target('backend: {backend: {name: b, namespace: ""}}'), []],
    [
      'a backend in a namespace',
      target('backend: {backend: {name: b, namespace: default}}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    ['a gateway', target('gateway: {gatewayName: default, gatewayNamespace: default}'), []],
    [
      'an entry of gateways',
      target('gateway: {gatewayName: web, gatewayNamespace: default}'),
      ['POLICY_WITHOUT_TARGET 8'],
    ],
    ['a gateway that is not there', target(gateway('nogw')), ['POLICY_WITHOUT_TARGET 8']],
    ['a gateway in another namespace', target(gateway('default', '', 'x')), ['POLICY_WITHOUT_TARGET 8']],
    ['an entry of gateways as a listener', target(gateway('default', 'web')), []],
    ['a listener that is not there', target(gateway('default', 'nope')), ['POLICY_WITHOUT_TARGET 8']],
    ['a listener of an entry of gateways', multi(gateway('default', 'multi/w')), []],
    ['a listener without a name', multi(gateway('default', 'multi/listener1')), []],
    ['an entry that has listeners', multi(gateway('default', 'multi')), ['POLICY_WITHOUT_TARGET 4']],
    ['a named listener of a bind', bound(gateway('default', 'a')), []],
    ['a listener of a bind by its number', bound(gateway('default', 'listener1')), []],
    [
      'a listener of a bind that is not there',
      bound(gateway('default', 'listener0')),
      ['POLICY_WITHOUT_TARGET 4'],
    ],
    [
      'with a control plane',
      `${target(gateway('default', 'nope'))}config: {xdsAddress: "http://istiod:15010"}\n`,
      [],
    ],
    [
      'for a check of clients',
      target(gateway('default', 'nope')).replace(/policy: .*/, CHECK),
      ['CHECK_WITHOUT_TARGET 8'],
    ],
    [
      'for a check of clients at a route',
      target('route: {name: apis, namespace: default}').replace(/policy: .*/, CHECK),
      ['CHECK_WITHOUT_TARGET 8'],
    ],
  ]
  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('the hint names what can be written', () => {
    const hints = (text: string) =>
      diagnosticsIn(text).flatMap(({ code, hint }) => (code === 'POLICY_WITHOUT_TARGET' ? [hint] : []))
    const stray = hints(multi(gateway('default', 'multi')))
    expect(stray).toEqual(['name a listener of it: "multi/w", "multi/listener1"'])
    const wrong = hints(multi(gateway('multi')))
    expect(wrong).toEqual(['write gatewayName: default and listenerName: "multi/w", "multi/listener1"'])
  })
})
