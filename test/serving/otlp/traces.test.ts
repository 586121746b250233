import { afterEach, describe, expect, it, vi } from 'vitest'
import { runtimeOf } from '../../gateway/kit/config.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startFakeCollector } from '../../helpers/otlp.ts'
import { ask, CANARY, PARENT, serveWith, TRACE, TRACEPARENT, traced, tracingTo } from './export-scene.ts'

/** The same trace, which the client does not record: https://www.w3.org/TR/trace-context/#sampled-flag */
const UNSAMPLED = TRACEPARENT.replace(/01$/, '00')

afterEach(() => vi.unstubAllEnvs())

describe('frontendPolicies.tracing', () => {
  it('sends one span for a request when the gateway ends, with what is known of the model', async () => {
    const before = BigInt(Date.now() - 1) * 1_000_000n
    const { spans, calls, sent } = await traced({ randomSampling: true })
    expect(calls).toEqual(['POST /v1/traces application/x-protobuf'])
    expect(spans).toHaveLength(1)
    const [span] = spans
    expect(span).toMatchObject({
      parentSpanId: '',
      name: 'POST /*',
      scope: 'agentgateway',
      kind: 2,
      attributes: {
        'http.method': 'POST',
        'http.path': '/v1/chat/completions',
        'http.status': 200,
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.response.model': 'gpt-4o-2024',
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.usage.output_tokens': 5,
        'url.scheme': 'http',
        'network.protocol.version': '1.1',
      },
      status: { code: 0 },
      resource: { 'service.name': 'agentgateway' },
    })
    expect(sent?.['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-01`)
    expect(span?.traceId).toMatch(/^[\da-f]{32}$/)
    expect(span?.start).toBeGreaterThanOrEqual(before)
    expect(span?.end).toBeGreaterThan(span?.start ?? 0n)
  })

  it.each([
    ['an exact path', { path: { exact: '/a/b' } }, 'POST /a/b'],
    ['a prefix', { path: { pathPrefix: '/a' } }, 'POST /a/*'],
    ['a regex', { path: { regex: '/a/[b-c]+' } }, 'POST /a/[b-c]+'],
    ['all paths', { headers: [{ name: 'content-type', value: { regex: '.*' } }] }, 'POST /*'],
    ['no route', { path: { exact: '/other' } }, 'POST'],
  ])('names a span by the path that its route matches: %s', async (_title, match, name) => {
    const collector = await startFakeCollector()
    const port = await freePort()
    const route = { matches: [match], policies: { directResponse: { status: 200, body: 'x' } } }
    const binds = [{ port, listeners: [{ routes: [route] }] }]
    const tracing = tracingTo(collector.host, { protocol: 'http', randomSampling: true })
    const serving = await serveWith(runtimeOf(JSON.stringify({ binds, ...tracing })))
    await ask(port, {}, '/a/b')
    await serving.engine.close({ drainMs: 10_000 })
    expect(collector.spans.map(span => span.name)).toEqual([name])
  })

  it("goes on with the client's trace: its span is the parent, and the provider sees ours", async () => {
    const { spans, sent } = await traced({}, { headers: { traceparent: TRACEPARENT } })
    expect(spans).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT }])
    expect(sent?.['traceparent']).toBe(`00-${TRACE}-${spans[0]?.spanId}-01`)
    expect(spans[0]?.spanId).not.toBe(PARENT)
  })

  it.each<[string, object, Record<string, string>, number]>([
    ['no request of its own accord', {}, {}, 0],
    ['none at 0', { randomSampling: 0 }, {}, 0],
    ['all at 1', { randomSampling: 1 }, {}, 1],
    ['all at "true"', { randomSampling: 'true' }, {}, 1],
    [
      'none of a client at false',
      { clientSampling: false, randomSampling: 1 },
      { traceparent: TRACEPARENT },
      0,
    ],
    [
      'none of a trace that its client does not sample, whatever is asked for',
      { clientSampling: true, randomSampling: 1 },
      { traceparent: UNSAMPLED },
      0,
    ],
    [
      'what an expression says',
      { randomSampling: 'request.headers["x-trace"] == "1"' },
      { 'x-trace': '1' },
      1,
    ],
    ['a share that an expression yields', { randomSampling: 'request.method == "POST" ? 0.0 : 1.0' }, {}, 0],
    ['nothing for an expression that fails', { randomSampling: 'request.headers["x"] == "1"' }, {}, 0],
    [
      'a broken traceparent as none',
      { randomSampling: 0 },
      { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` },
      0,
    ],
    ['what its filter wants', { randomSampling: 1, filter: 'response.code >= 500' }, {}, 0],
  ])('samples %s', async (_, tracing, headers, count) => {
    expect((await traced(tracing, { headers })).spans).toHaveLength(count)
  })

  it.each([
    ['here', { clientSampling: 0 }, TRACEPARENT],
    ['by its client', { clientSampling: 1, randomSampling: 1 }, UNSAMPLED],
  ])(
    "sends the client's traceparent on as it is when the request is not sampled %s",
    async (_, tracing, traceparent) => {
      const { sent } = await traced(tracing, { headers: { traceparent } })
      expect(sent?.['traceparent']).toBe(traceparent)
    },
  )

  it('adds attributes and resources, leaves out what is to be removed and what fails', async () => {
    const { spans } = await traced(
      {
        randomSampling: 1,
        path: '/otlp',
        attributes: { agent: 'request.headers["user-agent"]', two: '1 + 1', broken: 'request.nothing' },
        resources: { 'service.name': '"edge"', region: '"eu"', broken: 'request.path' },
        remove: ['http.path'],
      },
      { headers: { 'user-agent': 'me' } },
    )
    expect(spans[0]?.attributes).toMatchObject({ agent: 'me', two: 2 })
    expect(Object.keys(spans[0]?.attributes ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:broken|http\.path)$/)]),
    )
    expect(spans[0]?.resource).toMatchObject({ 'service.name': 'edge', region: 'eu' })
    expect(spans[0]?.resource).not.toHaveProperty('broken')
  })

  it('marks a span whose answer is a failure of the server', async () => {
    const { spans } = await traced({ randomSampling: 1 }, { status: 503 })
    expect(spans[0]).toMatchObject({ status: { code: 2 }, attributes: { 'http.status': 503 } })
    expect(spans[0]?.attributes).not.toHaveProperty('error')
  })

  it('sends no key, wherever it stood', async () => {
    const { spans, bytes } = await traced(
      { randomSampling: 1, attributes: { all: 'request.headers["x-note"]', query: 'request.uri' } },
      {
        path: `/v1/chat/completions?note=${CANARY}`,
        // It does not begin like a key here, so that it has to be known.
        headers: { 'x-note': `not${CANARY}` },
      },
    )
    expect(spans[0]?.attributes['all']).toMatch(/^not\[redacted/)
    expect(bytes()).not.toContain('sk-canary')
    expect(bytes()).not.toContain('sk-gateway-key')
  })
})

describe('the headers of a trace', () => {
  const UPPER = TRACEPARENT.toUpperCase()
  it.each([
    ['an id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capital letters', UPPER],
    ['the version that there is never', `ff-${TRACE}-${PARENT}-01`],
    ['more behind the first version', `${TRACEPARENT}-more`],
    ['too short an id', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['no flags', `00-${TRACE}-${PARENT}`],
    ['two of them in one', `${TRACEPARENT}, ${TRACEPARENT}`],
    ['a space in front', `x ${TRACEPARENT}`],
    ['nothing', ''],
  ])('start a trace of our own, without the state of a trace that is none: %s', async (_, traceparent) => {
    const headers = { traceparent, tracestate: 'vendor=1', baggage: 'user=ann' }
    const { spans, sent } = await traced({ randomSampling: 1 }, { headers })
    expect(spans).toHaveLength(1)
    expect(spans[0]).toMatchObject({ parentSpanId: '', traceState: '' })
    expect(spans[0]?.traceId).not.toBe(TRACE)
    expect(sent?.['traceparent']).toBe(`00-${spans[0]?.traceId}-${spans[0]?.spanId}-01`)
    expect(sent).not.toHaveProperty('tracestate')
    expect(sent?.['baggage']).toBe('user=ann')
  })

  it('keep the other flags of the client', async () => {
    const { spans, sent } = await traced({}, { headers: { traceparent: TRACEPARENT.replace(/01$/, '03') } })
    expect(sent?.['traceparent']).toBe(`00-${TRACE}-${spans[0]?.spanId}-03`)
  })

  it('of a later version are taken for what the first one knows of them', async () => {
    const traceparent = `01-${TRACE}-${PARENT}-01-more`
    const { spans, sent } = await traced({}, { headers: { traceparent } })
    expect(spans).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT }])
    expect(sent?.['traceparent']).toBe(`00-${TRACE}-${spans[0]?.spanId}-01`)
  })

  it('go on with the state of the trace, which the span has too', async () => {
    const headers = { traceparent: TRACEPARENT, tracestate: 'vendor=1,other=a:b', baggage: 'user=ann' }
    const { spans, sent } = await traced({}, { headers })
    expect(spans).toMatchObject([{ traceState: 'vendor=1,other=a:b' }])
    expect(sent).toMatchObject({ tracestate: 'vendor=1,other=a:b', baggage: 'user=ann' })
  })

  it('of a request that is not sampled go on as they are', async () => {
    const headers = { traceparent: 'broken', tracestate: 'vendor=1', baggage: 'user=ann' }
    expect((await traced({ randomSampling: 0 }, { headers })).sent).toMatchObject(headers)
  })
})
