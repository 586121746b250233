import { describe, expect, it } from 'vitest'
import { TranslationError } from '../../src/providers/anthropic-completions.ts'
import { toCompletions } from '../../src/providers/messages-completions-request.ts'

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
      'words of the system between the others stay where they are',
      {
        messages: [
          { role: 'user', content: 'hi' },
          {
            role: 'system',
            content: [
              { type: 'text', text: 'be' },
              { type: 'text', text: 'brief' },
            ],
          },
          { role: 'system', content: '' },
          { role: 'assistant', content: 'ok' },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'system', content: 'be\nbrief' },
          { role: 'assistant', content: 'ok' },
        ],
      },
    ],
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
      'what tools have found to look at, behind all of their answers, as those are texts alone',
      {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't1',
                content: [
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
                  { type: 'text', text: 'a cat' },
                ],
              },
              { type: 'text', text: 'which?' },
              {
                type: 'tool_result',
                tool_use_id: 't2',
                content: [{ type: 'tool_reference', tool_name: 'n' }],
              },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'tool', tool_call_id: 't1', content: 'a cat' },
          { role: 'tool', tool_call_id: 't2', content: '{"type":"tool_reference","tool_name":"n"}' },
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
              { type: 'text', text: 'which?' },
            ],
          },
        ],
      },
    ],
    [
      'documents that are texts',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a b' } },
              { type: 'text', text: 'sum up' },
            ],
          },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't',
                content: [
                  { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'c' } },
                ],
              },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'a b\nsum up' },
          { role: 'tool', tool_call_id: 't', content: 'c' },
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
    ['a role', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [
      'an image of the system',
      { messages: [{ role: 'system', content: [{ type: 'image', source: {} }] }] },
      'messages[0].content[0].text',
    ],
    ['a block', { messages: [{ role: 'user', content: [{ type: 'search_result' }] }] }, 'content[0].type'],
    [
      'a text that is none',
      { messages: [{ role: 'assistant', content: [{ type: 'text', text: { toString: 1, valueOf: 1 } }] }] },
      'messages[0].content[0].text',
    ],
  ])('%s that has no form there is refused by its field', (_, body, field) => {
    expect(() => ask(body)).toThrow(TranslationError)
    expect(() => ask(body)).toThrow(field)
  })
})
