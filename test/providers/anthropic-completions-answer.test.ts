import { describe, expect, test } from 'vitest'
import {
  completionsError,
  errorFromMessages,
  fromMessages,
  toMessages,
} from '../../src/providers/anthropic-completions.ts'

type Body = Record<string, unknown>

const ANSWER = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5 },
}

const translate = (fields: Body): Body => fromMessages({ ...ANSWER, ...fields }, { created: 1700000000 })

/** The only choice of an answer. */
function choice(fields: Body): unknown {
  const choices = translate(fields)['choices']
  if (!Array.isArray(choices) || choices.length !== 1) throw new Error('expected one choice')
  return choices[0]
}

test.each<[string, Body]>([
  ['has no content', { content: undefined }],
  ['has text in place of blocks', { content: 'Hello' }],
  ['calls a tool without a name', { content: [{ type: 'tool_use', id: 't', input: {} }] }],
])('one that %s is none', (_, fields) => {
  expect(() => translate(fields)).toThrow(SyntaxError)
})

test('a text answer', () => {
  expect(translate({})).toEqual({
    id: 'msg_1',
    object: 'chat.completion',
    created: 1700000000,
    model: 'claude',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    },
  })
})

test.each<[string, unknown, Body]>([
  [
    'several texts are joined',
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    { content: 'ab' },
  ],
  [
    'thinking stands beside the text, where it can be read',
    [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'QUJD' },
      { type: 'thinking', thinking: ', yes', signature: 's' },
      { type: 'text', text: 'a' },
    ],
    { content: 'a', reasoning_content: 'hm, yes' },
  ],
  ['unknown blocks are left out', [{ type: 'server_tool_use', id: 's' }, 7, null], { content: '' }],
  ['nothing', [], { content: '' }],
  [
    'a tool call without text',
    [{ type: 'tool_use', id: 't1', name: 'f', input: { a: [1] } }],
    {
      content: null,
      tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":[1]}' } }],
    },
  ],
  [
    'text and two tool calls, one without input',
    [
      { type: 'text', text: 'so' },
      { type: 'tool_use', id: 't1', name: 'f', input: {} },
      { type: 'tool_use', id: 't2', name: 'g' },
    ],
    {
      content: 'so',
      tool_calls: [
        { id: 't1', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 't2', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    },
  ],
])('content: %s', (_title, content, message) => {
  expect(choice({ content })).toMatchObject({ message: { role: 'assistant', refusal: null, ...message } })
})

test.each<[unknown, string]>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['of_next_year', 'stop'],
  ['constructor', 'stop'],
  [null, 'stop'],
])('stop_reason %s → %s', (stop_reason, finish_reason) => {
  expect(choice({ stop_reason })).toMatchObject({ finish_reason })
})

test('cached and written tokens belong to the prompt; thinking is told', () => {
  const usage = {
    input_tokens: 3,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 20,
    output_tokens: 7,
    output_tokens_details: { thinking_tokens: 4 },
  }
  expect(translate({ usage })['usage']).toEqual({
    prompt_tokens: 123,
    completion_tokens: 7,
    total_tokens: 130,
    prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
    completion_tokens_details: { reasoning_tokens: 4 },
  })
  expect(
    translate({ usage: { input_tokens: 3, cache_read_input_tokens: null, output_tokens: 1 } })['usage'],
  ).toMatchObject({ prompt_tokens: 3, total_tokens: 4 })
})

test('a tool call goes out and comes back as the same block', () => {
  const block = {
    type: 'tool_use',
    id: 'toolu_1',
    name: 'f',
    input: { text: '"quotes" and \u2028', n: [1, { a: null }] },
  }
  const answered = choice({ content: [{ type: 'text', text: 'so' }, block], stop_reason: 'tool_use' })
  if (typeof answered !== 'object' || answered === null || !('message' in answered))
    throw new Error('no message')
  const next = toMessages(
    {
      messages: [
        { role: 'user', content: 'Hi' },
        answered.message,
        { role: 'tool', tool_call_id: 'toolu_1', content: 'r' },
      ],
    },
    { defaultMaxTokens: 1 },
  )
  expect(next['messages']).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'so' }, block] },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'r' }] }],
    },
  ])
})

describe('errors', () => {
  const anthropic = (type: string, message: string): string =>
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })

  test.each<[string, number, string, string, string]>([
    ['invalid request', 400, anthropic('invalid_request_error', 'bad'), 'bad', 'invalid_request_error'],
    ['wrong key', 401, anthropic('authentication_error', 'key'), 'key', 'authentication_error'],
    ['overload', 529, anthropic('overloaded_error', 'Overloaded'), 'Overloaded', 'overloaded_error'],
    ['a message alone', 403, '{"message":"denied"}', 'denied', 'permission_error'],
    ['an error that is a text', 429, '{"error":"slow down"}', 'slow down', 'rate_limit_error'],
    [
      'plain text',
      503,
      ' upstream connect error ',
      'The provider answered with status 503: upstream connect error',
      'api_error',
    ],
    ['nothing', 404, '', 'The provider answered with status 404 and no message.', 'not_found_error'],
    [
      'a page',
      502,
      '<html>Bad Gateway</html>',
      'The provider answered with status 502 and no message.',
      'api_error',
    ],
    [
      'other JSON',
      422,
      '{"detail":[]}',
      'The provider answered with status 422 and no message.',
      'invalid_request_error',
    ],
    [
      'half a JSON',
      500,
      '{"type":"err',
      'The provider answered with status 500 and no message.',
      'api_error',
    ],
  ])('%s', (_title, status, body, message, type) => {
    expect(JSON.parse(errorFromMessages(status, body))).toEqual({
      error: { message, type, param: null, code: null },
    })
  })

  test('a long text is cut', () => {
    expect(errorFromMessages(500, 'x'.repeat(10_000)).length).toBeLessThan(500)
  })

  test('the body for a refused request names the field', () => {
    expect(JSON.parse(completionsError('n: one only.', 'invalid_request_error', 'n'))).toEqual({
      error: { message: 'n: one only.', type: 'invalid_request_error', param: 'n', code: null },
    })
  })
})
