import { describe, expect, test } from 'vitest'
import { TranslationError, toMessages } from '../../src/providers/anthropic-completions.ts'
import { type Body, TOOL, TURN, translate, USER } from './anthropic-completions-chat.ts'

function refusal(fields: Body): TranslationError {
  try {
    translate(fields)
  } catch (error) {
    if (error instanceof TranslationError) return error
    throw error
  }
  throw new Error('the request was translated')
}

test('the smallest request: model kept, limit filled in, content as blocks', () => {
  expect(translate({})).toEqual({ model: 'claude', max_tokens: 4096, messages: [TURN] })
})

test('a request without a model is left without one', () => {
  expect(toMessages({ messages: [USER] }, { defaultMaxTokens: 1 })).toEqual({
    max_tokens: 1,
    messages: [TURN],
  })
})

test('the given body is not changed', () => {
  const body = {
    model: 'claude',
    messages: [USER, { role: 'assistant', content: 'So ' }],
    tools: [TOOL],
    temperature: 2,
  }
  const before = structuredClone(body)
  toMessages(body, { defaultMaxTokens: 1 })
  expect(body).toEqual(before)
})

describe('fields', () => {
  test.each<[string, Body, Body]>([
    ['max_tokens', { max_tokens: 7 }, { max_tokens: 7 }],
    ['max_completion_tokens', { max_completion_tokens: 8 }, { max_tokens: 8 }],
    [
      'max_completion_tokens before max_tokens',
      { max_completion_tokens: 8, max_tokens: 7 },
      { max_tokens: 8 },
    ],
    ['max_tokens: null', { max_tokens: null, max_completion_tokens: null }, {}],
    ['temperature', { temperature: 0.3 }, { temperature: 0.3 }],
    ['temperature 0', { temperature: 0 }, { temperature: 0 }],
    ['temperature above 1', { temperature: 1.7 }, { temperature: 1 }],
    ['temperature below 0', { temperature: -1 }, { temperature: 0 }],
    ['temperature: null', { temperature: null }, {}],
    ['top_p', { top_p: 0.9 }, { top_p: 0.9 }],
    ['top_p 0', { top_p: 0 }, { top_p: 0 }],
    ['top_p 1, which changes nothing', { top_p: 1 }, {}],
    ['stop, one', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['stop, several', { stop: ['a', 'b'] }, { stop_sequences: ['a', 'b'] }],
    ['stop, none', { stop: [] }, {}],
    ['stop: null', { stop: null }, {}],
    ['stream', { stream: true }, { stream: true }],
    ['stream: false', { stream: false }, {}],
    ['user', { user: 'u-1' }, { metadata: { user_id: 'u-1' } }],
    ['safety_identifier', { safety_identifier: 's-1' }, { metadata: { user_id: 's-1' } }],
    ['user before safety_identifier', { user: 'u', safety_identifier: 's' }, { metadata: { user_id: 'u' } }],
    ['response_format text', { response_format: { type: 'text' } }, {}],
    [
      'response_format json_schema',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', strict: true, schema: { type: 'object' } },
        },
      },
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    ],
  ])('%s', (_title, fields, expected) => {
    expect(translate(fields)).toEqual({ model: 'claude', max_tokens: 4096, messages: [TURN], ...expected })
  })

  test.each<[string, unknown]>([
    ['frequency_penalty', 0.5],
    ['presence_penalty', 0.5],
    ['seed', 7],
    ['logit_bias', { 50256: -100 }],
    ['store', true],
    ['metadata', { a: 'b' }],
    ['stream_options', { include_usage: true }],
    ['verbosity', 'low'],
    ['prediction', { type: 'content', content: 'x' }],
    ['service_tier', 'priority'],
    ['prompt_cache_key', 'k'],
    ['prompt_cache_options', {}],
    ['prompt_cache_retention', '24h'],
    ['reasoning_effort', 'high'],
    ['a_field_of_next_year', 1],
    ['n', 1],
    ['n', null],
    ['logprobs', false],
    ['top_logprobs', 0],
    ['audio', null],
    ['modalities', ['text']],
    ['web_search_options', null],
    ['moderation', null],
  ])('%s is dropped (%j)', (field, value) => {
    expect(translate({ [field]: value })).toEqual(translate({}))
  })
})

describe('refused, by a message that names the field', () => {
  test.each<[string, Body]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['web_search_options', { web_search_options: {} }],
    ['moderation', { moderation: { model: 'm' } }],
    ['response_format.type', { response_format: { type: 'json_object' } }],
    ['response_format', { response_format: 'json' }],
    ['response_format.json_schema', { response_format: { type: 'json_schema' } }],
    [
      'response_format.json_schema.schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'n' } } },
    ],
    ['max_tokens', { max_tokens: 'many' }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_completion_tokens', { max_completion_tokens: 1.5 }],
    ['temperature', { temperature: 'hot' }],
    ['top_p', { top_p: true }],
    ['stop[1]', { stop: ['END', '\n'] }],
    ['stop[0]', { stop: '  ' }],
    ['stop', { stop: 3 }],
    ['model', { model: 3 }],
    ['messages', { messages: undefined }],
    ['messages', { messages: 'Hi' }],
    ['messages', { messages: [] }],
    ['messages', { messages: [{ role: 'system', content: 'only' }] }],
    ['messages', { messages: [{ role: 'user', content: ' ' }] }],
    ['messages[1]', { messages: [USER, 'x'] }],
    ['messages[1].role', { messages: [USER, { role: 'robot', content: 'x' }] }],
    ['messages[1].role', { messages: [USER, { role: 'function', name: 'f', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: null }] }],
    ['messages[0].content[1]', { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, 'b'] }] }],
    ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'video' }] }] }],
    ['messages[0].content[0].image_url', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }],
    [
      'messages[0].content[0].file.file_data',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    ],
    ['messages[0].content[0]', { messages: [{ role: 'system', content: [{ type: 'image_url' }] }, USER] }],
    ['messages[1].audio', { messages: [USER, { role: 'assistant', audio: { id: 'a' } }] }],
    ['messages[1].tool_call_id', { messages: [USER, { role: 'tool', content: 'x' }] }],
    [
      'messages[1].tool_calls[0].id',
      { messages: [USER, { role: 'assistant', tool_calls: [{ function: { name: 'f' } }] }] },
    ],
    [
      'messages[1].tool_calls[0].type',
      { messages: [USER, { role: 'assistant', tool_calls: [{ type: 'custom', id: 'c' }] }] },
    ],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['tools[1].function', { tools: [TOOL, { type: 'function' }] }],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
    ['functions[0].parameters', { functions: [{ name: 'f', parameters: 'x' }] }],
    ['tool_choice', { tools: [TOOL], tool_choice: { type: 'allowed_tools', allowed_tools: {} } }],
    ['tool_choice', { tools: [TOOL], tool_choice: 'any' }],
    ['tool_choice', { tool_choice: 'required' }],
    ['function_call', { function_call: { name: 'weather' } }],
  ])('%s %#', (param, fields) => {
    const error = refusal(fields)
    expect(error.param).toBe(param)
    expect(error.message.startsWith(`${param}: `)).toBe(true)
    expect(error.status).toBe(400)
  })

  test.each<[string, string, Body]>([
    [
      'arguments that are not JSON',
      'messages[1].tool_calls[0].function.arguments',
      {
        messages: [
          USER,
          { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"CANARY' } }] },
        ],
      },
    ],
    [
      'arguments that are no object',
      'messages[1].function_call.arguments',
      {
        messages: [USER, { role: 'assistant', function_call: { name: 'f', arguments: '"CANARY"' } }],
      },
    ],
    [
      'an image of an unknown kind',
      'messages[0].content[0].image_url.url',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,CANARY' } }],
          },
        ],
      },
    ],
    [
      'an image URL of another scheme',
      'messages[0].content[0].image_url.url',
      {
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///CANARY' } }] }],
      },
    ],
    [
      'a data: URL that is not base64',
      'messages[0].content[0].image_url.url',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png,CANARY' } }] },
        ],
      },
    ],
    ['a role', 'messages[0].role', { messages: [{ role: 'CANARY', content: 'CANARY' }] }],
  ])('nothing of the request is quoted: %s', (_title, param, fields) => {
    const error = refusal(fields)
    expect(error.param).toBe(param)
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('CANARY')
  })
})
