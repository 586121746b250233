import { describe, expect, it } from 'vitest'
import { type AccessEvent, Metrics } from '../../../src/gateway/index.ts'
import { metricsPieces } from '../../../src/gateway/telemetry/metrics-text.ts'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { CHAT_EVENT } from '../kit/access-event.ts'
import { call } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const written = (...args: Parameters<typeof metricsPieces>): string => [...metricsPieces(...args)].join('')

/** What a request has of `config.metrics.fields.add`. */
async function labelsOf(add: Readonly<Record<string, string>> | undefined, config: object = {}) {
  const { port: to } = await startUpstream()
  const fields = add === undefined ? undefined : { add }
  const whole = { ...JSON.parse(toHost(`127.0.0.1:${to}`)), config: { metrics: { fields }, ...config } }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
  const headers = { 'x-user': 'alice', 'x-api-key': 'canary-of-a-client' }
  await call(port, { method: 'GET', path: '/a?key=canary', headers })
  return (await nextEvent()).labels
}

describe('config.metrics.fields.add', () => {
  it.each<[expression: string, text: string | undefined]>([
    ['request.headers["x-user"]', 'alice'],
    ['request.path.substring(1)', 'a'],
    ['string(response.code)', '200'],
    ['""', ''],
    ['b"abc"', 'YWJj'],
    ['duration("1s")', '1s'],
    // What is no text is unknown, as in agentgateway.
    ['response.code', undefined],
    ['request.method == "GET"', undefined],
    ['[request.method]', undefined],
    ['jwt', undefined],
    ['request.nothing', undefined],
    ['apiKey.user', undefined],
    // A client could name labels, were entries labels of their own as they are fields of a log.
    ['flatten({"a": "b"})', undefined],
    ['flattenRecursive([["a"]])', undefined],
  ])('%s is %j', async (expression, text) => {
    expect(await labelsOf({ user: expression })).toEqual([['user', text]])
  })

  it('come in the order of the config', async () => {
    expect(await labelsOf({ b: '"1"', a: '"2"' })).toEqual([
      ['b', '1'],
      ['a', '2'],
    ])
  })

  it.each([[undefined], [{}], [{ 'no.name': '"x"', route: '"x"', le: '"x"', __a: '"x"' }]])(
    'are not worked out where there are none that can be read: %j',
    async add => {
      expect(await labelsOf(add)).toBeUndefined()
    },
  )

  it('show no header that carries credentials, and nothing secret of the query', async () => {
    const add = {
      a: 'request.headers["x-api-key"]',
      b: '"Bearer " + request.headers["x-api-key"]',
      c: 'request.uri',
      d: 'request.headers["x-user"]',
      e: 'request.headers["x-api-key"].unredacted()',
    }
    const labels = Object.fromEntries((await labelsOf(add, { sensitiveHeaders: ['X-User'] })) ?? [])
    expect(labels).toMatchObject({ a: '<redacted>', b: 'Bearer <redacted>', d: '<redacted>' })
    expect(JSON.stringify(labels)).not.toMatch(/canary|alice/)
  })

  it.each([['request.('], ['request.uri.precompiled_matches()']])('refuses %s, with its place', async bad => {
    await expect(labelsOf({ user: bad })).rejects.toThrow(/config\.metrics\.fields\.add\.user/)
  })
})

const FACTS = { version: '1', isSynchronized: true }

function linesOf(metrics: Metrics): string[] {
  return written([metrics.snapshot()], FACTS).split('\n')
}

function counted(lines: readonly string[], family: string): string[] {
  return lines.filter(line => line.startsWith(`agentgateway_${family}{`))
}

const USER = (...users: readonly (string | undefined)[]): AccessEvent[] =>
  users.map(user => ({ ...CHAT_EVENT, labels: [['user', user]] }))

describe('labels of the config, in metrics', () => {
  it('stand behind all others, in what is told of requests and of models and in nothing else', () => {
    const metrics = new Metrics()
    for (const event of USER('alice'))
      metrics.record({ ...event, guards: { request: ['Allow'], response: [] } })
    metrics.upstream.call('llm', 1)
    const lines = linesOf(metrics).filter(line => line !== '' && !line.startsWith('#'))
    const added = lines.filter(line => /,route_rule="unknown",user="alice"(?:,le="[^"]+")?\} /.test(line))
    const families = [...new Set(added.map(line => line.replace(/\{.*$/, '')))]
    const others = lines.filter(line => !added.includes(line)).map(line => line.replace(/\{.*$/, ''))
    expect(families).toContain('agentgateway_gen_ai_client_token_usage_bucket')
    expect(families.filter(name => !/_(?:bucket|sum|count)$/.test(name))).toEqual([
      'agentgateway_requests_total',
      'agentgateway_response_bytes_total',
      'agentgateway_retries_total',
      'agentgateway_cost_catalog_lookups_total',
    ])
    expect([...new Set(others.map(name => name.replace(/_(?:bucket|sum|count)$/, '')))]).toEqual([
      'agentgateway_build_info',
      'agentgateway_config_synchronized 1',
      'agentgateway_upstream_call_duration_seconds',
      'agentgateway_guardrail_checks_total',
    ])
  })

  it('tell requests apart, whatever came between', () => {
    const metrics = new Metrics()
    for (const event of USER('alice', 'alice', 'bob', 'alice', undefined, '')) metrics.record(event)
    const lines = linesOf(metrics)
    const found = ['requests_total', 'gen_ai_server_request_duration_count'].map(family =>
      counted(lines, family).map(line => line.replace(/^.*,user=/, '')),
    )
    const wanted = ['"alice"} 3', '"bob"} 1', '"unknown"} 1', '""} 1']
    expect(found).toEqual([wanted, wanted])
  })

  it('are not mixed up, whatever is in them', () => {
    const pairs = [
      ['a1:', 'b'],
      ['a', '1:b'],
      ['', 'ab'],
      ['ab', ''],
      [undefined, '-'],
      ['-', undefined],
    ]
    const metrics = new Metrics()
    for (const [one, two] of [...pairs, ...pairs])
      metrics.record({
        ...CHAT_EVENT,
        labels: [
          ['one', one],
          ['two', two],
        ],
      })
    const found = counted(linesOf(metrics), 'requests_total').map(line => line.replace(/^.*,one=/, ''))
    expect(found).toEqual(pairs.map(([one = 'unknown', two = 'unknown']) => `"${one}",two="${two}"} 2`))
  })

  it('are told of many clients that take turns, and of long ones', () => {
    const users = Array.from({ length: 1500 }, (_, i) => (i % 300 === 0 ? `${i}${'x'.repeat(600)}` : `u${i}`))
    const metrics = new Metrics()
    for (const event of [...USER(...users), ...USER(...users)]) metrics.record(event)
    const { requests, models } = metrics.snapshot()
    expect(requests.map(one => one.requests)).toEqual(users.map(() => 2))
    expect(models).toHaveLength(users.length)
  })

  it('cannot break the page, nor make it large', () => {
    const metrics = new Metrics()
    for (const event of USER('a"b\\c\nd{e="f"} 1', 'x'.repeat(2_000_000))) metrics.record(event)
    const users = counted(linesOf(metrics), 'requests_total').map(line => line.replace(/^.*,user=/, ''))
    expect(users).toEqual(['"a\\"b\\\\c\\nd{e=\\"f\\"} 1"} 1', `"${'x'.repeat(127)}…"} 1`])
  })

  it('are in one series only, whatever a client calls its model and itself', () => {
    const odd = ['', 'unknown', '\ud800', '\ud801', 'a\nb', 'a', 'b\nc', 'b', 'a","b="']
    odd.push(
      ...['1', '2'].map(end => 'x'.repeat(200) + end),
      ...['😀', '😁'].map(end => 'x'.repeat(126) + end),
    )
    const metrics = new Metrics()
    for (const one of odd) {
      for (const other of odd) metrics.record({ ...CHAT_EVENT, model: one, answerModel: other })
      metrics.record({ ...CHAT_EVENT, labels: [['user', one]] })
    }
    const written = Buffer.from(linesOf(metrics).join('\n')).toString().split('\n')
    const series = written.filter(line => !line.startsWith('#')).map(line => line.replace(/ [^ ]*$/, ''))
    expect(new Set(series).size).toBe(series.length)
  })

  it('are bounded in number', () => {
    const metrics = new Metrics()
    const [event] = USER('x')
    for (let i = 0; i < 6000; i++) metrics.record({ ...(event as AccessEvent), labels: [['user', `u${i}`]] })
    const { requests, processing, models } = metrics.snapshot()
    expect([requests, processing, models].map(all => all.length)).toEqual([5001, 5001, 5001])
    expect(requests.at(-1)).toMatchObject({ labels: expect.stringContaining('user="other"'), requests: 1000 })
  })

  it('pass the redactor before they are cut, so that no half of a key is left', () => {
    const key = 'sk-canary-0123456789-0123456789'
    const redactor = new Redactor()
    redactor.add(key)
    const metrics = new Metrics(text => redactor.redact(text))
    for (const event of USER(`${'x'.repeat(110)}${key}`, `${'x'.repeat(50)}${key}`)) metrics.record(event)
    const text = JSON.stringify(metrics.snapshot())
    expect(text).toMatch(/x{50}\[redacted sha256:/)
    expect(text).not.toContain('sk-canary')
  })

  it('are added up over processes', () => {
    const [a, b] = [new Metrics(), new Metrics()]
    for (const event of USER('alice', 'bob')) a.record(event)
    for (const event of USER('bob')) b.record(event)
    const lines = written([a.snapshot(), JSON.parse(JSON.stringify(b.snapshot()))], FACTS).split('\n')
    const users = counted(lines, 'requests_total').map(line => line.replace(/^.*,user=/, ''))
    expect(users).toEqual(['"alice"} 1', '"bob"} 2'])
  })
})
