import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../../src/gateway/telemetry/access-event.ts'
import { jsonFormat, textFormat } from '../../../src/gateway/telemetry/access-log.ts'
import { AccessLog } from '../../../src/gateway/telemetry/log-writer.ts'
import { maskQuery } from '../../../src/gateway/telemetry/mask-query.ts'
import { UsageReader } from '../../../src/gateway/telemetry/usage.ts'
import { CHAT_EVENT } from '../kit/access-event.ts'

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
      path: '/v1/chat/completions',
      keySlot: 'binds[0]',
      keyFingerprint: 'sk-…1234 sha256:00000000',
      formerFingerprint: undefined,
      calls: ['127.0.0.1:1 503 7ms', '127.0.0.1:2 no answer 9ms'],
      gathered: 12,
    }
    const event = { ...CHAT_EVENT, debug }
    expect(textFormat()(event)).toMatch(
      /\tdebug\trequest gateway=default\/default .* agw\.backend=openai agw\.path=\/v1\/chat\/completions agw\.policies="gateway\/cors, route\/apiKey" agw\.ended_by=apiKey agw\.key\.slot=binds\[0\] agw\.key\.fingerprint="sk-…1234 sha256:00000000" agw\.calls\.before="127\.0\.0\.1:1 503 7ms, 127\.0\.0\.1:2 no answer 9ms" agw\.request\.body_bytes=12\n$/,
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
    const log = new AccessLog(event => `${event.duration}\n`, {
      write: (text, done) => setTimeout(() => done(writes.push(text) ? null : null), 5),
    })
    for (let i = 0; i < 1300; i++) log.add({ ...CHAT_EVENT, duration: i })
    await log.flush()
    expect(writes.length).toBeLessThan(20)
    expect(writes.join('')).toBe(Array.from({ length: 1300 }, (_, i) => `${i}\n`).join(''))
  })

  it('formats a few events at a time, so that no request waits for hundreds of lines', async () => {
    let formatted = 0
    const log = new AccessLog(() => `${++formatted}\n`, { write: (_text, done) => done() })
    const left = Array.from({ length: 300 }, (_, added) => {
      log.add(CHAT_EVENT)
      return added + 1 - formatted
    })
    expect(Math.max(...left)).toBeLessThan(20)
    await log.flush()
    expect(formatted).toBe(300)
  })

  it('writes without being flushed', async () => {
    const writes: string[] = []
    const log = new AccessLog(() => 'x', { write: (text, done) => done(writes.push(text) ? null : null) })
    log.add(CHAT_EVENT)
    expect(writes).toEqual([])
    await expect.poll(() => writes).toEqual(['x'])
  })

  it('tells once that its sink fails, and once that it works again', async () => {
    const told: (string | undefined)[] = []
    let error: Error | null = new Error('full')
    const sink = { write: (_text: string, done: (error: Error | null) => void) => done(error) }
    const log = new AccessLog(
      () => 'x',
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

describe('query masking', () => {
  it.each([
    ['', ''],
    ['a=1&b=2', 'a=1&b=2'],
    ['key=s3cret&a=1', 'key=<redacted>&a=1'],
    ['API_KEY=s3cret', 'API_KEY=<redacted>'],
    ['k%65y=s3cret', 'k%65y=<redacted>'],
    ['access_token=a=b', 'access_token=<redacted>'],
    ['x-goog-api-key=s3cret', 'x-goog-api-key=<redacted>'],
    ['key', 'key'],
    ['%zz=1', '%zz=1'],
  ])('%j', (query, masked) => {
    expect(maskQuery(query)).toBe(masked)
  })
})

describe('the usage reader', () => {
  const OPENAI =
    '{"id":"x","choices":[{"message":{"content":"\\"usage\\":{\\"prompt_tokens\\":999}"}}],"usage":{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":1}},"x":1}'
  const CASES = [
    ['an OpenAI answer', OPENAI, { inputTokens: 12, outputTokens: 34, cacheReadTokens: 1 }],
    [
      'spaces in between',
      '{ "usage" : { "prompt_tokens" : 1 , "completion_tokens" : 2 } }',
      { inputTokens: 1, outputTokens: 2 },
    ],
    [
      'an embedding',
      '{"data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}',
      { inputTokens: 5, outputTokens: undefined },
    ],
    [
      'an Anthropic answer',
      '{"usage":{"input_tokens":3,"output_tokens":4}}',
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      'a Gemini answer',
      '{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":9}}',
      { inputTokens: 8, outputTokens: 9 },
    ],
    [
      'an Anthropic stream, whose later counts win',
      'data: {"message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\ndata: {"usage":{"output_tokens":40}}\n\n',
      { inputTokens: 3, outputTokens: 40 },
    ],
    [
      'an OpenAI stream with nulls',
      'data: {"usage":null}\n\ndata: {"usage":null}\n\ndata: {"usage":{"prompt_tokens":2,"completion_tokens":3}}\n\n',
      { inputTokens: 2, outputTokens: 3 },
    ],
    [
      'an Anthropic answer with a cache, whose tokens are part of the prompt',
      '{"usage":{"input_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,' +
        '"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":0},"output_tokens":4,' +
        '"service_tier":"standard"}}',
      { inputTokens: 123, outputTokens: 4, cacheCreationTokens: 20, cacheReadTokens: 100 },
    ],
    [
      'an Anthropic stream with a cache',
      'data: {"type":"message_start","message":{"usage":{"input_tokens":3,"cache_read_input_tokens":50,"output_tokens":1}}}\n\n' +
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":40}}\n\n',
      { inputTokens: 53, outputTokens: 40, cacheReadTokens: 50 },
    ],
    [
      'an OpenAI answer with a cache, whose tokens are counted already',
      '{"usage":{"prompt_tokens":2006,"prompt_tokens_details":{"cached_tokens":1920},"completion_tokens":300,' +
        '"completion_tokens_details":{"reasoning_tokens":128},"total_tokens":2306}}',
      { inputTokens: 2006, outputTokens: 300, cacheReadTokens: 1920, reasoningTokens: 128 },
    ],
    [
      'an answer with audio, and with tokens written to a cache',
      '{"usage":{"prompt_tokens":20,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":4,"audio_tokens":7},' +
        '"completion_tokens":9,"completion_tokens_details":{"audio_tokens":3}}}',
      {
        inputTokens: 20,
        outputTokens: 9,
        cacheReadTokens: 0,
        cacheCreationTokens: 4,
        inputAudioTokens: 7,
        outputAudioTokens: 3,
      },
    ],
    [
      'an answer of the Responses API',
      '{"output":[],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87,' +
        '"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}}',
      { inputTokens: 36, outputTokens: 87, cacheReadTokens: 30, reasoningTokens: 64 },
    ],
    [
      'a stream of the Responses API',
      'data: {"type":"response.created","response":{"usage":null}}\n\n' +
        'data: {"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":6}}}\n\n',
      { inputTokens: 5, outputTokens: 6 },
    ],
    [
      'what Gemini thought',
      '{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":9,"totalTokenCount":117,' +
        '"promptTokensDetails":[{"modality":"TEXT","tokenCount":8}],"thoughtsTokenCount":100},"modelVersion":"g"}',
      { inputTokens: 8, outputTokens: 109, reasoningTokens: 100 },
    ],
    [
      'a Gemini answer that is all thought',
      '{"usageMetadata":{"promptTokenCount":8,"thoughtsTokenCount":100}}',
      { inputTokens: 8, outputTokens: 100, reasoningTokens: 100 },
    ],
    [
      'a rerank, which tells a total alone',
      '{"results":[],"usage":{"total_tokens":15}}',
      { inputTokens: 15, outputTokens: undefined },
    ],
    [
      'the counts behind what a tool is called with',
      '{"content":[{"type":"tool_use","input":{"usage":{"input_tokens":0,"cache_read_input_tokens":9,"output_tokens":0}}}],' +
        '"usage":{"input_tokens":30,"output_tokens":40}}',
      { inputTokens: 30, outputTokens: 40 },
    ],
    [
      'no counts that are none',
      '{"usage":{"prompt_tokens":-5,"completion_tokens":"7"}} {"usage":{"input_tokens":1e400,"output_tokens":1.5}}',
      undefined,
    ],
    ['counts without their end', '{"usage":{"prompt_tokens":12,"completion_tokens":3', undefined],
    ['an answer without', '{"usage":null}', undefined],
    [
      'words that begin alike',
      '{"usage_policy":{"prompt_tokens":1},"usages":{"prompt_tokens":1}}',
      undefined,
    ],
    ['no JSON', 'usage usage "usage', undefined],
  ] as const

  it.each(CASES)('reads %s', (_title, text, expected) => {
    const reader = new UsageReader()
    reader.push(text)
    expect(reader.usage).toEqual(expected)
  })

  it.each(CASES)('reads %s in whatever pieces it comes', (_title, text, expected) => {
    for (const size of [1, 2, 3, 5, 7, 11, 64]) {
      const reader = new UsageReader()
      for (let i = 0; i < text.length; i += size) reader.push(text.slice(i, i + size))
      expect(reader.usage, `in pieces of ${size}`).toEqual(expected)
    }
  })

  it.each(CASES)('reads %s wherever it is cut in two', (_title, text, expected) => {
    for (let at = 1; at < text.length; at++) {
      const reader = new UsageReader()
      reader.push(text.slice(0, at))
      reader.push(text.slice(at))
      expect(reader.usage, `cut at ${at}`).toEqual(expected)
    }
  })

  it('tells how much has come since the last counts', () => {
    const reader = new UsageReader()
    reader.push('data: {"usage":{"input_tokens":3,"output_tokens":1}}')
    expect(reader.uncounted).toBe(1)
    reader.push('x'.repeat(100))
    expect(reader.uncounted).toBe(101)
    reader.push('{"usage":{"output_to')
    reader.push('kens":9}}\n\n')
    expect(reader.uncounted).toBe(3)
  })
})
