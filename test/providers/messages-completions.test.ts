import { describe, expect, it } from 'vitest'
import { TranslationError } from '../../src/providers/anthropic-completions.ts'
import { errorFromCompletions, fromCompletions } from '../../src/providers/messages-completions-answer.ts'
import { toCompletions } from '../../src/providers/messages-completions-request.ts'
import { MessagesFromCompletionsStream } from '../../src/providers/messages-completions-stream.ts'

type Json = Record<string, unknown>

const ask = (body: Json) => toCompletions({ model: 'm', messages: [], ...body }, 'max_tokens')

describe('a Messages request as Chat Completions', () => {
  it.each<[string, Json, Json]>([
    ['the model and the limit', { max_tokens: 5 }, { model: 'm', max_tokens: 5, messages: [] }],
    [
      'a system text goes first',
      { system: 'brief', messages: [{ role: 'user', content: 'hi' }] },
      {
        messages: [
          { role: 'system', content: 'brief' },
          { role: 'user', content: 'hi' },
        ],
      },
    ],
    [
      'system blocks, with marks for the cache',
      {
        system: [
          { type: 'text', text: 'a', cache_control: {} },
          { type: 'text', text: 'b' },
        ],
      },
      { messages: [{ role: 'system', content: 'a\nb' }] },
    ],
    ['no system message for an empty text', { system: '' }, { messages: [] }],
    [
      'text, images and documents',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'look' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
              { type: 'image', source: { type: 'url', url: 'https://x.test/i.png' } },
              {
                type: 'document',
                title: 'a.pdf',
                source: { type: 'base64', media_type: 'application/pdf', data: 'BB==' },
              },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'look' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
              { type: 'image_url', image_url: { url: 'https://x.test/i.png' } },
              { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BB==' } },
            ],
          },
        ],
      },
    ],
    [
      'a call of a tool, its answer in front of the next words, thoughts left out',
      {
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 's' },
              { type: 'text', text: 'one moment' },
              { type: 'tool_use', id: 't1', name: 'look', input: { at: 1 } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'and now?' },
              { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'seen' }] },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'assistant',
            content: 'one moment',
            tool_calls: [{ id: 't1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }],
          },
          { role: 'tool', tool_call_id: 't1', content: 'seen' },
          { role: 'user', content: 'and now?' },
        ],
      },
    ],
    [
      'a call of a tool without words',
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'n', input: {} }] }] },
      {
        messages: [
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 't', type: 'function', function: { name: 'n', arguments: '{}' } }],
          },
        ],
      },
    ],
    [
      'tools and which of them',
      {
        tools: [{ name: 'look', description: 'looks', input_schema: { type: 'object' } }],
        tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
      },
      {
        tools: [
          {
            type: 'function',
            function: { name: 'look', description: 'looks', parameters: { type: 'object' } },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'look' } },
        parallel_tool_calls: false,
      },
    ],
    ['any tool', { tools: [{ name: 'a' }], tool_choice: { type: 'any' } }, { tool_choice: 'required' }],
    [
      'sampling, stops, the user and the form of the answer',
      {
        temperature: 0.5,
        top_p: 0.9,
        top_k: 3,
        stop_sequences: ['x'],
        metadata: { user_id: 'u' },
        output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
      },
      {
        temperature: 0.5,
        top_p: 0.9,
        stop: ['x'],
        user: 'u',
        response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
      },
    ],
    [
      'a stream asks for its counts',
      { stream: true },
      { stream: true, stream_options: { include_usage: true } },
    ],
  ])('%s', (_, body, wanted) => {
    expect(ask(body)).toMatchObject(wanted)
    expect(ask(body)).not.toHaveProperty('top_k')
  })

  it('the limit is called as the provider wants it', () => {
    expect(toCompletions({ max_tokens: 5, messages: [] }, 'max_completion_tokens')).toEqual({
      max_completion_tokens: 5,
      messages: [],
    })
  })

  it.each<[string, Json, string]>([
    ['a tool of Anthropic’s own', { tools: [{ type: 'web_search_20250305', name: 'w' }] }, 'tools[0].type'],
    [
      'a file',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file' } }] }] },
      'source.type',
    ],
    ['a role', { messages: [{ role: 'system', content: 'x' }] }, 'messages[0].role'],
    ['a block', { messages: [{ role: 'user', content: [{ type: 'search_result' }] }] }, 'content[0].type'],
  ])('%s that has no form there is refused by its field', (_, body, field) => {
    expect(() => ask(body)).toThrow(TranslationError)
    expect(() => ask(body)).toThrow(field)
  })
})

describe('an answer as a message', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 3 } }
  const answer = (message: Json, finish_reason: string) =>
    fromCompletions({ id: 'x', model: 'm', choices: [{ message, finish_reason }], usage })

  it('has its text, its reason and its counts', () => {
    expect(answer({ content: 'hello' }, 'stop')).toEqual({
      id: 'x',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'hello' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 3,
        output_tokens: 4,
      },
    })
  })

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['tool_calls', 'tool_use'],
    ['content_filter', 'refusal'],
    ['new_reason', 'end_turn'],
  ])('%s becomes %s', (reason, wanted) => {
    expect(answer({ content: 'x' }, reason)['stop_reason']).toBe(wanted)
  })

  it('has calls of tools as blocks', () => {
    const call = { id: 't', type: 'function', function: { name: 'n', arguments: '{"a":1}' } }
    expect(answer({ content: null, tool_calls: [call] }, 'tool_calls')['content']).toEqual([
      { type: 'tool_use', id: 't', name: 'n', input: { a: 1 } },
    ])
  })

  it('has a refusal as its text', () => {
    expect(answer({ content: null, refusal: 'no' }, 'stop')['content']).toEqual([
      { type: 'text', text: 'no' },
    ])
  })

  it.each([[{}], [{ choices: [] }], [{ choices: [{}] }]])('%j is none', bad => {
    expect(() => fromCompletions(bad)).toThrow(SyntaxError)
  })

  it.each<[number, string, string, string]>([
    [
      401,
      '{"error":{"message":"bad key","type":"invalid_request_error"}}',
      'authentication_error',
      'bad key',
    ],
    [429, '{"error":{"message":"slow"}}', 'rate_limit_error', 'slow'],
    [400, '{"error":"plain"}', 'invalid_request_error', 'plain'],
    [503, '<html>', 'api_error', 'The provider answered with status 503 and no message.'],
  ])('an error of status %i', (status, body, type, message) => {
    expect(JSON.parse(errorFromCompletions(status, body))).toEqual({
      type: 'error',
      error: { type, message },
    })
  })
})

describe('a stream as events of a message', () => {
  const chunk = (choice: Json, more: Json = {}) =>
    `data: ${JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, ...choice }], ...more })}\n\n`

  function events(text: string, size = text.length): { events: Json[]; complete: boolean } {
    const stream = new MessagesFromCompletionsStream()
    let out = ''
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size)
      out += stream.push(bytes.subarray(at, at + size)).toString()
    out += stream.end().toString()
    const found = out.split('\n\n').filter(one => one !== '')
    return {
      complete: stream.complete,
      events: found.map(one => {
        const [name = '', data = ''] = one.split('\n')
        const event = JSON.parse(data.slice('data: '.length)) as Json
        expect(name).toBe(`event: ${event['type']}`)
        return event
      }),
    }
  }

  const whole =
    chunk({ delta: { role: 'assistant', content: '' } }) +
    chunk({ delta: { content: 'Grüß ' } }) +
    chunk({ delta: { content: 'dich' } }) +
    chunk({ delta: { tool_calls: [{ index: 0, id: 't', function: { name: 'n', arguments: '' } }] } }) +
    chunk({ delta: { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] } }) +
    chunk({ delta: { tool_calls: [{ index: 0, function: { arguments: '1}' } }] } }) +
    chunk({ delta: { tool_calls: [{ index: 1, id: 'u', function: { name: 'o', arguments: '{}' } }] } }) +
    chunk({ delta: {}, finish_reason: 'tool_calls' }) +
    'data: {"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n'

  it.each([1, 7, 64, whole.length * 2])('blocks, deltas and counts, in pieces of %i bytes', size => {
    const { events: found, complete } = events(whole, size)
    expect(complete).toBe(true)
    expect(found.map(one => one['type'])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(found[1]).toMatchObject({ index: 0, content_block: { type: 'text', text: '' } })
    expect(found[2]).toMatchObject({ index: 0, delta: { type: 'text_delta', text: 'Grüß ' } })
    expect(found[5]).toMatchObject({ index: 1, content_block: { type: 'tool_use', id: 't', name: 'n' } })
    expect(found[7]).toMatchObject({ index: 1, delta: { type: 'input_json_delta', partial_json: '1}' } })
    expect(found[12]).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { input_tokens: 3, output_tokens: 2 },
    })
  })

  it('is whole without [DONE] where the reason has come', () => {
    const { events: found, complete } = events(chunk({ delta: { content: 'x' }, finish_reason: 'length' }))
    expect(complete).toBe(true)
    expect(found.at(-1)).toEqual({ type: 'message_stop' })
  })

  it('that is cut has no end', () => {
    const { events: found, complete } = events(`${chunk({ delta: { content: 'x' } })}data: {"id`)
    expect(complete).toBe(false)
    expect(found.at(-1)?.['type']).toBe('content_block_delta')
  })

  it.each([
    ['an error', 'data: {"error":{"message":"overloaded"}}\n\n', 'overloaded'],
    ['what is no JSON', 'data: nonsense\n\n', 'The provider sent an event that is not JSON.'],
  ])('ends with an error at %s', (_, text, message) => {
    const { events: found, complete } = events(chunk({ delta: { content: 'x' } }) + text + whole)
    expect(complete).toBe(true)
    expect(found.at(-1)).toEqual({ type: 'error', error: { type: 'api_error', message } })
  })
})
