import { describe, expect, test } from 'vitest'
import { diagnosticsIn, findingsIn } from './findings-in.ts'

const HEAD = 'gateways: {default: {port: 8080}}\nroutes:\n'
const BACKEND = 'backends: [{host: "localhost:9000"}]'

/** Routes from line 3 on, each on a line of its own. */
function routes(...entries: readonly string[]): string {
  return HEAD + entries.map(entry => `- {${entry === '' ? '' : `${entry}, `}${BACKEND}}\n`).join('')
}

const path = (match: string): string => `matches: [{path: {${match}}}]`

describe('a backend at the port of its own gateway', () => {
  const to = (host: string, more = ''): string => `${HEAD}- {${more}backends: [{host: "${host}"}]}\n`
  const cases: readonly (readonly [what: string, config: string, findings: readonly string[]])[] = [
    ['by name', to('localhost:8080'), ['BACKEND_LEADS_BACK 3']],
    ['by address', to('127.0.0.1:8080'), ['BACKEND_LEADS_BACK 3']],
    ['by address of another family', to('[::1]:8080'), ['BACKEND_LEADS_BACK 3']],
    [
      'a provider',
      `${HEAD}- backends:\n  - ai: {name: a, provider: {openAI: {}}, hostOverride: "localhost:8080"}\n`,
      ['BACKEND_LEADS_BACK 4'],
    ],
    [
      'a named one',
      `${HEAD}- {backends: [{backend: /b}]}\nbackends: [{name: b, host: "localhost:8080"}]\n`,
      ['BACKEND_LEADS_BACK 4'],
    ],
    [
      'of a bind',
      'binds: [{port: 80, listeners: [{routes: [{backends: [{host: "localhost:80"}]}]}]}]',
      ['BACKEND_LEADS_BACK 1'],
    ],
    [
      'models at the port that they have unasked',
      'llm: {models: [{name: a, provider: openAI, params: {apiKey: "$K", baseUrl: "http://localhost:4000/v1"}}]}',
      ['BACKEND_LEADS_BACK 1'],
    ],
    ['another port', to('localhost:8081'), []],
    ['another machine', to('api.example.com:8080'), []],
    ['a path of another route', to('localhost:8080', 'policies: {urlRewrite: {path: {full: /b}}}, '), []],
    [
      'a path of another route, made of it where a named one is called',
      `${HEAD}- {backends: [{backend: /b, policies: {transformations: {request: {set: {":path": '"/b"'}}}}}]}\nbackends: [{name: b, host: "localhost:8080"}]\n`,
      [],
    ],
    ['a route that another host is needed for', to('localhost:8080', 'hostnames: [a.test], '), []],
    [
      'another gateway',
      `gateways: {default: {port: 8080}, b: {port: 8081}}\nroutes:\n- backends: [{host: "localhost:8081"}]\n- {gateways: b, backends: [{host: "localhost:9000"}]}`,
      [],
    ],
    [
      'a model that goes on as another one',
      'llm: {models: [{name: a, provider: openAI, params: {apiKey: "$K", model: b, baseUrl: "http://localhost:4000/v1"}}]}',
      [],
    ],
  ]
  test.each(cases)('%s', (_what, config, findings) => {
    expect(findingsIn(config, { K: 'example-0f9a7c2e51d84b36' })).toEqual(findings)
  })
})

describe('a route that never gets a request', () => {
  const cases: readonly (readonly [what: string, config: string, findings: readonly string[]])[] = [
    ['the same prefix twice', routes(path('pathPrefix: /a'), path('pathPrefix: /a')), ['ROUTE_SHADOWED 4']],
    ['no matches at all, twice', routes('', ''), ['ROUTE_SHADOWED 4']],
    [
      'a prefix with a slash at its end is the longer one',
      routes(path('pathPrefix: /a'), path('pathPrefix: /a/')),
      ['ROUTE_SHADOWED 3'],
    ],
    ['exact paths differ by a slash', routes(path('exact: /a'), path('exact: /a/')), []],
    ['a longer prefix goes first', routes(path('pathPrefix: /a'), path('pathPrefix: /a/b')), []],
    [
      'names decide, not the order',
      routes(`name: b, ${path('exact: /a')}`, `name: a, ${path('exact: /a')}`),
      ['ROUTE_SHADOWED 3'],
    ],
    [
      'namespaces are compared before names',
      routes(`name: a, namespace: z, ${path('exact: /a')}`, `name: b, ${path('exact: /a')}`),
      ['ROUTE_SHADOWED 3'],
    ],
    ['a method makes it special', routes('', 'matches: [{method: GET}]'), []],
    ['the same method', routes('matches: [{method: GET}]', 'matches: [{method: GET}]'), ['ROUTE_SHADOWED 4']],
    [
      'the same headers in another order and another case',
      routes(
        'matches: [{headers: [{name: X-A, value: {exact: "1"}}, {name: x-b, value: {exact: "2"}}]}]',
        'matches: [{headers: [{name: x-b, value: {exact: "2"}}, {name: x-a, value: {exact: "1"}}]}]',
      ),
      ['ROUTE_SHADOWED 4'],
    ],
    [
      'query parameters are told apart by case',
      routes(
        'matches: [{query: [{name: A, value: {exact: "1"}}]}]',
        'matches: [{query: [{name: a, value: {exact: "1"}}]}]',
      ),
      [],
    ],
    ['another host', routes('hostnames: [a.example.com]', 'hostnames: [b.example.com]'), []],
    ['no host is tried after any host', routes('', 'hostnames: ["*.example.com"]'), []],
    [
      'one of two hosts is free',
      routes('hostnames: [a.example.com]', 'hostnames: [a.example.com, b.example.com]'),
      [],
    ],
    [
      'both of two hosts are taken',
      routes('hostnames: [a.example.com, b.example.com]', 'hostnames: [b.example.com, a.example.com]'),
      ['ROUTE_SHADOWED 4'],
    ],
    [
      'an expression for every path is longer than the prefix for every path',
      routes(path('pathPrefix: /'), path('regex: "/.*"')),
      ['ROUTE_SHADOWED 3'],
    ],
    [
      'an expression for every path is shorter than this prefix',
      routes(path('pathPrefix: /api'), path('regex: "/.*"')),
      [],
    ],
    ['an exact path goes before any expression', routes(path('exact: /'), path('regex: "/.*"')), []],
    [
      'one of its matches is taken',
      routes(path('exact: /a'), 'matches: [{path: {exact: /b}}, {path: {exact: /a}}]'),
      ['ROUTE_SHADOWED 4'],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })

  test('is told who wins, and where that stands', () => {
    const [finding] = diagnosticsIn(routes(`name: all, ${path('pathPrefix: /')}`, 'name: some'))
    expect(finding?.message).toBe('this route never gets a request: the route "all" in line 3 takes them all')
  })

  test('unnamed ones are called route0, route1, route10, route2: the order of letters decides', () => {
    const other = Array.from({ length: 11 }, (_, index) =>
      index === 2 || index === 10 ? '' : path(`exact: /${index}`),
    )
    const [finding, ...more] = diagnosticsIn(routes(...other))
    expect(more).toEqual([])
    expect(finding?.code).toBe('ROUTE_SHADOWED')
    expect(finding?.range.start.line).toBe(5)
    expect(finding?.message).toContain('line 13')
    expect(finding?.hint).toContain('route10 comes before route2')
  })

  test('one free listener is enough', () => {
    const config = `gateways: {a: {port: 8080}, b: {port: 8081}}
routes:
- {gateways: a, ${BACKEND}}
- {gateways: [a, b], ${BACKEND}}
- {gateways: b, hostnames: [a.example.com], ${BACKEND}}
`
    expect(findingsIn(config)).toEqual([])
  })

  test('the llm section is one of them when a route takes every path of its gateway', () => {
    const config = `${routes('')}llm:\n  models: []\n`
    const [finding] = diagnosticsIn(config)
    expect(finding?.message).toBe('the llm section never gets a request: the route in line 3 takes them all')
    expect(findingsIn(`${routes(path('pathPrefix: /api'))}llm:\n  models: []\n`)).toEqual([])
  })

  test('route groups and binds are looked at as well', () => {
    const groups = `${routes('').replace('host: "localhost:9000"', 'routeGroup: g')}routeGroups:
- name: g
  routes:
  - {${BACKEND}}
  - {${BACKEND}}
`
    expect(findingsIn(groups)).toEqual(['ROUTE_SHADOWED 8'])
    const binds = `binds:\n- port: 1\n  listeners:\n  - routes:\n    - {${BACKEND}}\n    - {${BACKEND}}\n`
    expect(findingsIn(binds)).toEqual(['ROUTE_SHADOWED 6'])
  })

  test('of two with the same name the first is replaced, which is a finding of its own', () => {
    expect(findingsIn(routes('name: a', 'name: a'))).toEqual(['NAME_REPLACED 4'])
    expect(findingsIn(routes('name: a', 'name: a, namespace: b'))).toEqual(['ROUTE_SHADOWED 3'])
    expect(findingsIn(routes('name: route1', ''))).toEqual(['NAME_REPLACED 4'])
  })
})

describe('a tie that names decide', () => {
  const on = (name: string, value = '1'): string =>
    `matches: [{headers: [{name: ${name}, value: {exact: "${value}"}}]}]`

  test('is found when the order of the file is turned around', () => {
    expect(findingsIn(routes(`name: b, ${on('x-b')}`, `name: a, ${on('x-a')}`))).toEqual(['ROUTE_TIE 4'])
    expect(findingsIn(routes(`name: a, ${on('x-b')}`, `name: b, ${on('x-a')}`))).toEqual([])
  })

  test('is none where no request can fit both', () => {
    expect(findingsIn(routes(`name: b, ${on('x-a', '1')}`, `name: a, ${on('x-a', '2')}`))).toEqual([])
  })
})

describe('a host that does not get to its route', () => {
  const listeners = (...entries: readonly (readonly [string, string])[]): string =>
    `binds:\n- port: 8080\n  listeners:\n${entries
      .map(
        ([listener, host]) =>
          `  - {hostname: "${listener}", routes: [{hostnames: ["${host}"], ${BACKEND}}]}\n`,
      )
      .join('')}`

  const cases: readonly (readonly [what: string, config: string, findings: readonly string[]])[] = [
    ['another name', listeners(['a.example.com', 'b.example.com']), ['ROUTE_HOST_MISSED 4']],
    ['the same name', listeners(['a.example.com', 'a.example.com']), []],
    ['below the star', listeners(['*.example.com', 'a.b.example.com']), []],
    ['not below the star', listeners(['*.example.com', 'example.com']), ['ROUTE_HOST_MISSED 4']],
    ['a star that takes the name in', listeners(['a.example.com', '*.example.com']), []],
    ['a star elsewhere', listeners(['*.example.com', '*.example.org']), ['ROUTE_HOST_MISSED 4']],
    ['a listener for all hosts', listeners(['', 'a.example.com']), []],
    ['a star alone', listeners(['*', '*']), ['ROUTE_HOST_MISSED 4']],
    ['no name', listeners(['', '']), ['ROUTE_HOST_MISSED 4']],
    [
      'a listener that has the host by name',
      listeners(['*.example.com', 'a.example.com'], ['a.example.com', 'a.example.com']),
      ['ROUTE_HOST_MISSED 4'],
    ],
  ]

  test.each(cases)('%s', (_, config, findings) => {
    expect(findingsIn(config)).toEqual(findings)
  })
})

describe('a match that nothing meets', () => {
  const cases: readonly (readonly [match: string, findings: readonly string[]])[] = [
    ['path: {exact: api}', ['MATCH_NEVER 3']],
    ['path: {exact: ""}', ['MATCH_NEVER 3']],
    ['path: {pathPrefix: ""}', []],
    ['path: {pathPrefix: "/api?x=1"}', ['MATCH_NEVER 3']],
    ['path: {pathPrefix: "/api/*"}', ['MATCH_NEVER 3']],
    ['path: {exact: "https://a.example.com/"}', ['MATCH_NEVER 3']],
    ['method: get', ['MATCH_NEVER 3']],
    ['method: GET', []],
    ['path: {regex: "/a|/ab"}', ['REGEX_SPAN 3']],
    ['path: {regex: "/ab|/a"}', []],
    ['path: {regex: "^(?:/a|/ab)$"}', []],
    ['path: {regex: "/a.*?"}', ['REGEX_SPAN 3']],
    ['path: {regex: "/a\\\\.?"}', []],
    ['headers: [{name: x-a, value: {regex: "a|ab"}}]', ['REGEX_SPAN 3']],
    ['headers: [{name: Host, value: {exact: a.example.com}}]', ['MATCH_NEVER 3']],
    ['headers: [{name: ":status", value: {exact: "200"}}]', ['MATCH_NEVER 3']],
    ['headers: [{name: ":authority", value: {exact: a.example.com}}]', []],
    ['query: [{name: host, value: {exact: a.example.com}}]', []],
  ]

  test.each(cases)('%s', (match, findings) => {
    expect(findingsIn(routes(`matches: [{${match}}]`))).toEqual(findings)
  })
})

describe('routes without an answer', () => {
  test('a redirect or a direct response is one', () => {
    const answer = (policies: string): string => `${HEAD}- policies: {${policies}}\n`
    expect(findingsIn(answer('requestRedirect: {scheme: https}'))).toEqual([])
    expect(findingsIn(answer('directResponse: {status: 404}'))).toEqual([])
    expect(findingsIn(answer('cors: {}'))).toEqual(['ROUTE_WITHOUT_BACKEND 3'])
  })

  test('TCP routes need a backend too', () => {
    expect(
      findingsIn('binds:\n- port: 1\n  listeners:\n  - {protocol: TCP, tcpRoutes: [{name: a}]}\n'),
    ).toEqual(['ROUTE_WITHOUT_BACKEND 4'])
  })

  test('one weight above 0 is enough', () => {
    const weights = (...all: readonly number[]): string =>
      `${HEAD}- backends: [${all.map(weight => `{host: "localhost:9000", weight: ${weight}}`).join(', ')}]\n`
    expect(findingsIn(weights(0, 1))).toEqual([])
    expect(findingsIn(weights(0, 0))).toEqual(['NO_WEIGHT 3'])
  })
})
