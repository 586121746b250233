import { readFileSync } from 'node:fs'
import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import { describe, expect, it } from 'vitest'
import { OWN_LABELS, REMOVABLE_METRICS, removalNames } from '../../../src/config/rules/metric-names.ts'
import type { AccessEvent } from '../../../src/gateway/telemetry/access-event.ts'
import { Metrics } from '../../../src/gateway/telemetry/metrics.ts'
import { metricsPieces, metricsText } from '../../../src/gateway/telemetry/metrics-text.ts'
import { CHAT_EVENT } from '../kit/access-event.ts'

const written = (...args: Parameters<typeof metricsPieces>): string => [...metricsPieces(...args)].join('')

/** Times that are easy to find among the bounds of the histograms. */
const EVENT: AccessEvent = {
  ...CHAT_EVENT,
  usage: { inputTokens: 7, outputTokens: 100 },
  firstByte: 250,
  duration: 1250,
  requestProcessing: 0.2,
  responseProcessing: 0.04,
}
const PLAIN = { bind: 'bind/3000', protocol: 'http', listener: undefined } as const
const SECURE = { bind: 'bind/443', protocol: 'https', listener: 'a' } as const
const OPENED = { kind: 'opened', handshakeMs: undefined } as const
const FACTS = { version: '1.2.3', isSynchronized: true }
const ROUTE =
  'bind="bind/3000",gateway="default/default",listener="listener0",route="default/route0",route_rule="unknown"'
const REQUEST = `backend="openai",protocol="llm",method="POST",status="200",reason="Upstream",${ROUTE}`
const PROCESSING = `backend="openai",${ROUTE}`
const MODEL =
  `gen_ai_operation_name="chat",gen_ai_system="openai",gen_ai_request_model="gpt-4o",` +
  `gen_ai_response_model="gpt-4o-2024",${ROUTE}`

/** https://github.com/agentgateway/agentgateway/blob/main/crates/agentgateway/src/telemetry/metrics.rs */
const FAMILIES = {
  agentgateway_build_info: 'GAUGE',
  agentgateway_config_synchronized: 'GAUGE',
  agentgateway_requests_total: 'COUNTER',
  agentgateway_response_bytes_total: 'COUNTER',
  agentgateway_retries_total: 'COUNTER',
  agentgateway_request_duration_seconds: 'HISTOGRAM',
  agentgateway_request_processing_seconds: 'HISTOGRAM',
  agentgateway_response_processing_seconds: 'HISTOGRAM',
  agentgateway_upstream_call_duration_seconds: 'HISTOGRAM',
  agentgateway_upstream_connect_duration_seconds: 'HISTOGRAM',
  agentgateway_tls_handshake_duration_seconds: 'HISTOGRAM',
  agentgateway_downstream_connections_total: 'COUNTER',
  agentgateway_downstream_received_bytes_total: 'COUNTER',
  agentgateway_downstream_sent_bytes_total: 'COUNTER',
  agentgateway_guardrail_checks_total: 'COUNTER',
  agentgateway_cost_catalog_lookups_total: 'COUNTER',
  agentgateway_gen_ai_client_cost_usd_total: 'COUNTER',
  agentgateway_gen_ai_client_token_usage: 'HISTOGRAM',
  agentgateway_gen_ai_server_request_duration: 'HISTOGRAM',
  agentgateway_gen_ai_server_time_to_first_token: 'HISTOGRAM',
  agentgateway_gen_ai_server_time_per_output_token: 'HISTOGRAM',
}

function textOf(...events: readonly Partial<AccessEvent>[]): string[] {
  const metrics = new Metrics()
  for (const event of events) metrics.record({ ...EVENT, ...event })
  return written([metrics.snapshot()], FACTS).split('\n')
}

describe('metrics', () => {
  it('count requests, bytes and retries under the names and labels of agentgateway', () => {
    const lines = textOf({}, {}, { retries: 2 })
    expect(lines).toContain(`agentgateway_requests_total{${REQUEST}} 3`)
    expect(lines).toContain(`agentgateway_response_bytes_total{${REQUEST}} 2100`)
    expect(lines).toContain(`agentgateway_retries_total{${REQUEST}} 2`)
  })

  it('sort durations into buckets that add up', () => {
    const lines = textOf({}, { duration: 2 })
    expect(lines).toContain(`agentgateway_request_duration_seconds_bucket{${REQUEST},le="0.001"} 0`)
    expect(lines).toContain(`agentgateway_request_duration_seconds_bucket{${REQUEST},le="0.005"} 1`)
    expect(lines).toContain(`agentgateway_request_duration_seconds_bucket{${REQUEST},le="2.5"} 2`)
    expect(lines).toContain(`agentgateway_request_duration_seconds_bucket{${REQUEST},le="+Inf"} 2`)
    expect(lines).toContain(`agentgateway_request_duration_seconds_sum{${REQUEST}} 1.252`)
    expect(lines).toContain(`agentgateway_request_duration_seconds_count{${REQUEST}} 2`)
  })

  it('tell tokens, the time to the first and the time per further one of a stream', () => {
    const lines = textOf({})
    expect(lines).toContain(
      `agentgateway_gen_ai_client_token_usage_sum{gen_ai_token_type="input",${MODEL}} 7`,
    )
    expect(lines).toContain(
      `agentgateway_gen_ai_client_token_usage_bucket{gen_ai_token_type="output",${MODEL},le="256"} 1`,
    )
    expect(lines).toContain(`agentgateway_gen_ai_server_request_duration_sum{${MODEL}} 1.25`)
    expect(lines).toContain(`agentgateway_gen_ai_server_time_to_first_token_sum{${MODEL}} 0.25`)
    expect(lines).toContain(`agentgateway_gen_ai_server_time_per_output_token_sum{${MODEL}} 0.01`)
  })

  it('tell no time to the first token of an answer that came whole', () => {
    expect(textOf({ isStream: false }).join('\n')).not.toContain('time_to_first_token_sum')
  })

  it('tell what the gateway itself took, by route and backend', () => {
    const lines = textOf({}, { status: 429 }, { requestProcessing: 0.3, responseProcessing: undefined })
    const [request, response] = ['request', 'response'].map(one => `agentgateway_${one}_processing_seconds`)
    expect(lines).toContain(`${request}_bucket{${PROCESSING},le="0.0001"} 0`)
    expect(lines).toContain(`${request}_bucket{${PROCESSING},le="0.00025"} 2`)
    expect(lines).toContain(`${request}_bucket{${PROCESSING},le="+Inf"} 3`)
    expect(lines).toContain(`${response}_bucket{${PROCESSING},le="0.00005"} 2`)
    expect(lines).toContain(`${response}_count{${PROCESSING}} 2`)
  })

  it('tell nothing of it where there was no call upstream', () => {
    const nothing = { requestProcessing: undefined, responseProcessing: undefined }
    expect(textOf(nothing).join('\n')).not.toContain('processing_seconds_count')
    const lines = textOf({}, nothing, {})
    expect(lines).toContain(`agentgateway_request_processing_seconds_count{${PROCESSING}} 2`)
  })

  it.each([
    ['calls', 'upstream_call_duration_seconds', 'kind="Primary",subtype="Http"', 'le="0.025"'],
    ['copies', 'upstream_call_duration_seconds', 'kind="Mirror",subtype="Http"', 'le="0.05"'],
    ['connections', 'upstream_connect_duration_seconds', 'transport="plaintext"', 'le="0.0015"'],
    [
      'handshakes',
      'tls_handshake_duration_seconds',
      'bind="bind/443",gateway="default/default",listener="a",protocol="https"',
      'le="0.0043"',
    ],
  ])('tell how long %s took', (_title, name, labels, bound) => {
    const metrics = new Metrics()
    metrics.upstream.call('http', 25)
    metrics.upstream.call('mirror', 50)
    metrics.upstream.connect('plaintext', 1.5)
    metrics.connection(SECURE, { kind: 'opened', handshakeMs: 4.3 })
    const lines = written([metrics.snapshot()], FACTS).split('\n')
    const counts = lines.filter(line => line.startsWith(`agentgateway_${name}_bucket{${labels},`))
    // What is as long as a bound belongs to it.
    const [first] = counts.filter(line => line.endsWith(' 1'))
    expect(first).toContain(bound)
    expect(lines).toContain(`agentgateway_${name}_count{${labels}} 1`)
  })

  it('keep kinds of requests apart, whatever came between', () => {
    const lines = textOf({}, { status: 429 }, {}, { model: 'other', answerModel: undefined })
    expect(lines).toContain(`agentgateway_requests_total{${REQUEST}} 3`)
    expect(lines).toContain(`agentgateway_requests_total{${REQUEST.replace('"200"', '"429"')}} 1`)
    expect(lines).toContain(`agentgateway_gen_ai_server_request_duration_count{${MODEL}} 3`)
  })

  it.each<[keyof AccessEvent, Partial<AccessEvent>]>([
    ['bind', { bind: 'bind/1' }],
    ['gateway', { gateway: 'a/b' }],
    ['listener', { listener: 'other' }],
    ['route', { route: 'a/b' }],
    ['rule', { rule: 'r' }],
    ['backend', { backend: '/other' }],
    ['protocol', { protocol: 'http' }],
    ['method', { method: 'PUT' }],
    ['status', { status: 201 }],
    ['reason', { reason: 'Guardrail' }],
    ['provider', { provider: 'anthropic' }],
    ['operation', { operation: 'embeddings' }],
    ['model', { model: 'other' }],
    ['answerModel', { answerModel: 'other' }],
  ])('tell apart what comes one after the other and has another %s', (_, other) => {
    const apart = [{}, other].map(event => {
      const metrics = new Metrics()
      metrics.record({ ...EVENT, ...event })
      return metrics.snapshot()
    })
    expect(textOf({}, other).toSorted()).toEqual(written(apart, FACTS).split('\n').toSorted())
  })

  it('have no series of a model for a request that was not read', () => {
    const text = textOf({ operation: undefined }).join('\n')
    expect(text).not.toContain('gen_ai_operation_name')
    expect(text).toContain('protocol="llm"')
  })

  it.each<[string, Partial<AccessEvent>, number]>([
    ['an answer of the provider', { status: 429 }, 1],
    ['a stream that broke off', { reason: 'UpstreamFailure' }, 1],
    ['an answer that could not be read', { reason: 'Internal', isStream: false }, 0],
    ['no answer of the provider', { reason: 'UpstreamFailure', responseProcessing: undefined }, 0],
    [
      'a request that was refused here',
      { reason: 'RateLimit', isStream: false, requestProcessing: undefined, responseProcessing: undefined },
      0,
    ],
  ])('have a series of a model for what its provider has answered: %s', (_title, event, count) => {
    const found = textOf(event).filter(line =>
      line.startsWith('agentgateway_gen_ai_server_request_duration_count'),
    )
    expect(found).toHaveLength(count)
  })

  it('count what guards have done, each by itself', () => {
    const lines = textOf(
      { guards: { request: ['Allow', 'Mask', 'Allow'], response: ['Reject'] } },
      {},
      { guards: { request: ['Allow'], response: [] } },
    )
    const found = lines.filter(line => line.startsWith('agentgateway_guardrail_checks_total'))
    expect(found).toEqual([
      'agentgateway_guardrail_checks_total{phase="Request",action="Allow"} 3',
      'agentgateway_guardrail_checks_total{phase="Request",action="Mask"} 1',
      'agentgateway_guardrail_checks_total{phase="Response",action="Reject"} 1',
    ])
  })

  it('tell tokens of a cache apart, beside the input that they belong to', () => {
    const lines = textOf({
      usage: { inputTokens: 7, outputTokens: 1, cacheReadTokens: 3, cacheCreationTokens: 2 },
    })
    const wanted = { input: 7, output: 1, input_cache_read: 3, input_cache_write: 2 }
    for (const [type, sum] of Object.entries(wanted))
      expect(lines).toContain(
        `agentgateway_gen_ai_client_token_usage_sum{gen_ai_token_type="${type}",${MODEL}} ${sum}`,
      )
  })

  it('count look-ups of prices by what came of them, and add up what was spent to the digit, over processes too', () => {
    const costs: AccessEvent['cost'][] = [
      { status: 'Exact', total: 2_600_000_000_001n },
      { status: 'Exact', total: 700_000_000_000n },
      { status: 'Exact', total: 0n },
      { status: 'Unpriced' },
      { status: 'Missing' },
      undefined,
    ]
    const counted = [0, 1].map(() => {
      const metrics = new Metrics()
      for (const cost of costs) metrics.record({ ...EVENT, cost })
      metrics.record({ ...EVENT, model: 'other', cost: { status: 'Missing' } })
      return JSON.parse(JSON.stringify(metrics.snapshot()))
    })
    const lines = written(counted, FACTS).split('\n')
    const wanted = { Exact: 6, Unpriced: 2, Missing: 2, NoCatalog: 2 }
    for (const [status, count] of Object.entries(wanted))
      expect(lines).toContain(`agentgateway_cost_catalog_lookups_total{status="${status}",${MODEL}} ${count}`)
    const spent = lines.filter(line => line.startsWith('agentgateway_gen_ai_client_cost_usd_total'))
    expect(spent).toEqual([`agentgateway_gen_ai_client_cost_usd_total{${MODEL}} 6.600000000002`])
  })

  it('escape what a client names', () => {
    expect(textOf({ model: 'a"b\\c\nd' }).join('\n')).toContain('gen_ai_request_model="a\\"b\\\\c\\nd"')
  })

  it('stop telling models apart before a client can fill the memory', () => {
    const metrics = new Metrics()
    for (let i = 0; i < 6000; i++) metrics.record({ ...EVENT, model: `m${i}` })
    const { models } = metrics.snapshot()
    expect(models.length).toBe(5001)
    const other = models.at(-1)
    expect(other?.labels).toContain('gen_ai_request_model="other"')
    expect(other?.duration.counts.reduce((a, b) => a + b)).toBe(1000)
  })

  it('cut what a client calls a model, which would fill the memory too', () => {
    const metrics = new Metrics()
    const long = 'm'.repeat(2_000_000)
    for (const end of ['a', 'b']) metrics.record({ ...EVENT, model: long + end })
    const { models } = metrics.snapshot()
    expect(models).toHaveLength(1)
    expect(models[0]?.labels).toContain(`gen_ai_request_model="${'m'.repeat(127)}…"`)
  })

  it('tell connections with TLS from those without, and the rule of a route where it has a name', () => {
    const metrics = new Metrics()
    metrics.connection(SECURE, { kind: 'opened', handshakeMs: 3 })
    metrics.record({ ...EVENT, rule: 'r1' })
    const text = written([metrics.snapshot()], FACTS)
    const place = 'bind="bind/443",gateway="default/default",listener="a",protocol="https"'
    expect(text).toContain(`\nagentgateway_downstream_connections_total{${place}} 1\n`)
    expect(text).toMatch(/^agentgateway_requests_total\{.*route_rule="r1"\} 1$/m)
  })

  it('are read by a parser of others as what they are, whatever clients and providers call things', () => {
    const hostile = [
      'a"b',
      'a\\',
      'a\nb{c="d"} 1',
      '}',
      '',
      ' ',
      '\u0000',
      '\u2028',
      '# HELP x',
      'ä',
      '\ud800',
    ]
    const metrics = new Metrics()
    for (const name of hostile) metrics.record({ ...EVENT, model: name, answerModel: name, route: name })
    metrics.connection(PLAIN, OPENED)
    const text = Buffer.from(written([metrics.snapshot()], FACTS)).toString()
    const families = new Map(parsePrometheusTextFormat(text).map(family => [family.name, family]))
    expect(Object.fromEntries([...families].map(([name, { type }]) => [name, type]))).toEqual(FAMILIES)
    const requests = families.get('agentgateway_requests_total')?.metrics ?? []
    expect(requests.map(({ value }) => Number(value))).toEqual(hostile.map(() => 1))
    const names = hostile.map(name => (name === '' ? 'unknown' : name.replace('\ud800', '\ufffd')))
    expect(requests.map(({ labels }) => labels?.['route'])).toEqual(names)
    // Of histograms this parser tells the last series alone.
    const [last] = families.get('agentgateway_gen_ai_server_request_duration')?.metrics ?? []
    expect(last).toMatchObject({ buckets: { '1.28': '1', '+Inf': '1' } })
    expect(Object.keys(last?.buckets ?? {})).toHaveLength(15)
  })

  it('of several processes are added up', () => {
    const [a, b] = [new Metrics(), new Metrics()]
    a.record(EVENT)
    b.record(EVENT)
    b.record({ ...EVENT, status: 503 })
    for (const one of [a, b])
      one.record({ ...EVENT, route: 'r', guards: { request: ['Mask'], response: [] } })
    a.connection(PLAIN, OPENED)
    b.connection(PLAIN, OPENED)
    b.connection(PLAIN, { kind: 'closed', received: 10, sent: 20 })
    for (const one of [a, b]) {
      one.upstream.call('llm', 30)
      one.upstream.connect('tls', 3)
      one.connection(SECURE, { kind: 'opened', handshakeMs: 3 })
    }
    const before = JSON.stringify(a.snapshot())
    const text = written([a.snapshot(), JSON.parse(JSON.stringify(b.snapshot()))], FACTS)
    expect(text).toContain(`agentgateway_requests_total{${REQUEST}} 2\n`)
    expect(text).toContain(`agentgateway_request_duration_seconds_count{${REQUEST}} 2\n`)
    const port = 'bind="bind/3000",gateway="unknown",listener="unknown",protocol="http"'
    expect(text).toContain(`agentgateway_downstream_connections_total{${port}} 2\n`)
    expect(text).toContain(`agentgateway_downstream_sent_bytes_total{${port}} 20\n`)
    expect(text).toContain('agentgateway_guardrail_checks_total{phase="Request",action="Mask"} 2\n')
    expect(text).toContain(`agentgateway_request_processing_seconds_count{${PROCESSING}} 3\n`)
    expect(text).toContain(
      'agentgateway_upstream_call_duration_seconds_count{kind="Primary",subtype="Llm"} 2\n',
    )
    expect(text).toContain('agentgateway_upstream_connect_duration_seconds_count{transport="tls"} 2\n')
    expect(text).toMatch(/^agentgateway_tls_handshake_duration_seconds_count\{.*\} 2$/m)
    expect(JSON.stringify(a.snapshot())).toBe(before)
  })

  it.each([
    ['requests', ['requests', 'requests_total', 'agentgateway_requests', 'agentgateway_requests_total']],
    ['response_bytes', ['response', 'response_total', 'response_bytes', 'agentgateway_response_bytes_total']],
    [
      'request_duration_seconds',
      ['request_duration', 'request_duration_seconds', 'agentgateway_request_duration'],
    ],
    ['gen_ai_client_cost_usd', ['gen_ai_client_cost', 'gen_ai_client_cost_usd_total']],
    ['gen_ai_client_token_usage', ['gen_ai_client_token_usage', 'agentgateway_gen_ai_client_token_usage']],
    ['build_info', ['build', 'agentgateway_build']],
    [undefined, ['build_info', 'config_synchronized', 'request', 'Requests', 'agentgateway_']],
  ])('leave out %s, by each of its names in agentgateway, and nothing else', (gone, names) => {
    const metrics = new Metrics()
    metrics.record({ ...EVENT, cost: { status: 'Exact', total: 1n } })
    const families = (removed: string[]): (string | undefined)[] => {
      const text = written([metrics.snapshot()], { ...FACTS, removed: new Set(removed) })
      const told = text.split('\n').filter(line => line !== '')
      const names = new Set(told.map(line => /agentgateway_\w+/.exec(line)?.[0]))
      return [...names]
    }
    const all = families([])
    for (const name of names) {
      const left = new Set(families([name]))
      const lost = all
        .filter(one => !left.has(one))
        .map(one => one?.replace(/_(?:total|bucket|sum|count)$/, ''))
      expect([...new Set(lost)], name).toEqual(gone === undefined ? [] : [`agentgateway_${gone}`])
    }
  })

  it('that can be left out are all but one, and those of MCP', () => {
    const all = [...Object.keys(FAMILIES), 'agentgateway_mcp_requests_total']
    const known = REMOVABLE_METRICS.map(name => `agentgateway_${name}`)
    expect([...known, 'agentgateway_config_synchronized'].sort()).toEqual(all.sort())
    expect(new Set(REMOVABLE_METRICS.flatMap(removalNames)).size).toBe(
      REMOVABLE_METRICS.flatMap(removalNames).length,
    )
  })

  it('have the labels that the config cannot add once more', () => {
    const metrics = new Metrics()
    metrics.record({ ...EVENT, labels: [['added', 'x']] })
    const lines = written([metrics.snapshot()], FACTS)
      .split('\n')
      .filter(line => line.includes('added="x"'))
    const names = lines.flatMap(line => [...line.matchAll(/(\w+)="/g)].map(([, name]) => name))
    expect([...new Set(names)].sort()).toEqual([...OWN_LABELS, 'added'].sort())
  })

  it('each stand in the docs, and no other does', () => {
    const docs = readFileSync(new URL('../../../docs/running.md', import.meta.url), 'utf8')
    const table = docs.slice(docs.indexOf('\n## Metrics'), docs.indexOf('\n## Access log'))
    const names = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => `agentgateway_${name}`)
    expect(names.sort()).toEqual(Object.keys(FAMILIES).sort())
  })

  it('say the version and whether the config was taken in', () => {
    const text = written([], { version: '1.2.3', isSynchronized: false })
    expect(text).toContain('agentgateway_build_info{tag="1.2.3"} 1\n')
    expect(text).toContain('agentgateway_config_synchronized 0\n')
  })
})

it('lets requests go on while thousands of series are written', async () => {
  const metrics = new Metrics()
  for (let i = 0; i < 3000; i++) metrics.record({ ...CHAT_EVENT, model: `model-${i}` })
  let turns = 0
  const ticking = setInterval(() => turns++, 0)
  const text = await metricsText([metrics.snapshot()], FACTS)
  clearInterval(ticking)
  expect(text).toBe(written([metrics.snapshot()], FACTS))
  expect(turns).toBeGreaterThan(2)
})
