import { describe, expect, it } from 'vitest'
import { MessagesFromConverseStream } from '../../src/providers/converse-stream.ts'
import { bedrock, translationFor } from '../../src/providers/index.ts'
import { ToolNames } from '../../src/providers/tool-names.ts'
import { event, exception, frame } from '../helpers/event-frames.ts'

type Json = Record<string, unknown>

interface Stream {
  push(chunk: Buffer): Buffer
  end(): Buffer
  readonly complete: boolean
  readonly broken: boolean
}

function run(stream: Stream, bytes: Buffer, size = bytes.length) {
  let out = ''
  for (let at = 0; at < bytes.length; at += size) out += stream.push(bytes.subarray(at, at + size)).toString()
  out += stream.end().toString()
  return { out, complete: stream.complete, broken: stream.broken }
}

const asMessages = (frames: Buffer[], size?: number, tools = new ToolNames()) => {
  const { out, ...rest } = run(new MessagesFromConverseStream('m', tools), Buffer.concat(frames), size)
  const events = out
    .split('\n\n')
    .filter(one => one !== '')
    .map(one => {
      const [name = '', data = ''] = one.split('\n')
      const parsed = JSON.parse(data.slice('data: '.length)) as Json
      expect(name).toBe(`event: ${parsed['type']}`)
      return parsed
    })
  return { events, ...rest }
}

const delta = (contentBlockIndex: number, of: Json) =>
  event('contentBlockDelta', { contentBlockIndex, delta: of, p: 'abcd' })
const stop = (contentBlockIndex: number) => event('contentBlockStop', { contentBlockIndex })
const START = event('messageStart', { role: 'assistant' })
const END = [
  event('messageStop', { stopReason: 'tool_use' }),
  event('metadata', {
    metrics: { latencyMs: 1 },
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  }),
]

describe('frames of Converse as events of a message', () => {
  const tools = new ToolNames()
  const whole = [
    START,
    delta(0, { reasoningContent: { text: 'hm' } }),
    delta(0, { reasoningContent: { signature: 's' } }),
    stop(0),
    delta(1, { text: 'Grüß ' }),
    delta(1, { text: 'dich' }),
    stop(1),
    event('contentBlockStart', {
      contentBlockIndex: 2,
      start: { toolUse: { toolUseId: 't', name: tools.send('a.b') } },
    }),
    delta(2, { toolUse: { input: '{"a":' } }),
    delta(2, { toolUse: { input: '1}' } }),
    stop(2),
    event('somethingNew', { a: 1 }),
    ...END,
  ]

  it.each([1, 7, 64, 10_000])('blocks, deltas and counts, in pieces of %i bytes', size => {
    const { events, complete, broken } = asMessages(whole, size, tools)
    expect({ complete, broken }).toEqual({ complete: true, broken: false })
    expect(events[0]).toMatchObject({ message: { role: 'assistant', model: 'm', content: [] } })
    expect(events.slice(1)).toEqual([
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Grüß ' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'dich' } },
      { type: 'content_block_stop', index: 1 },
      {
        type: 'content_block_start',
        index: 2,
        content_block: { type: 'tool_use', id: 't', name: 'a.b', input: {} },
      },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '1}' } },
      { type: 'content_block_stop', index: 2 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: {
          input_tokens: 3,
          output_tokens: 2,
          cache_read_input_tokens: 0,
          cache_creation_input_tokens: 0,
        },
      },
      { type: 'message_stop' },
    ])
  })

  it('end well without counts, and are cut without a reason', () => {
    const [reason = START, counts = START] = END
    expect(asMessages([START, delta(0, { text: 'a' }), reason])).toMatchObject({ complete: true })
    expect(asMessages([START, delta(0, { text: 'a' })])).toMatchObject({ complete: false })
    expect(asMessages([START, delta(0, { text: 'a' }), counts])).toMatchObject({ complete: false })
    expect(asMessages([])).toMatchObject({ complete: false, events: [] })
  })

  it('hold hidden thoughts in a block without deltas', () => {
    const { events } = asMessages([
      START,
      delta(0, { reasoningContent: { redactedContent: 'QUJD' } }),
      stop(0),
    ])
    expect(events[1]).toMatchObject({ content_block: { type: 'redacted_thinking', data: 'QUJD' } })
    expect(events[2]).toMatchObject({ type: 'content_block_stop' })
  })

  it.each([
    ['throttlingException', 'rate_limit_error'],
    ['validationException', 'invalid_request_error'],
    ['serviceUnavailableException', 'overloaded_error'],
    ['modelStreamErrorException', 'api_error'],
  ])('a %s ends them with an error', (type, word) => {
    const { events, complete, broken } = asMessages([START, exception(type, 'why'), ...END])
    expect(events.slice(1)).toEqual([{ type: 'error', error: { type: word, message: 'why' } }])
    expect({ complete, broken }).toEqual({ complete: true, broken: false })
  })

  it('an error that is in headers alone ends them too', () => {
    const headers = { ':message-type': 'error', ':error-code': 'x', ':error-message': 'why' }
    const { events } = asMessages([START, frame(headers, Buffer.alloc(0))])
    expect(events[1]).toEqual({ type: 'error', error: { type: 'api_error', message: 'why' } })
  })

  it.each([
    [
      'bytes that are none',
      Buffer.from('<html>no frames here</html>'),
      'a frame whose length has a wrong checksum.',
    ],
    ['an event that is not JSON', frame({ ':event-type': 'messageStart' }, Buffer.from('{')), 'not JSON'],
  ])('%s break them off', (_title, bytes, message) => {
    const { events, complete, broken } = asMessages([START, bytes, START])
    expect(events[1]).toMatchObject({ type: 'error', error: { message: expect.stringContaining(message) } })
    expect(events).toHaveLength(2)
    expect({ complete, broken }).toEqual({ complete: true, broken: true })
  })

  it.each([
    ['a part of a call that has not begun', delta(1, { toolUse: { input: '{"a":1}' } })],
    [
      'a call whose name is no text',
      event('contentBlockStart', {
        start: { toolUse: { toolUseId: 't', name: { toString: 1, valueOf: 1 } } },
      }),
    ],
  ])('%s breaks them off', (_title, bytes) => {
    const { events, complete, broken } = asMessages([START, bytes, ...END])
    expect(events.slice(1)).toMatchObject([{ type: 'error', error: { type: 'api_error' } }])
    expect({ complete, broken }).toEqual({ complete: true, broken: true })
  })

  it('an event that is no object is passed over', () => {
    expect(asMessages([START, event('contentBlockDelta', 1), ...END])).toMatchObject({ complete: true })
  })
})

describe('frames of Converse as chunks of a completion', () => {
  const translation = translationFor(bedrock({ region: 'r' }), 'completions', 'm')
  const facts = { created: 1, includeUsage: true, model: 'm' }
  const open = (): Stream => {
    const stream = translation?.stream?.(facts)
    if (stream === undefined) throw new Error('completions are not translated')
    return stream
  }

  it.each([1, 50, 10_000])('text, calls and counts, in pieces of %i bytes', size => {
    const frames = [
      START,
      delta(0, { text: 'hi' }),
      stop(0),
      event('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't', name: 'n' } } }),
      delta(1, { toolUse: { input: '{}' } }),
      stop(1),
      ...END,
    ]
    const { out, complete } = run(open(), Buffer.concat(frames), size)
    expect(complete).toBe(true)
    expect(out.endsWith('data: [DONE]\n\n')).toBe(true)
    const chunks = out
      .split('\n\n')
      .filter(one => one.startsWith('data: {'))
      .map(one => JSON.parse(one.slice('data: '.length)) as { choices: Json[]; usage: Json | null })
    expect(
      chunks.flatMap(({ choices }) => choices).map(({ delta, finish_reason }) => [delta, finish_reason]),
    ).toEqual([
      [{ role: 'assistant', content: '' }, null],
      [{ content: 'hi' }, null],
      [
        { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'n', arguments: '' } }] },
        null,
      ],
      [{ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }, null],
      [{}, 'tool_calls'],
    ])
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 2 })
  })

  it('errors arrive in the form of OpenAI', () => {
    const { out, complete } = run(
      open(),
      Buffer.concat([START, exception('throttlingException', 'slow down')]),
    )
    expect(out).toContain(
      '{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}',
    )
    expect(complete).toBe(true)
  })

  it('a stream that is cut is not whole, and one that is no stream is broken', () => {
    expect(run(open(), Buffer.concat([START, delta(0, { text: 'hi' })]))).toMatchObject({ complete: false })
    expect(run(open(), Buffer.from('data: {"a":1}\n\n'))).toMatchObject({ complete: true, broken: true })
  })
})
