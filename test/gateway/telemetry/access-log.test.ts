import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../../src/gateway/telemetry/access-event.ts'
import { jsonFormat, textFormat } from '../../../src/gateway/telemetry/access-log.ts'
import { AccessLog } from '../../../src/gateway/telemetry/log-writer.ts'
import { CHAT_EVENT } from '../kit/access-event.ts'

const plain = (text: string): string => text

describe('the access log', () => {
  it('as text', () => {
    expect(textFormat()(CHAT_EVENT)).toBe(
      '2026-01-02T03:04:05.678Z\tinfo\trequest gateway=default/default listener=listener0 route=default/route0 ' +
        'endpoint=api.openai.com:443 http.method=POST http.host=localhost http.path=/v1/chat/completions ' +
        'http.version=HTTP/1.1 http.status=200 protocol=llm gen_ai.operation.name=chat gen_ai.provider.name=openai ' +
        'gen_ai.request.model=gpt-4o gen_ai.response.model=gpt-4o-2024 src.addr=127.0.0.1:5555 ' +
        'gen_ai.usage.input_tokens=7 gen_ai.usage.output_tokens=9 agw.ai.time_to_first_token=0.0035 ' +
        'agw.ai.time_per_output_token=0.000983 ' +
        'duration=12.346ms\n',
    )
  })

  it('tells whose token it was, the rule of the route and what the model was asked for', () => {
    const parameters = { 'gen_ai.request.temperature': 0.5, 'gen_ai.request.max_tokens': 10 }
    const event = { ...CHAT_EVENT, subject: 'alice', rule: 'r1', parameters }
    expect(textFormat()(event)).toMatch(
      / route_rule=r1 .* gen_ai\.request\.temperature=0\.5 gen_ai\.request\.max_tokens=10 jwt\.sub=alice /,
    )
    expect(JSON.parse(jsonFormat()(event))).toMatchObject({
      'jwt.sub': 'alice',
      route_rule: 'r1',
      ...parameters,
    })
  })

  it.each([
    ['of its own', 'b'.repeat(16), / trace\.id=a{32} span\.id=b{16} /],
    ['of a client alone', undefined, / trace\.id=a{32} duration=/],
  ])('tells the trace: a span %s', (_title, spanId, line) => {
    const event = { ...CHAT_EVENT, trace: { traceId: 'a'.repeat(32), spanId } }
    expect(textFormat()(event)).toMatch(line)
    expect(JSON.parse(jsonFormat()(event))['span.id']).toBe(spanId)
  })

  it.each([
    [{}, 'info'],
    [{ status: 404 }, 'warn'],
    [{ error: 'client left' }, 'warn'],
  ])('at the level of what happened: %j is %s', (what, level) => {
    const event = { ...CHAT_EVENT, ...what }
    expect(textFormat()(event).split('\t')[1]).toBe(level)
    expect(JSON.parse(jsonFormat()(event)).level).toBe(level)
  })

  it('as JSON', () => {
    expect(JSON.parse(jsonFormat()(CHAT_EVENT))).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'info',
      scope: 'request',
      gateway: 'default/default',
      listener: 'listener0',
      route: 'default/route0',
      endpoint: 'api.openai.com:443',
      'src.addr': '127.0.0.1:5555',
      'http.method': 'POST',
      'http.host': 'localhost',
      'http.path': '/v1/chat/completions',
      'http.version': 'HTTP/1.1',
      'http.status': 200,
      protocol: 'llm',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024',
      'agw.ai.time_to_first_token': 0.0035,
      'agw.ai.time_per_output_token': 0.000983,
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 9,
      duration: '12.346ms',
    })
  })

  it('tells at debug how a request came about, in the same line', () => {
    const debug = {
      backend: 'openai',
      policies: ['gateway/cors', 'route/apiKey'],
      endedBy: 'apiKey',
      decidedBy: 'llm.policies.authorization.rules[2]',
      path: '/v1/chat/completions',
      keySlot: 'binds[0]',
      keyFingerprint: 'sk-…1234 sha256:00000000',
      formerFingerprint: undefined,
      calls: ['127.0.0.1:1 503 7ms', '127.0.0.1:2 no answer 9ms'],
      gathered: 12,
    }
    expect(textFormat()({ ...CHAT_EVENT, debug: { ...debug, path: '' } })).not.toContain('agw.path')
    const event = { ...CHAT_EVENT, debug }
    expect(textFormat()(event)).toMatch(
      /\tdebug\trequest gateway=default\/default .* agw\.backend=openai agw\.path=\/v1\/chat\/completions agw\.policies="gateway\/cors, route\/apiKey" agw\.ended_by=apiKey agw\.decided_by=llm\.policies\.authorization\.rules\[2\] agw\.key\.slot=binds\[0\] agw\.key\.fingerprint="sk-…1234 sha256:00000000" agw\.calls\.before="127\.0\.0\.1:1 503 7ms, 127\.0\.0\.1:2 no answer 9ms" agw\.request\.body_bytes=12\n$/,
    )
    expect(JSON.parse(jsonFormat()(event))).toMatchObject({
      level: 'debug',
      'agw.ended_by': 'apiKey',
      'agw.key.fingerprint': 'sk-…1234 sha256:00000000',
    })
  })

  it.each([
    ['source', '127.0.0.2:1'],
    ['path', '/other'],
    ['host', 'other'],
    ['method', 'GET'],
    ['status', 404],
    ['model', 'other'],
    ['provider', 'other'],
    ['route', 'other'],
    ['listener', 'other'],
    ['gateway', 'other'],
    ['endpoint', 'other'],
    ['version', 'HTTP/1.0'],
    ['reason', 'Timeout'],
    ['error', 'other'],
    ['usage', { inputTokens: 1, outputTokens: 2 }],
    ['duration', 99],
    ['time', 0],
    ['subject', 'ann'],
    ['retries', 2],
  ])('tells an event that differs from the one before in its %s', (name, value) => {
    const format = textFormat()
    const changed = { ...CHAT_EVENT, [name]: value } as AccessEvent
    const [first, second] = [format(CHAT_EVENT), format(changed)]
    expect(second).not.toBe(first)
    expect(second).toBe(textFormat()(changed))
    expect(format(CHAT_EVENT)).toBe(first)
  })

  it('has the fields that the config adds, and not those that it removes, in both forms', () => {
    const log = {
      isWanted: true,
      added: { team: 'blue team', count: 3, list: ['a'] },
      removed: new Set(['src.addr', 'http.host']),
    }
    const text = textFormat()({ ...CHAT_EVENT, log })
    expect(text).toMatch(/http\.status=200 .* team="blue team" count=3 list="\[\\"a\\"\]"\n$/)
    expect(text).not.toMatch(/src\.addr|http\.host/)
    const line = JSON.parse(jsonFormat()({ ...CHAT_EVENT, log }))
    expect(line).toMatchObject({ team: 'blue team', count: 3, list: ['a'], 'http.status': 200 })
    expect(line).not.toHaveProperty(['http.host'])
  })

  it('has all fields that agentgateway has of a model call, by its names, in both forms alike', () => {
    const event: AccessEvent = {
      ...CHAT_EVENT,
      usage: {
        inputTokens: 7,
        outputTokens: 9,
        cacheReadTokens: 3,
        cacheCreationTokens: 2,
        reasoningTokens: 5,
      },
      cost: { status: 'Exact', total: 12_500_000_000n },
      parameters: { 'gen_ai.request.temperature': 0.5, 'gen_ai.request.seed': 1 },
      subject: 'ann "the" admin',
      retries: 1,
      reason: 'Timeout',
      error: 'too\nlate',
    }
    const line = JSON.parse(jsonFormat()(event)) as Record<string, unknown>
    const { time: _, level: __, scope: ___, ...fields } = line
    const text = textFormat()(event)
    expect(Object.keys(fields).sort()).toEqual(
      [...text.matchAll(/ ([a-z_.]+)=/g)].map(([, name]) => name).sort(),
    )
    expect(line).toMatchObject({
      'gen_ai.usage.cache_read.input_tokens': 3,
      'gen_ai.usage.cache_creation.input_tokens': 2,
      'gen_ai.usage.reasoning_tokens': 5,
      'agw.ai.usage.cost.total': '0.0125',
      reason: 'Timeout',
    })
    expect(text).toContain(' jwt.sub="ann \\"the\\" admin" ')
    expect(text.split('\n')).toHaveLength(2)
  })

  it('leaves out what is not known', () => {
    const bare = {
      ...CHAT_EVENT,
      answerModel: undefined,
      gateway: undefined,
      status: undefined,
      usage: undefined,
      model: undefined,
    }
    expect(textFormat()(bare)).not.toMatch(/gateway=|http\.status=|usage|model/)
  })

  it.each([
    ['a space', 'a b', '"a b"'],
    ['a quote', 'a"b', '"a\\"b"'],
    ['a line break, which could forge a line', 'a\nb', '"a\\nb"'],
    ['an equals sign', 'a=b', '"a=b"'],
    ['a carriage return and an escape', 'a\r\u001b[2Jb', '"a\\r\\u001b[2Jb"'],
    ['an escape of one character', 'a\u009b2Jb', '"a\\u009b2Jb"'],
    ['a line break of Unicode', 'a\u2028b', '"a\\u2028b"'],
    ['a turn of the direction of writing', 'a\u202eb', '"a\\u202eb"'],
    ['nothing', '', '""'],
  ])('quotes %s', (_title, model, quoted) => {
    expect(textFormat()({ ...CHAT_EVENT, model })).toContain(` gen_ai.request.model=${quoted} `)
    const line = jsonFormat()({ ...CHAT_EVENT, model })
    expect(JSON.parse(line)).toMatchObject({ 'gen_ai.request.model': model })
    expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e]*\n$/)
  })

  it('writes many events at once, in order, and all of them by the time it is flushed', async () => {
    const writes: string[] = []
    const log = new AccessLog(event => `${event.duration}\n`, plain, {
      write: (text, done) => setTimeout(() => done(writes.push(text) ? null : null), 5),
    })
    for (let i = 0; i < 1300; i++) log.add({ ...CHAT_EVENT, duration: i })
    await log.flush()
    expect(writes.length).toBeLessThan(20)
    expect(writes.join('')).toBe(Array.from({ length: 1300 }, (_, i) => `${i}\n`).join(''))
  })

  it('formats a few events at a time, so that no request waits for hundreds of lines', async () => {
    let formatted = 0
    const log = new AccessLog(() => `${++formatted}\n`, plain, { write: (_text, done) => done() })
    const left = Array.from({ length: 300 }, (_, added) => {
      log.add(CHAT_EVENT)
      return added + 1 - formatted
    })
    expect(Math.max(...left)).toBeLessThan(20)
    await log.flush()
    expect(formatted).toBe(300)
  })

  it('lets nothing out but through the redactor', async () => {
    const writes: string[] = []
    const redact = (text: string): string => text.replaceAll('key', '*')
    const sink = {
      write: (text: string, done: () => void) => {
        writes.push(text)
        done()
      },
    }
    const log = new AccessLog(event => `key ${event.duration}\n`, redact, sink)
    for (let i = 0; i < 20; i++) log.add({ ...CHAT_EVENT, duration: i })
    log.addLine('another key\n')
    log.add({ ...CHAT_EVENT, duration: 20 })
    await log.flush()
    const lines = Array.from({ length: 21 }, (_, i) => `* ${i}\n`)
    expect(writes.join('')).toBe([...lines.slice(0, 20), 'another *\n', lines[20]].join(''))
  })

  it('writes without being flushed', async () => {
    const writes: string[] = []
    const log = new AccessLog(() => 'x', plain, {
      write: (text, done) => done(writes.push(text) ? null : null),
    })
    log.add(CHAT_EVENT)
    expect(writes).toEqual([])
    await expect.poll(() => writes).toEqual(['x'])
  })

  it('writes at the end of each turn where that costs little', async () => {
    const writes: string[] = []
    const write = (text: string, done: () => void): void => {
      writes.push(text)
      done()
    }
    const log = new AccessLog(event => `${event.duration}\n`, plain, { write, isPrompt: true })
    for (const duration of [1, 2, 3]) log.add({ ...CHAT_EVENT, duration })
    expect(writes).toEqual([])
    await new Promise(resolve => setImmediate(resolve))
    log.addLine('4\n')
    await new Promise(resolve => setImmediate(resolve))
    expect(writes).toEqual(['1\n2\n3\n', '4\n'])
  })

  it('tells once that its sink fails, and once that it works again', async () => {
    const told: (string | undefined)[] = []
    let error: Error | null = new Error('full')
    const sink = { write: (_text: string, done: (error: Error | null) => void) => done(error) }
    const log = new AccessLog(
      () => 'x',
      plain,
      sink,
      failure => told.push(failure?.message),
    )
    const write = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        log.add(CHAT_EVENT)
        await log.flush()
      }
    }
    await write(3)
    error = null
    await write(3)
    expect(told).toEqual(['full', undefined])
  })
})

it('a field that a client has named stands on the line of its request, in quotes', () => {
  const names = ['a.x\n2026-01-01T00:00:00.000Z\tinfo\trequest', 'a.b c', 'a.d="e', 'a.\u001b[2J', 'a.f']
  const added = Object.fromEntries(names.map((name, i) => [name, i]))
  const log = { isWanted: true, added, removed: new Set<string>() }
  const line = textFormat()({ ...CHAT_EVENT, log })
  expect(line.match(/\n/g)).toHaveLength(1)
  for (const [i, name] of names.entries())
    expect(line).toContain(i === 4 ? ' a.f=4' : ` ${JSON.stringify(name)}=${i}`)
})
