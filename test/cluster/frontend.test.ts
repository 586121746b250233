import { describe, expect, it } from 'vitest'
import { exported, GATEWAY } from './exported.ts'

const frontendOf = (text: string) => {
  const { of, left } = exported(GATEWAY + text)
  return { specs: of('AgentgatewayPolicy').map(one => one['spec']), left }
}

describe('what holds for all requests, as a policy of the Gateway', () => {
  it('has limits of connections, the access log and labels of metrics', () => {
    const { specs, left } = frontendOf(`frontendPolicies:
  http: { maxBufferSize: 1048576, http1MaxHeaders: 50, http1IdleTimeout: 1.5s, maxConnectionDuration: 1h30m }
  tls: { handshakeTimeout: 5s, minVersion: TLS_V1_3 }
  accessLog: { filter: response.code >= 400, add: { user: apiKey.user }, remove: [http.method] }
config: { metrics: { fields: { add: { team: apiKey.team } } } }
`)
    expect(left).toEqual([])
    expect(specs).toEqual([
      {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'agw' }],
        frontend: {
          http: {
            maxBufferSize: 1_048_576,
            http1MaxHeaders: 50,
            http1IdleTimeout: '1s500ms',
            maxConnectionDuration: '1h30m',
          },
          tls: { handshakeTimeout: '5s', minProtocolVersion: '1.3' },
          accessLog: {
            filter: 'response.code >= 400',
            attributes: {
              add: [{ name: 'user', expression: 'apiKey.user' }],
              remove: ['http.method'],
            },
          },
          metrics: { attributes: { add: [{ name: 'team', expression: 'apiKey.team' }] } },
        },
      },
    ])
  })

  it('is not there where it would say nothing', () => {
    expect(frontendOf('frontendPolicies: { accessLog: { add: {}, remove: [] }, http: {} }\n').specs).toEqual(
      [],
    )
  })

  it.each([
    [
      'http: { http1IdleTimeout: 10ms }',
      'http.http1IdleTimeout: the controller takes whole milliseconds here, 1000 and more',
    ],
    [
      'http: { http1MaxHeaders: 5000 }',
      'http.http1MaxHeaders: the controller takes a whole number from 1 to 4096 here',
    ],
    ['http: { http2FrameSize: 16384 }', 'http'],
    [`accessLog: { add: { who: 'proxy.route.name' } }`, 'accessLog.add: an expression in it looks at names'],
    [`accessLog: { add: { who: '"$TEAM"' } }`, 'accessLog.add: a variable in it may hold a secret'],
    ['accessLog: { otlp: { host: "collector.example.com:4317" } }', 'accessLog'],
  ])('names what it leaves out: %s', (policies, start) => {
    const { left, specs } = frontendOf(`frontendPolicies: { ${policies} }\n`)
    expect(left).toEqual([expect.stringContaining(`frontendPolicies.${start}`)])
    expect(specs).toEqual([])
  })
})
