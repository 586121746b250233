import { describe, expect, it } from 'vitest'
import { exported, GATEWAY, withPolicies } from './exported.ts'

const PREFIX = 'matches: [{ path: { pathPrefix: /a } }],'

describe('what a rule does with requests', () => {
  const table: [what: string, policies: string, rule: object, route?: string][] = [
    [
      'headers',
      'requestHeaderModifier: { add: { x-a: "1" }, set: { x-b: "2" }, remove: [x-c] }, responseHeaderModifier: { remove: [server] }',
      {
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              add: [{ name: 'x-a', value: '1' }],
              set: [{ name: 'x-b', value: '2' }],
              remove: ['x-c'],
            },
          },
          { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['server'] } },
        ],
      },
    ],
    [
      'a host and a path anew',
      'urlRewrite: { authority: { host: b.example.com }, path: { full: /x } }',
      {
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: {
              hostname: 'b.example.com',
              path: { type: 'ReplaceFullPath', replaceFullPath: '/x' },
            },
          },
        ],
      },
    ],
    [
      'another prefix',
      'urlRewrite: { path: { prefix: / } }',
      {
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
          },
        ],
      },
      PREFIX,
    ],
    [
      'times',
      'timeout: { requestTimeout: 1.5s, backendRequestTimeout: 500ms }',
      { timeouts: { request: '1s500ms', backendRequest: '500ms' } },
    ],
  ]
  it.each(table)('has %s', (_, policies, rule, route) => {
    const { left, rules } = exported(withPolicies(policies, route))
    expect(left).toEqual([])
    expect(rules).toMatchObject([rule])
  })

  it('has the host that a backend is called by in a policy', () => {
    const { left, traffic, rules } = exported(withPolicies('urlRewrite: { authority: none }'))
    expect([left, traffic]).toEqual([[], [{ hostRewrite: { mode: 'None' } }]])
    expect(rules[0]).not.toHaveProperty('filters')
  })

  it('has a rule for each match where a prefix is put in their place', () => {
    const { left, rules } = exported(
      withPolicies(
        'urlRewrite: { path: { prefix: /x } }',
        'matches: [{ path: { pathPrefix: /a } }, { path: { pathPrefix: /b }, method: GET }],',
      ),
    )
    expect(left).toEqual([])
    expect(rules.map(rule => rule['matches'])).toEqual([
      [{ path: { type: 'PathPrefix', value: '/a' } }],
      [{ path: { type: 'PathPrefix', value: '/b' }, method: 'GET' }],
    ])
  })

  it('has redirects and answers without a backend', () => {
    const { left, rules, traffic } = exported(`${GATEWAY}routes:
- { name: a, policies: { requestRedirect: { scheme: https, authority: { full: "b.example.com:8443" }, path: { prefix: /x }, status: 301 } } }
- { name: b, policies: { directResponse: { status: 204 } } }
`)
    expect(left).toEqual([])
    expect(rules).toEqual([
      {
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: {
              scheme: 'https',
              hostname: 'b.example.com',
              port: 8443,
              path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/x' },
              statusCode: 301,
            },
          },
        ],
      },
      {},
    ])
    expect(traffic).toEqual([{ directResponse: { status: 204 } }])
  })

  const refused: [what: string, text: string, left: string][] = [
    [
      'a header without a value',
      withPolicies('requestHeaderModifier: { set: { x-a: "" } }'),
      'routes[0].policies.requestHeaderModifier: the Gateway API takes no header without a value, or one so long',
    ],
    [
      'a slash at the end of a path, which the controller takes off',
      withPolicies('urlRewrite: { path: { full: /x/ } }'),
      'routes[0].policies.urlRewrite: the controller would take the slash off the end of its path',
    ],
    [
      'a prefix in place of a pattern',
      withPolicies('urlRewrite: { path: { prefix: /x } }', 'matches: [{ path: { regex: "/a.*" } }],'),
      'routes[0].policies.urlRewrite: a match of the route is no prefix that could be replaced',
    ],
    [
      'a port alone',
      withPolicies('urlRewrite: { authority: { port: 81 } }'),
      'routes[0].policies.urlRewrite: the Gateway API rewrites a host to a name without a port, and never a port alone',
    ],
    [
      'a call that may take longer than the request',
      withPolicies('timeout: { requestTimeout: 1s, backendRequestTimeout: 2s }'),
      'routes[0].policies.timeout: one call may take longer than the request, which the Gateway API does not take',
    ],
    [
      'a redirect beside backends',
      withPolicies('requestRedirect: { scheme: https }'),
      'routes[0]: the Gateway API has no route that redirects and leads to a backend',
    ],
    [
      'a route whose only answer has no word',
      `${GATEWAY}routes: [{ policies: { directResponse: { status: 100 } } }]\n`,
      'routes[0]: it leads to no backend',
    ],
    [
      'a host name in capitals',
      withPolicies('', 'hostnames: [A.example.com],'),
      'routes[0]: a host name of it is none that the Gateway API takes',
    ],
    [
      'a path that the Gateway API does not take',
      withPolicies('', 'matches: [{ path: { exact: "/a b" } }],'),
      'routes[0]: a match of it has no word in the Gateway API',
    ],
    [
      'two matches of one header, of which the Gateway API keeps the first',
      withPolicies(
        '',
        'matches: [{ headers: [{ name: x-a, value: { regex: "b.*" } }, { name: X-A, value: { regex: ".*c" } }] }],',
      ),
      'routes[0]: a match of it has no word in the Gateway API',
    ],
    [
      'a host on this machine, which would be that of the gateway',
      `${GATEWAY}routes: [{ backends: [{ host: "localhost:15000" }] }]\n`,
      'routes[0]: it is on this machine, where a cluster does not reach it',
    ],
    [
      'an address of the new kind',
      `${GATEWAY}routes: [{ backends: [{ host: "[2001:db8::1]:80" }] }]\n`,
      'routes[0]: its host is no name with a port',
    ],
  ]
  it.each(refused)('leaves out %s', (_, text, left) => {
    expect(exported(text).left).toEqual([left])
  })
})

describe('listeners', () => {
  it('that speak TLS have a Secret with their certificate', () => {
    const { left, of, certificates } = exported(
      'gateways: { default: { port: 443, tls: { cert: c.pem, key: k.pem } }, b: { port: 8443, listeners: [{ name: x, hostname: a.example.com, protocol: HTTPS, tls: { cert: d.pem, key: e.pem, mode: static } }] } }\n',
    )
    expect(left).toEqual([])
    expect(of('Gateway')[0]?.['spec']).toMatchObject({
      listeners: [
        {
          name: 'https-443',
          port: 443,
          protocol: 'HTTPS',
          tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'agw-https-443-tls' }] },
        },
        { name: 'https-8443', hostname: 'a.example.com', protocol: 'HTTPS' },
      ],
    })
    expect(certificates).toEqual([
      { path: ['gateways', 'default', 'tls'], cert: 'c.pem', key: 'k.pem', secret: 'agw-https-443-tls' },
      expect.objectContaining({ secret: 'agw-https-8443-tls' }),
    ])
  })

  const refused: [what: string, text: string, left: string][] = [
    [
      'who may come by certificates of their own',
      'gateways: { default: { port: 443, tls: { cert: c, key: k, root: r } } }\n',
      'gateways.default: of its tls this version writes cert and key alone',
    ],
    [
      'connections alone',
      'gateways: { default: { port: 1, protocol: TCP } }\n',
      'gateways.default: it takes no HTTP: this version writes none such',
    ],
  ]
  it.each(refused)('are left out where they ask %s', (_, text, left) => {
    expect(exported(text).left).toEqual([left])
  })
})
