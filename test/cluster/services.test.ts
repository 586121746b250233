import { describe, expect, it } from 'vitest'
import { exported, withPolicies } from './exported.ts'

const PASSES = 'requests that it stops would pass there'
const ref = (name: string) => ({ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name })

describe('what asks a service', () => {
  const table: [what: string, policies: string, traffic: object, backend: object][] = [
    [
      'limits that it counts',
      'remoteRateLimit: { host: "limits.example.com:8081", domain: d, failureMode: failOpen, descriptors: [{ entries: [{ key: user, value: apiKey.user }, { key: a, value: \'"b"\' }], type: tokens, cost: "2" }, { entries: [{ key: c, value: request.path }] }] }',
      {
        rateLimit: {
          global: {
            backendRef: ref('a-limits'),
            domain: 'd',
            descriptors: [
              {
                entries: [
                  { name: 'user', expression: 'apiKey.user' },
                  { name: 'a', expression: '"b"' },
                ],
                unit: 'Tokens',
                cost: '2',
              },
              { entries: [{ name: 'c', expression: 'request.path' }] },
            ],
            failureMode: 'FailOpen',
          },
        },
      },
      { static: { host: 'limits.example.com', port: 8081 } },
    ],
    [
      'a limit beside it',
      'localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 1s }], remoteRateLimit: { host: "https://limits.example.com", domain: d, descriptors: [{ entries: [{ key: c, value: request.path }] }] }',
      {
        rateLimit: {
          local: [{ requests: 1, unit: 'Seconds' }],
          global: {
            backendRef: ref('a-limits'),
            domain: 'd',
            descriptors: [{ entries: [{ name: 'c', expression: 'request.path' }] }],
          },
        },
      },
      { static: { host: 'limits.example.com', port: 443 }, policies: { tls: {} } },
    ],
    [
      'who may pass, over gRPC',
      'extAuthz: { host: "auth.example.com:9000", policies: { backendTLS: { hostname: auth.test } }, protocol: { grpc: { context: { a: b }, metadata: { m: jwt.sub } } }, failureMode: allow, cache: { key: [request.path], ttl: \'duration("5m")\' } }',
      {
        extAuth: {
          backendRef: ref('a-auth'),
          grpc: { contextExtensions: { a: 'b' }, requestMetadata: { m: 'jwt.sub' } },
          failureMode: 'FailOpen',
          cache: { key: ['request.path'], ttl: 'duration("5m")' },
        },
      },
      { static: { host: 'auth.example.com', port: 9000 }, policies: { tls: { sni: 'auth.test' } } },
    ],
    [
      'without a word on how',
      'extAuthz: { host: "auth.example.com:9000" }',
      { extAuth: { backendRef: ref('a-auth'), grpc: {} } },
      {},
    ],
    [
      'over HTTP, under a condition',
      `extAuthz: { conditional: [{ condition: 'request.method == "POST"', host: "auth.example.com:80", protocol: { http: { path: '"/check"', redirect: '"/login"', includeResponseHeaders: [x-user], addRequestHeaders: { x-a: jwt.sub }, metadata: { u: response.code } } }, includeRequestHeaders: [x-b] }] }`,
      {
        extAuth: {
          conditional: [
            {
              condition: 'request.method == "POST"',
              policy: {
                backendRef: ref('a-auth'),
                http: {
                  path: '"/check"',
                  redirect: '"/login"',
                  allowedRequestHeaders: ['x-b'],
                  allowedResponseHeaders: ['x-user'],
                  addRequestHeaders: { 'x-a': 'jwt.sub' },
                  responseMetadata: { u: 'response.code' },
                },
              },
            },
          ],
        },
      },
      {},
    ],
  ]
  it.each(table)('is written: %s', (_, policies, words, backend) => {
    const { of, left, traffic } = exported(withPolicies(policies))
    expect(left).toEqual([])
    expect(traffic).toEqual([words])
    const [service] = of('AgentgatewayBackend').filter(one => /^a-(?:auth|limits)$/.test(one.metadata.name))
    expect(service?.['spec']).toMatchObject(backend)
  })

  const one = 'domain: d, descriptors: [{ entries: [{ key: c, value: request.path }] }]'
  it.each([
    [`remoteRateLimit: { backend: a, ${one} }`, 'those with a host alone are written'],
    [`remoteRateLimit: { host: "127.0.0.1:8081", ${one} }`, 'it is on this machine'],
    [`remoteRateLimit: { host: "unix:/run/limits", ${one} }`, 'the address of its service has no word there'],
    [
      `remoteRateLimit: { host: "h.example.com:1", policies: { backendAuth: { key: k } }, ${one} }`,
      'backendTLS alone is written',
    ],
    [
      'remoteRateLimit: { host: "h.example.com:1", domain: d, descriptors: [{ entries: [{ key: c, value: request.path }], limitOverride: "1" }] }',
      'no word for limitOverride',
    ],
    [
      `remoteRateLimit: { host: "h.example.com:1", ${one} }, localRateLimit: { conditional: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 1s }] }`,
      'of which one has conditions',
    ],
    ['extAuthz: { host: "h.example.com:1", failureMode: { denyWithStatus: 503 } }', 'a status of its own'],
    [
      'extAuthz: { host: "h.example.com:1", includeRequestBody: { maxRequestBytes: 1 } }',
      'the body that is shown',
    ],
    ['extAuthz: { host: "h.example.com:1", includeRequestHeaders: [x-a] }', 'a service is shown over gRPC'],
    [
      'extAuthz: { host: "h.example.com:1", protocol: { grpc: { context: { api-key: k } } } }',
      'may hold a credential',
    ],
  ])('is left over, and why: %s', (policies, why) => {
    const { left } = exported(withPolicies(policies))
    expect(left).toHaveLength(1)
    expect(left[0]).toContain(why)
    expect(left[0]).toContain(PASSES)
  })
})
