import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Runtime } from '../../../src/gateway/index.ts'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { serveHere } from '../../../src/serving/here.ts'
import { KeyUse } from '../../../src/serving/key-use.ts'
import { call } from '../../gateway/kit/client.ts'
import { runtimeOf } from '../../gateway/kit/config.ts'
import { toModel } from '../../gateway/kit/configs.ts'
import { startUpstream } from '../../gateway/kit/upstream.ts'
import { ROOT, tempFolder } from '../../helpers/agw.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startFakeCollector } from '../../helpers/otlp.ts'
import { startGrpcCollector } from '../../helpers/otlp-grpc.ts'
import { makeCertificate } from '../../helpers/tls.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`
const ANSWER = JSON.stringify({ model: 'gpt-4o-2024', usage: { prompt_tokens: 7, completion_tokens: 5 } })

/** A runtime with more in its config, with one port that is free. */
async function runtimeWith(upstream: number, more: object, port?: number): Promise<Runtime> {
  const config = JSON.parse(toModel(`127.0.0.1:${upstream}`))
  config.binds[0].port = port ?? (await freePort())
  return runtimeOf(JSON.stringify({ ...config, ...more }))
}

const tracingTo = (host: string, tracing: object) => ({ frontendPolicies: { tracing: { host, ...tracing } } })

function serveWith(runtime: Runtime, notes: string[] = []) {
  const redactor = new Redactor()
  redactor.add('sk-canary-0123456789')
  const redact = (text: string): string => redactor.redact(text)
  return serveHere(runtime, {
    options: {},
    keys: new KeyUse(),
    connectTo: [],
    standIn: undefined,
    redact,
    exports: { redact, onNote: message => notes.push(message) },
  })
}

function ask(port: number, headers: Record<string, string> = {}, path = '/v1/chat/completions') {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] })
  return call(port, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

/** A model that answers with `status`, until the test is over. */
const model = (status = 200) =>
  startUpstream(response => response.writeHead(status, { 'content-type': 'application/json' }).end(ANSWER))

afterEach(() => vi.unstubAllEnvs())

async function traced(
  tracing: object,
  {
    headers = {},
    path = '/v1/chat/completions',
    status = 200,
    collected = 200,
  }: { headers?: Record<string, string>; path?: string; status?: number; collected?: number } = {},
) {
  const collector = await startFakeCollector(collected)
  const upstream = await model(status)
  const runtime = await runtimeWith(
    upstream.port,
    tracingTo(collector.host, { protocol: 'http', ...tracing }),
  )
  const notes: string[] = []
  const serving = await serveWith(runtime, notes)
  await ask(serving.engine.addresses[0]?.port ?? 0, headers, path)
  await serving.engine.close({ drainMs: 10_000 })
  return { ...collector, notes, sent: upstream.seen[0]?.headers }
}

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

  it("sends the client's traceparent on as it is when the request is not sampled", async () => {
    const { sent } = await traced({ clientSampling: 0 }, { headers: { traceparent: TRACEPARENT } })
    expect(sent?.['traceparent']).toBe(TRACEPARENT)
  })

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
        path: '/v1/chat/completions?note=sk-canary-0123456789',
        headers: { 'x-note': 'sk-canary-0123456789' },
      },
    )
    expect(spans[0]?.attributes['all']).toMatch(/^\[redacted/)
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

describe('a collector of gRPC', () => {
  async function sentTo(host: string, more: object, headers: Record<string, string> = {}, status = 200) {
    const upstream = await model(status)
    const notes: string[] = []
    const serving = await serveWith(await runtimeWith(upstream.port, more), notes)
    await ask(serving.engine.addresses[0]?.port ?? 0, headers)
    await serving.engine.close({ drainMs: 10_000 })
    return { host, notes }
  }

  it('gets spans where the config says no protocol', async () => {
    const { host, spans, calls } = await startGrpcCollector()
    await sentTo(host, tracingTo(host, { randomSampling: true }))
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
    const { notes } = await sentTo(host, { config: { tracing } })
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
    await sentTo(host, tracingTo(`https://${host}`, { randomSampling: true }))
    expect(spans).toHaveLength(1)
  })

  it('gets the headers of the environment, those for traces before the others, and what is asked for compressed', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-team=blue,X-Key=general')
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'X-Key=sk%2Dcanary')
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip')
    // The address is the config's alone.
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
    const { host, spans, calls } = await startGrpcCollector()
    await sentTo(host, tracingTo(host, { randomSampling: true }))
    expect(spans).toHaveLength(1)
    const [call] = calls
    expect([call?.get('x-team'), call?.get('x-key'), call?.get('grpc-encoding')]).toEqual([
      'blue',
      'sk-canary',
      'gzip',
    ])
  })

  it('gets no key, wherever it stood', async () => {
    const { host, spans, bytes } = await startGrpcCollector()
    const attributes = { note: 'request.headers["x-note"]', 'span.name': 'request.headers["x-note"]' }
    await sentTo(host, tracingTo(host, { attributes }), {
      traceparent: TRACEPARENT,
      tracestate: 'vendor=sk-canary-0123456789',
      authorization: 'Bearer sk-canary-0123456789',
      'x-note': 'sk-canary-0123456789',
    })
    expect(spans).toHaveLength(1)
    expect(bytes()).not.toContain('sk-canary')
    expect(bytes()).not.toContain('sk-gateway-key')
  })
})

describe('what is said of spans that are lost', () => {
  it('is said once, and the answer still goes', async () => {
    const { calls, notes, sent } = await traced({ randomSampling: 1 }, { collected: 400 })
    expect(calls).toHaveLength(1)
    expect(sent).toBeDefined()
    expect(notes).toEqual([expect.stringMatching(/^spans do not reach http:.*\(status 400\) and are lost$/)])
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

const DIST = join(ROOT, 'dist')

describe.skipIf(!existsSync(DIST))('without the packages', () => {
  it('names what to install', async () => {
    const folder = await tempFolder()
    for (const name of ['errors.js', 'serving/otlp'])
      cpSync(join(DIST, name), join(folder, name), { recursive: true })
    const program = `import { loadSdk } from './serving/otlp/sdk.js'
      await loadSdk().catch(error => console.log(error.code, error.hint))`
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const args = ['--input-type=module', '-e', program]
    const said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(said).toMatch(/^CONFIG_INVALID install them beside agw: npm install @opentelemetry\/api /)
  })
})
