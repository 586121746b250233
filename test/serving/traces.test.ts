import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Runtime } from '../../src/gateway/index.ts'
import { Redactor } from '../../src/secrets/redactor.ts'
import { serveHere } from '../../src/serving/here.ts'
import { KeyUse } from '../../src/serving/key-use.ts'
import { call } from '../gateway/kit/client.ts'
import { runtimeOf } from '../gateway/kit/config.ts'
import { toModel } from '../gateway/kit/configs.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { ROOT, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { startFakeCollector } from '../helpers/otlp.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`
const ANSWER = JSON.stringify({ model: 'gpt-4o-2024', usage: { prompt_tokens: 7, completion_tokens: 5 } })

/** A runtime whose tracing is as given, with one port that is free. */
async function runtimeWith(upstream: number, tracing: object | undefined): Promise<Runtime> {
  const config = JSON.parse(toModel(`127.0.0.1:${upstream}`))
  config.binds[0].port = await freePort()
  return runtimeOf(JSON.stringify({ ...config, ...(tracing && { frontendPolicies: { tracing } }) }))
}

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
  const upstream = await startUpstream(response =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(ANSWER),
  )
  const redactor = new Redactor()
  redactor.add('sk-canary-0123456789')
  const runtime = await runtimeWith(upstream.port, { host: collector.host, protocol: 'http', ...tracing })
  const notes: string[] = []
  const serving = await serveHere(runtime, {
    options: {},
    keys: new KeyUse(),
    connectTo: [],
    standIn: undefined,
    traces: { redact: text => redactor.redact(text), onNote: message => notes.push(message) },
  })
  const port = serving.engine.addresses[0]?.port ?? 0
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] })
  const json = { 'content-type': 'application/json' }
  await call(port, { method: 'POST', path, headers: { ...json, ...headers }, body })
  await serving.engine.close({ drainMs: 1000 })
  return { ...collector, notes, sent: upstream.seen[0]?.headers['traceparent'] }
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
      name: expect.stringMatching(/^POST default\//),
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
      },
      status: { code: 0 },
      resource: { 'service.name': 'agentgateway' },
    })
    expect(sent).toBe(`00-${span?.traceId}-${span?.spanId}-01`)
    expect(span?.traceId).toMatch(/^[\da-f]{32}$/)
    expect(span?.start).toBeGreaterThanOrEqual(before)
    expect(span?.end).toBeGreaterThan(span?.start ?? 0n)
  })

  it("goes on with the client's trace: its span is the parent, and the provider sees ours", async () => {
    const { spans, sent } = await traced({}, { headers: { traceparent: TRACEPARENT } })
    expect(spans).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT }])
    expect(sent).toBe(`00-${TRACE}-${spans[0]?.spanId}-01`)
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
    expect(sent).toBe(TRACEPARENT)
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

it('says once that spans are lost, and the answer still goes', async () => {
  const { calls, notes, sent } = await traced({ randomSampling: 1 }, { collected: 400 })
  expect(calls).toHaveLength(1)
  expect(sent).toBeDefined()
  expect(notes).toEqual([
    expect.stringMatching(/^traces do not reach http:.*\(status 400\); spans are lost$/),
  ])
})

const DIST = join(ROOT, 'dist')

describe.skipIf(!existsSync(DIST))('without the packages', () => {
  it('names what to install', async () => {
    const folder = await tempFolder()
    mkdirSync(join(folder, 'serving'))
    for (const file of ['errors.js', 'serving/otlp.js']) cpSync(join(DIST, file), join(folder, file))
    const program = `import { openSender } from './serving/otlp.js'
      await openSender({ url: 'http://127.0.0.1:1', resource: {} }, () => {}).catch(error => console.log(error.code, error.hint))`
    const args = ['--experimental-default-type=module', '--input-type=module', '-e', program]
    const said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(said).toMatch(/^CONFIG_INVALID install them beside agw: npm install @opentelemetry\/api /)
  })
})
