import { describe, expect, test } from 'vitest'
import {
  args,
  blockStart,
  blockStop,
  chunk,
  end,
  FULL,
  type Json,
  PING,
  parse,
  ROLE,
  run,
  START,
  STOP,
  sse,
  stream,
  text,
  toolStart,
} from './anthropic-completions-events.ts'

describe('chunks', () => {
  test('a whole answer with text and tools', () => {
    expect(parse(run(FULL))).toEqual([
      ROLE,
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'Grüße, ' }),
      chunk({ content: '世界 🌍\n' }),
      chunk({
        tool_calls: [
          { index: 0, id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '' } },
        ],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city": "Mün' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: 'chen"}' } }] }),
      chunk({
        tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ])
  })

  test('usage, when asked for, is null in all chunks and a chunk of its own at the end', () => {
    const start = {
      type: 'message_start',
      message: {
        id: 'msg_1',
        model: 'claude',
        usage: { input_tokens: 2, cache_read_input_tokens: 30, output_tokens: 1 },
      },
    }
    const output = parse(run(sse(start, text('a'), end('end_turn', 8), STOP), true))
    const usage = {
      prompt_tokens: 32,
      completion_tokens: 8,
      total_tokens: 40,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 0 },
    }
    expect(output).toEqual([
      { ...ROLE, usage: null },
      chunk({ content: 'a' }, null, { usage: null }),
      chunk({}, 'stop', { usage: null }),
      { ...ROLE, choices: [], usage },
      '[DONE]',
    ])
  })

  test('each event leaves with the push that ended it', () => {
    const translator = stream()
    expect(parse(translator.push(Buffer.from(sse(START))).toString())).toEqual([ROLE])
    expect(translator.push(Buffer.from('event: content_block_delta\n')).length).toBe(0)
    expect(translator.push(Buffer.from(`data: ${JSON.stringify(text('x'))}\n`)).length).toBe(0)
    expect(parse(translator.push(Buffer.from('\n')).toString())).toEqual([chunk({ content: 'x' })])
    expect(translator.push(Buffer.alloc(0)).length).toBe(0)
  })

  test('a chunk may be overwritten by its owner after push', () => {
    const translator = stream()
    const bytes = Buffer.from(sse(START, text('whole'), end('end_turn'), STOP))
    const middle = bytes.indexOf('whole') + 2
    const first = Buffer.from(bytes.subarray(0, middle))
    const output = [translator.push(first)]
    first.fill(0)
    output.push(translator.push(bytes.subarray(middle)))
    expect(Buffer.concat(output).toString()).toBe(run(bytes))
  })

  test.each<[string, string[], unknown[]]>([
    [
      'text in the start of a block',
      [sse(START, blockStart(0, { type: 'text', text: 'early' }))],
      [ROLE, chunk({ content: 'early' })],
    ],
    [
      'a tool input in the start of its block',
      [sse(START, toolStart(0, 't', 'f', { a: 1 }), blockStop(0), blockStop(0))],
      [
        ROLE,
        chunk({
          tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
      ],
    ],
    [
      'events of unknown kinds',
      [sse(START, PING, { type: 'of_next_year', delta: { type: 'text_delta', text: 'x' } })],
      [ROLE],
    ],
    [
      'deltas of unknown kinds',
      [
        sse(START, {
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'signature_delta', signature: 's' },
        }),
      ],
      [ROLE],
    ],
    ['arguments of a block that is no tool call', [sse(START, args(7, '{"a"'))], [ROLE]],
    [
      'a stop reason before the last message_delta',
      [sse(START, end('max_tokens'), { type: 'message_delta', delta: { stop_reason: null } }, STOP)],
      [ROLE, chunk({}, 'length'), '[DONE]'],
    ],
    ['a second message_start', [sse(START, START)], [ROLE]],
    [
      'events that are no objects or lack their parts',
      [
        'data: 1\n\ndata: null\n\n',
        sse({ type: 'message_start' }, { type: 'content_block_delta' }, { type: 'content_block_start' }),
      ],
      [],
    ],
    [
      'content before message_start',
      [sse(text('x'))],
      [
        { ...ROLE, id: '', model: '' },
        { ...chunk({ content: 'x' }), id: '', model: '' },
      ],
    ],
  ])('%s', (_title, input, expected) => {
    expect(parse(run(input.join('')))).toEqual(expected)
  })

  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['refusal', 'content_filter'],
    ['stop_sequence', 'stop'],
  ])('stop_reason %s → %s', (stopReason, finish) => {
    expect(parse(run(sse(START, end(stopReason), STOP))).slice(-2)).toEqual([chunk({}, finish), '[DONE]'])
  })
})

describe('the end', () => {
  const error = (message: string, type: string): Json => ({
    error: { message, type, param: null, code: null },
  })

  test.each<[string, string, unknown[]]>([
    ['cut after a delta', sse(START, text('a')), [ROLE, chunk({ content: 'a' })]],
    ['cut after the stop reason', sse(START, text('a'), end('end_turn')), [ROLE, chunk({ content: 'a' })]],
    ['cut inside an event', sse(START, text('a')).slice(0, -9), [ROLE]],
    [
      'cut inside a character',
      `${sse(START)}data: {"type":"content_block_delta","delta":{"text":"\xc3`,
      [ROLE],
    ],
    ['nothing at all', '', []],
  ])('%s: no finish reason and no [DONE]', (_title, input, expected) => {
    const translator = stream(true)
    const output = Buffer.concat([translator.push(Buffer.from(input, 'latin1')), translator.end()]).toString()
    expect(parse(output)).toEqual(expected.map(value => ({ ...(value as Json), usage: null })))
    expect(translator.complete).toBe(false)
  })

  test.each<[string, string, unknown]>([
    [
      'an error event',
      sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      error('Overloaded', 'overloaded_error'),
    ],
    [
      'an error event without words',
      sse({ type: 'error' }),
      error('The provider broke the answer off.', 'api_error'),
    ],
    [
      'an event that is not JSON',
      'data: {"type":\n\n',
      error('The provider sent an event that is not JSON.', 'api_error'),
    ],
  ])('%s: an error line, and nothing after it', (_title, input, expected) => {
    const translator = stream()
    const output = [
      translator.push(Buffer.from(sse(START, text('a')))),
      translator.push(Buffer.from(input + sse(text('b'), STOP))),
      translator.push(Buffer.from(sse(text('c'), STOP))),
      translator.end(),
    ]
    expect(parse(Buffer.concat(output).toString())).toEqual([ROLE, chunk({ content: 'a' }), expected])
    expect(translator.complete).toBe(true)
  })

  test.each<[string, (filler: Buffer) => Buffer[]]>([
    ['one line', filler => Array.from({ length: 17 }, () => filler)],
    [
      'many lines',
      filler =>
        Array.from({ length: 17 }, () => Buffer.concat([Buffer.from('data: '), filler, Buffer.from('\n')])),
    ],
  ])('an event over 16 MiB in %s is an error', (_title, pieces) => {
    const translator = stream()
    const output = pieces(Buffer.alloc(1024 * 1024, 'x')).map(piece => translator.push(piece))
    expect(parse(Buffer.concat(output).toString())).toEqual([
      error('The provider sent an event that is too long.', 'api_error'),
    ])
  })

  test('a long stream of short events is not an event over the limit', () => {
    const translator = stream()
    const piece = Buffer.from(sse(PING).repeat(20_000))
    translator.push(Buffer.from(sse(START)))
    for (let i = 0; i < 30; i++) expect(translator.push(piece).length).toBe(0)
    expect(translator.complete).toBe(false)
  })

  test('usage as far as it is known', () => {
    const translator = stream()
    expect(translator.usage).toBeUndefined()
    translator.push(Buffer.from(sse(START)))
    expect(translator.usage).toEqual({ inputTokens: 9, outputTokens: 1 })
    translator.push(
      Buffer.from(
        sse({
          type: 'message_delta',
          delta: {},
          usage: { input_tokens: null, cache_creation_input_tokens: 4, output_tokens: 6 },
        }),
      ),
    )
    expect(translator.usage).toEqual({ inputTokens: 13, outputTokens: 6 })
    translator.push(Buffer.from(sse({ type: 'message_delta', delta: {}, usage: { input_tokens: 10 } })))
    expect(translator.usage).toEqual({ inputTokens: 14, outputTokens: 6 })
    expect(translator.complete).toBe(false)
    translator.push(Buffer.from(sse(STOP)))
    expect(translator.complete).toBe(true)
  })
})
