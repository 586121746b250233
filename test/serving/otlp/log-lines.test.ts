import { describe, expect, it } from 'vitest'
import { startFakeCollector } from '../../helpers/otlp.ts'
import { startGrpcCollector } from '../../helpers/otlp-grpc.ts'
import { type Asked, asked, CANARY } from './export-scene.ts'

const ask = (frontendPolicies: object, request: Asked = {}) => asked({ frontendPolicies }, request)
const http = (host: string, more: object = {}) => ({ host, protocol: 'http', ...more })

describe('frontendPolicies.accessLog.otlp', () => {
  it('sends a line for each request: no body, INFO, and the fields of the log', async () => {
    const collector = await startFakeCollector()
    const before = BigInt(Date.now() - 1) * 1_000_000n
    await ask({ accessLog: { otlp: http(collector.host) } })
    expect(collector.calls).toEqual(['POST /v1/logs application/x-protobuf'])
    expect(collector.lines).toMatchObject([
      {
        scope: 'request',
        severity: [9, 'INFO'],
        hasBody: false,
        traceId: '',
        attributes: {
          'http.method': 'POST',
          'http.status': 200,
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.usage.output_tokens': 5,
          duration: expect.stringMatching(/^[\d.]+ms$/),
        },
        resource: { 'service.name': 'agentgateway' },
      },
    ])
    expect(collector.lines[0]?.time).toBeGreaterThanOrEqual(before)
    expect(collector.spans).toEqual([])
  })

  it('sends it over gRPC where the config says no protocol, as part of its trace', async () => {
    const { host, lines, spans } = await startGrpcCollector()
    await ask({ accessLog: { otlp: { host } }, tracing: { host, randomSampling: 1 } })
    expect(lines).toMatchObject([{ severity: [9, 'INFO'], attributes: { 'http.status': 200 } }])
    expect(lines[0]?.traceId).toBe(spans[0]?.traceId)
    expect(lines[0]?.spanId).toBe(spans[0]?.spanId)
    expect(lines[0]?.attributes['trace.id']).toBe(spans[0]?.traceId)
  })

  const shared = { add: { team: '"blue"' }, remove: ['http.host'] }
  it.each<[string, object, object, readonly string[]]>([
    ['those of the log where it has none', {}, { team: 'blue' }, ['http.host']],
    [
      'its own instead',
      { fields: { add: { own: '1 + 1' } } },
      { own: 2, 'http.host': '127.0.0.1' },
      ['team'],
    ],
    ['none of them', { fields: { remove: ['http.path'] } }, { 'http.method': 'POST' }, ['team', 'http.path']],
  ])('has fields: %s', async (_title, more, there, absent) => {
    const collector = await startFakeCollector()
    await ask(
      { accessLog: { ...shared, otlp: http(collector.host, more) } },
      { headers: { host: '127.0.0.1' } },
    )
    expect(collector.lines[0]?.attributes).toMatchObject(there)
    for (const name of absent) expect(collector.lines[0]?.attributes).not.toHaveProperty([name])
  })

  it.each<[string, object, object, number]>([
    ['the filter of the log', { filter: 'response.code >= 500' }, {}, 0],
    ['its own before that', { filter: 'response.code >= 500' }, { filter: 'response.code == 200' }, 1],
    ['its own alone', {}, { filter: 'response.code == 201' }, 0],
  ])('sends what is wanted by %s', async (_title, log, more, count) => {
    const collector = await startFakeCollector()
    await ask({ accessLog: { ...log, otlp: http(collector.host, more) } })
    expect(collector.lines).toHaveLength(count)
  })

  it('sends no key, wherever it stood', async () => {
    const collector = await startFakeCollector()
    const add = { note: 'request.headers["x-note"]', key: 'request.headers["authorization"]' }
    const headers = { 'x-note': CANARY, authorization: `Bearer ${CANARY}` }
    const path = `/v1/chat/completions?a=${CANARY}`
    await ask({ accessLog: { otlp: http(collector.host, { fields: { add } }) } }, { headers, path })
    expect(collector.lines).toHaveLength(1)
    expect(collector.bytes()).not.toContain('sk-canary')
    expect(collector.bytes()).not.toContain('sk-gateway-key')
  })

  it('says once that lines are lost, and the answer still goes', async () => {
    const collector = await startFakeCollector(400)
    const { status, notes } = await ask({ accessLog: { otlp: http(collector.host) } })
    expect(status).toBe(200)
    expect(notes).toEqual([
      expect.stringMatching(/^lines of the access log do not reach http:.*\(status 400\) and are lost$/),
    ])
  })
})
