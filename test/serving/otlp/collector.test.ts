import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { startUpstream } from '../../gateway/kit/upstream.ts'
import { tempFolder } from '../../helpers/agw.ts'
import { startGrpcCollector } from '../../helpers/otlp-grpc.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import {
  ANSWER,
  ask,
  asked,
  CANARY,
  model,
  runtimeWith,
  serveWith,
  TRACEPARENT,
  traced,
  tracingTo,
} from './export-scene.ts'

afterEach(() => vi.unstubAllEnvs())

describe('a collector of gRPC', () => {
  it('gets spans where the config says no protocol', async () => {
    const { host, spans, calls } = await startGrpcCollector()
    await asked(tracingTo(host, { randomSampling: true }))
    expect(spans).toMatchObject([
      {
        kind: 2,
        attributes: { 'gen_ai.request.model': 'gpt-4o' },
        resource: { 'service.name': 'agentgateway' },
      },
    ])
    expect(calls).toHaveLength(1)
  })

  it('is called in the older place too, with the headers of the config, which nobody else sees', async () => {
    const { host, spans, calls, bytes } = await startGrpcCollector()
    const tracing = {
      otlpEndpoint: `http://${host}`,
      headers: { Authorization: 'Basic sk-canary-header' },
      fields: { add: { 'span.name': '"openai.chat"', team: '"blue"' }, remove: ['http.host'] },
      randomSampling: true,
    }
    const { notes } = await asked({ config: { tracing } })
    expect(calls[0]?.get('authorization')).toBe('Basic sk-canary-header')
    expect(spans).toMatchObject([{ name: 'openai.chat', attributes: { team: 'blue' } }])
    expect(Object.keys(spans[0]?.attributes ?? {})).not.toContain('http.host')
    expect(bytes() + notes.join()).not.toContain('sk-canary')
  })

  it('is called with TLS where its address says so, by the certificate that the environment names', async () => {
    const { ca, cert, key } = makeCertificate(['127.0.0.1'])
    const file = join(await tempFolder(), 'ca.pem')
    writeFileSync(file, ca)
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', file)
    const { host, spans } = await startGrpcCollector({ tls: { cert, key } })
    await asked(tracingTo(`https://${host}`, { randomSampling: true }))
    expect(spans).toHaveLength(1)
  })

  it('gets the headers of the environment, those for traces before the others, and what is asked for compressed', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-team=blue,X-Key=general')
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'X-Key=sk%2Dcanary')
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip')
    // The address is the config's alone.
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
    const { host, spans, calls } = await startGrpcCollector()
    await asked(tracingTo(host, { randomSampling: true }))
    expect(spans).toHaveLength(1)
    const [call] = calls
    expect([call?.get('x-team'), call?.get('x-key'), call?.get('grpc-encoding')]).toEqual([
      'blue',
      'sk-canary',
      'gzip',
    ])
  })

  it('is told of the gateway what the environment says, and rather what the config does', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'edge')
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=not this,deployment.environment=test,region=us')
    const { host, lines, spans } = await startGrpcCollector()
    const tracing = { host, randomSampling: true, resources: { region: '"eu"' } }
    await asked({ frontendPolicies: { accessLog: { otlp: { host } }, tracing } })
    const told = { 'service.name': 'edge', 'deployment.environment': 'test' }
    expect(spans[0]?.resource).toEqual({ ...told, region: 'eu' })
    expect(lines[0]?.resource).toEqual({ ...told, region: 'us' })
  })

  it('gets no key, wherever it stood', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', `note=of ${CANARY}`)
    const { host, lines, spans, bytes } = await startGrpcCollector()
    const attributes = { note: 'request.headers["x-note"]', 'span.name': 'request.headers["x-note"]' }
    const tracing = { host, attributes, resources: { hint: `"as ${CANARY}"` } }
    await asked(
      { frontendPolicies: { accessLog: { otlp: { host } }, tracing } },
      {
        headers: {
          traceparent: TRACEPARENT,
          tracestate: `vendor=${CANARY}`,
          authorization: `Bearer ${CANARY}`,
          'x-note': CANARY,
        },
      },
    )
    expect([spans.length, lines.length]).toEqual([1, 1])
    expect(bytes()).not.toContain('sk-canary')
    expect(bytes()).not.toContain('sk-gateway-key')
  })
})

describe('what is said of spans that are lost', () => {
  it('is said once, without what may be secret in the address, and the answer still goes', async () => {
    const tracing = { randomSampling: 1, path: '/v1/traces?token=t0ken' }
    const { calls, host, notes, sent } = await traced(tracing, { collected: 400 })
    expect(calls).toEqual(['POST /v1/traces?token=t0ken application/x-protobuf'])
    expect(sent).toBeDefined()
    expect(notes).toEqual([`spans do not reach http://${host}/v1/traces (status 400) and are lost`])
  })

  it('names the other protocol to whom has mixed them up', async () => {
    const { notes } = await traced({ randomSampling: 1, protocol: 'grpc' })
    expect(notes).toEqual([
      expect.stringMatching(/\(ERR_HTTP2\w+: it does not speak gRPC; is it one for protocol: http\?\)/),
    ])
    const { host } = await startGrpcCollector()
    const upstream = await model()
    const said: string[] = []
    const serving = await serveWith(
      await runtimeWith(upstream.port, tracingTo(host, { protocol: 'http', randomSampling: 1 })),
      said,
    )
    await ask(serving.engine.addresses[0]?.port ?? 0)
    await serving.engine.close({ drainMs: 10_000 })
    expect(said).toEqual([
      expect.stringMatching(/\(HPE_\w+: it does not speak HTTP\/1\.1; is it one for protocol: grpc\?\)/),
    ])
  })
})

describe('a reload that names another collector', () => {
  it('sends to that one from then on, and closes the way to the one before', {
    timeout: 20_000,
  }, async () => {
    const [first, second] = [await startGrpcCollector(), await startGrpcCollector()]
    const upstream = await model()
    const before = await runtimeWith(upstream.port, tracingTo(first.host, { randomSampling: 1 }))
    const serving = await serveWith(before)
    const port = serving.engine.addresses[0]?.port ?? 0
    await ask(port)
    await expect.poll(() => first.spans.length, { timeout: 5000 }).toBe(1)
    expect(first.sessions.size).toBe(1)
    const next = await runtimeWith(upstream.port, tracingTo(second.host, { randomSampling: 1 }), port)
    await serving.engine.reload(next, {} as never, new AbortController().signal)
    await ask(port)
    await expect.poll(() => second.spans.length, { timeout: 5000 }).toBe(1)
    await expect.poll(() => first.sessions.size, { timeout: 5000 }).toBe(0)
    expect(first.spans).toHaveLength(1)
    await serving.engine.close({ drainMs: 10_000 })
    await expect.poll(() => second.sessions.size).toBe(0)
  })

  it('loses no span of a request that came before it', { timeout: 20_000 }, async () => {
    const [first, second] = [await startGrpcCollector(), await startGrpcCollector()]
    let answer = (): void => {}
    const upstream = await startUpstream(response => {
      answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER)
    })
    const before = await runtimeWith(upstream.port, tracingTo(first.host, { randomSampling: 1 }))
    const serving = await serveWith(before)
    const port = serving.engine.addresses[0]?.port ?? 0
    const asked = ask(port)
    await expect.poll(() => upstream.seen.length).toBe(1)
    const next = await runtimeWith(upstream.port, tracingTo(second.host, { randomSampling: 1 }), port)
    await serving.engine.reload(next, {} as never, new AbortController().signal)
    // By now the way to the first one is closed.
    await new Promise(resolve => setTimeout(resolve, 2500))
    answer()
    await asked
    await serving.engine.close({ drainMs: 10_000 })
    expect(first.spans).toHaveLength(1)
    expect(second.spans).toHaveLength(0)
  })
})

it('a reload that makes a key known hides it in what describes the gateway, too', async () => {
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'note=of sk-later-0123456789')
  const { host, spans } = await startGrpcCollector()
  const upstream = await model()
  const tracing = tracingTo(host, { randomSampling: 1, resources: { hint: '"sk-later-0123456789"' } })
  const redactor = new Redactor()
  const serving = await serveWith(await runtimeWith(upstream.port, tracing), [], redactor)
  const port = serving.engine.addresses[0]?.port ?? 0
  await ask(port)
  redactor.add('sk-later-0123456789')
  const next = await runtimeWith(upstream.port, tracing, port)
  await serving.engine.reload(next, {} as never, new AbortController().signal)
  await ask(port)
  await serving.engine.close({ drainMs: 10_000 })
  const told = spans.map(({ resource }) => JSON.stringify(resource).includes('sk-later'))
  expect(told.toSorted()).toEqual([false, true])
})
