import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../src/gateway/telemetry/access-event.ts'
import { Metrics } from '../../src/gateway/telemetry/metrics.ts'
import { metricsText } from '../../src/gateway/telemetry/metrics-text.ts'

const EVENT: AccessEvent = {
  time: 0,
  bind: 'bind/3000',
  gateway: 'default',
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
  span: undefined,
  reason: 'Upstream',
  error: undefined,
  duration: 1250,
}
const FACTS = { version: '1.2.3', isSynchronized: true }
const ROUTE =
  'bind="bind/3000",gateway="default",listener="listener0",route="default/route0",route_rule="unknown"'
const REQUEST = `backend="openai",protocol="llm",method="POST",status="200",reason="Upstream",${ROUTE}`
const MODEL =
  `gen_ai_operation_name="chat",gen_ai_system="openai",gen_ai_request_model="gpt-4o",` +
  `gen_ai_response_model="gpt-4o-2024",${ROUTE}`

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

  it('of several processes are added up', () => {
    const [a, b] = [new Metrics(), new Metrics()]
    a.record(EVENT)
    b.record(EVENT)
    b.record({ ...EVENT, status: 503 })
    a.connection('bind/3000')
    b.connection('bind/3000')
    b.connection('bind/3000', { received: 10, sent: 20 })
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
