import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../src/gateway/telemetry/access-event.ts'
import { Metrics } from '../../src/gateway/telemetry/metrics.ts'
import { metricsText } from '../../src/gateway/telemetry/metrics-text.ts'

const EVENT: AccessEvent = {
  time: 0,
  bind: 'bind/3000',
  gateway: 'default/default',
  listener: 'listener0',
  route: 'default/route0',
  backend: 'openai',
  endpoint: 'api.openai.com:443',
  source: '127.0.0.1:5555',
  method: 'POST',
  host: 'localhost',
  path: '/v1/chat/completions',
  version: 'HTTP/1.1',
  status: 200,
  rule: undefined,
  protocol: 'llm',
  subject: undefined,
  parameters: undefined,
  provider: 'openai',
  model: 'gpt-4o',
  operation: 'chat',
  answerModel: 'gpt-4o-2024',
  usage: { inputTokens: 7, outputTokens: 100 },
  keySlot: undefined,
  isKeyRefused: false,
  retries: 0,
  bytes: 700,
  firstByte: 250,
  isStream: true,
  log: undefined,
  debug: undefined,
  otlpLog: undefined,
  span: undefined,
  reason: 'Upstream',
  error: undefined,
  duration: 1250,
}
const FACTS = { version: '1.2.3', isSynchronized: true }
const ROUTE =
  'bind="bind/3000",gateway="default/default",listener="listener0",route="default/route0",route_rule="unknown"'
const REQUEST = `backend="openai",protocol="llm",method="POST",status="200",reason="Upstream",${ROUTE}`
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
  agentgateway_downstream_connections_total: 'COUNTER',
  agentgateway_downstream_received_bytes_total: 'COUNTER',
  agentgateway_downstream_sent_bytes_total: 'COUNTER',
  agentgateway_gen_ai_client_token_usage: 'HISTOGRAM',
  agentgateway_gen_ai_server_request_duration: 'HISTOGRAM',
  agentgateway_gen_ai_server_time_to_first_token: 'HISTOGRAM',
  agentgateway_gen_ai_server_time_per_output_token: 'HISTOGRAM',
}

function textOf(...events: readonly Partial<AccessEvent>[]): string[] {
  const metrics = new Metrics()
  for (const event of events) metrics.record({ ...EVENT, ...event })
  return metricsText([metrics.snapshot()], FACTS).split('\n')
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

  it('keep kinds of requests apart, whatever came between', () => {
    const lines = textOf({}, { status: 429 }, {}, { model: 'other', answerModel: undefined })
    expect(lines).toContain(`agentgateway_requests_total{${REQUEST}} 3`)
    expect(lines).toContain(`agentgateway_requests_total{${REQUEST.replace('"200"', '"429"')}} 1`)
    expect(lines).toContain(`agentgateway_gen_ai_server_request_duration_count{${MODEL}} 3`)
  })

  it('have no series of a model for a request that was not read', () => {
    const text = textOf({ operation: undefined }).join('\n')
    expect(text).not.toContain('gen_ai_operation_name')
    expect(text).toContain('protocol="http"')
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
    metrics.connection('bind/443', 'https')
    metrics.record({ ...EVENT, rule: 'r1' })
    const text = metricsText([metrics.snapshot()], FACTS)
    expect(text).toMatch(
      /^agentgateway_downstream_connections_total\{bind="bind\/443",.*protocol="https"\} 1$/m,
    )
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
    metrics.connection('bind/3000', 'http')
    const text = Buffer.from(metricsText([metrics.snapshot()], FACTS)).toString()
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
    a.connection('bind/3000', 'http')
    b.connection('bind/3000', 'http')
    b.connection('bind/3000', 'http', { received: 10, sent: 20 })
    const before = JSON.stringify(a.snapshot())
    const text = metricsText([a.snapshot(), JSON.parse(JSON.stringify(b.snapshot()))], FACTS)
    expect(text).toContain(`agentgateway_requests_total{${REQUEST}} 2\n`)
    expect(text).toContain(`agentgateway_request_duration_seconds_count{${REQUEST}} 2\n`)
    const port = 'bind="bind/3000",gateway="unknown",listener="unknown",protocol="http"'
    expect(text).toContain(`agentgateway_downstream_connections_total{${port}} 2\n`)
    expect(text).toContain(`agentgateway_downstream_sent_bytes_total{${port}} 20\n`)
    expect(JSON.stringify(a.snapshot())).toBe(before)
  })

  it('say the version and whether the config was taken in', () => {
    const text = metricsText([], { version: '1.2.3', isSynchronized: false })
    expect(text).toContain('agentgateway_build_info{tag="1.2.3"} 1\n')
    expect(text).toContain('agentgateway_config_synchronized 0\n')
  })
})
