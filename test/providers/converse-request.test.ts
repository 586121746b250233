import { describe, expect, it } from 'vitest'
import { TranslationError } from '../../src/providers/anthropic-completions.ts'
import { toConverse } from '../../src/providers/converse-request.ts'
import { ToolNames } from '../../src/providers/tool-names.ts'

type Json = Record<string, unknown>

const ask = (body: Json, headers: Record<string, string> = {}, model = 'us.anthropic.claude-x') =>
  toConverse({ model: 'm', messages: [], ...body }, { model, headers, tools: new ToolNames() })

const said = (...content: Json[]) => ({ messages: [{ role: 'user', content }] })
const ephemeral = { cache_control: { type: 'ephemeral' } }
const POINT = { cachePoint: { type: 'default' } }
const TOOL = { name: 'n', input_schema: { type: 'object', properties: {} } }
const SPEC = { toolSpec: { name: 'n', inputSchema: { json: { type: 'object', properties: {} } } } }

describe('a Messages request as Converse', () => {
  it.each<[string, Json, Json]>([
    ['neither model nor stream', { stream: true }, { messages: [], inferenceConfig: {} }],
    [
      'limits and sampling',
      { max_tokens: 5, temperature: 0.5, top_p: 0.9, top_k: 3, stop_sequences: ['x'] },
      {
        inferenceConfig: { maxTokens: 5, temperature: 0.5, topP: 0.9, stopSequences: ['x'] },
        additionalModelRequestFields: { top_k: 3 },
      },
    ],
    [
      'no sampling beside thoughts',
      {
        max_tokens: 5000,
        temperature: 1,
        top_p: 0.9,
        top_k: 3,
        thinking: { type: 'enabled', budget_tokens: 1024 },
      },
      {
        inferenceConfig: { maxTokens: 5000 },
        additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
      },
    ],
    ['a system text', { system: 'brief' }, { system: [{ text: 'brief' }] }],
    [
      'system blocks, with a mark for the cache',
      {
        system: [
          { type: 'text', text: 'a', ...ephemeral },
          { type: 'text', text: 'b' },
        ],
      },
      { system: [{ text: 'a' }, POINT, { text: 'b' }] },
    ],
    [
      'what the system says on the way',
      { system: 'a', messages: [{ role: 'system', content: [{ type: 'text', text: 'b' }] }] },
      { system: [{ text: 'a' }, { text: 'b' }], messages: [] },
    ],
    [
      'text',
      {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: 'ho' },
        ],
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'hi' }] },
          { role: 'assistant', content: [{ text: 'ho' }] },
        ],
      },
    ],
    [
      'neighbours of one role, which become one',
      {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'system', content: 'brief' },
          { role: 'user', content: [{ type: 'text', text: 'ho' }] },
        ],
      },
      {
        system: [{ text: 'brief' }],
        messages: [{ role: 'user', content: [{ text: 'hi' }, { text: 'ho' }] }],
      },
    ],
    [
      'images',
      said({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }),
      { messages: [{ role: 'user', content: [{ image: { format: 'png', source: { bytes: 'AA==' } } }] }] },
    ],
    [
      'documents, each with a name of its own',
      said(
        {
          type: 'document',
          title: 'a_b.pdf',
          source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' },
        },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
      ),
      {
        messages: [
          {
            role: 'user',
            content: [
              { document: { format: 'pdf', name: 'a-b-pdf 1', source: { bytes: 'AA==' } } },
              { document: { format: 'txt', name: 'document 2', source: { bytes: 'aGk=' } } },
            ],
          },
        ],
      },
    ],
    [
      'tool calls, what they came to, and a tool that stands in for those that are not given',
      {
        messages: [
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'n', input: { a: 1 } }] },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 't', content: 'done' },
              {
                type: 'tool_result',
                tool_use_id: 'u',
                is_error: true,
                content: [
                  { type: 'text', text: 'no' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'AA==' } },
                ],
              },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'n', input: { a: 1 } } }] },
          {
            role: 'user',
            content: [
              { toolResult: { toolUseId: 't', content: [{ text: 'done' }] } },
              {
                toolResult: {
                  toolUseId: 'u',
                  status: 'error',
                  content: [{ text: 'no' }, { image: { format: 'gif', source: { bytes: 'AA==' } } }],
                },
              },
            ],
          },
        ],
        toolConfig: {
          tools: [{ toolSpec: { name: 'do_not_call', inputSchema: { json: { type: 'object' } } } }],
        },
      },
    ],
    [
      'thoughts, the hidden ones too',
      {
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 's' },
              { type: 'thinking', thinking: 'ha', signature: '' },
              { type: 'redacted_thinking', data: 'QUJD' },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'assistant',
            content: [
              { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
              { reasoningContent: { reasoningText: { text: 'ha' } } },
              { reasoningContent: { redactedContent: 'QUJD' } },
            ],
          },
        ],
      },
    ],
    [
      'tools',
      { tools: [{ ...TOOL, type: 'custom', description: 'd', ...ephemeral }], tool_choice: { type: 'auto' } },
      {
        toolConfig: {
          tools: [{ toolSpec: { ...SPEC.toolSpec, description: 'd' } }, POINT],
          toolChoice: { auto: {} },
        },
      },
    ],
    [
      'any tool',
      { tools: [TOOL], tool_choice: { type: 'any' } },
      { toolConfig: { tools: [SPEC], toolChoice: { any: {} } } },
    ],
    [
      'one tool',
      { tools: [TOOL], tool_choice: { type: 'tool', name: 'n' } },
      { toolConfig: { tools: [SPEC], toolChoice: { tool: { name: 'n' } } } },
    ],
    ['no tool may be called', { tools: [TOOL], tool_choice: { type: 'none' } }, {}],
    [
      'a schema for the answer, which goes as text',
      { output_config: { effort: 'low', format: { type: 'json_schema', schema: { type: 'object' } } } },
      {
        outputConfig: {
          textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object"}' } } },
        },
        additionalModelRequestFields: { output_config: { effort: 'low' } },
      },
    ],
    [
      'metadata for Claude',
      { metadata: { user_id: 'u' } },
      { additionalModelRequestFields: { metadata: { user_id: 'u' } } },
    ],
  ])('%s', (_title, body, wanted) => {
    expect(ask(body)).toEqual({ messages: [], inferenceConfig: {}, ...wanted })
  })

  it('has four marks for the cache at most, tools first', () => {
    const text = { type: 'text', text: 'a', ...ephemeral }
    const request = ask({ tools: [{ ...TOOL, ...ephemeral }], system: [text, text], ...said(text, text) })
    expect(request['toolConfig']).toEqual({ tools: [SPEC, POINT] })
    expect(request['system']).toEqual([{ text: 'a' }, POINT, { text: 'a' }, POINT])
    expect(request['messages']).toEqual([{ role: 'user', content: [{ text: 'a' }, POINT, { text: 'a' }] }])
  })

  it('gives metadata to no other model', () => {
    expect(ask({ metadata: { user_id: 'u' } }, {}, 'amazon.nova-pro-v1:0')).not.toHaveProperty(
      'additionalModelRequestFields',
    )
  })

  it('passes on the beta features that Bedrock knows', () => {
    const headers = { 'anthropic-beta': 'context-1m-2025-08-07, unknown-2020-01-01' }
    expect(ask({}, headers)['additionalModelRequestFields']).toEqual({
      anthropic_beta: ['context-1m-2025-08-07'],
    })
    expect(ask({}, { 'anthropic-beta': 'unknown' })).not.toHaveProperty('additionalModelRequestFields')
  })

  it('takes metadata of a request from a header', () => {
    const asked = (header: string) => ask({}, { 'x-bedrock-metadata': header })['requestMetadata']
    expect(asked('{"team":"a","cost":1,"on":true,"deep":{},"none":null}')).toEqual({
      team: 'a',
      cost: '1',
      on: 'true',
    })
    for (const header of ['{}', '[1]', '"a"', 'null', '{']) expect(asked(header)).toBeUndefined()
  })

  it.each<[string, Json, string]>([
    ['an image to be fetched', said({ type: 'image', source: { type: 'url', url: 'https://a' } }), 'source'],
    [
      'an image of another kind',
      said({ type: 'image', source: { type: 'base64', media_type: 'image/tiff', data: 'AA==' } }),
      'source',
    ],
    [
      'an image whose type is no text',
      said({
        type: 'image',
        source: { type: 'base64', media_type: { toString: 1, valueOf: 1 }, data: 'AA==' },
      }),
      'source',
    ],
    [
      'a document to be fetched',
      said({ type: 'document', source: { type: 'url', url: 'https://a' } }),
      'source',
    ],
    ['a block of another kind', said({ type: 'server_tool_use' }), 'type'],
    ['a block that is none', { messages: [{ role: 'user', content: ['x'] }] }, 'content[0]'],
    ['another role', { messages: [{ role: 'tool', content: 'x' }] }, 'role'],
    [
      "one of Anthropic's own tools",
      { tools: [{ type: 'web_search_20250305', name: 'w' }] },
      'tools[0].type',
    ],
    ['another choice', { tools: [TOOL], tool_choice: { type: 'some' } }, 'tool_choice.type'],
    ['a limit that is no number', { max_tokens: '5' }, 'max_tokens'],
  ])('refuses %s', (_title, body, place) => {
    expect(() => ask(body)).toThrow(TranslationError)
    expect(() => ask(body)).toThrow(place)
  })
})

describe('turns of very many blocks', () => {
  // More than a call takes as arguments.
  const many = Array.from({ length: 130_000 }, () => ({ type: 'text', text: 'a' }))

  it('are joined to the turn before', () => {
    const { messages } = ask({
      messages: [
        { role: 'user', content: 'x' },
        { role: 'user', content: many },
      ],
    })
    expect(messages).toMatchObject([{ content: { length: many.length + 1 } }])
  })

  it('join what the system says', () => {
    const { system } = ask({ system: 'x', messages: [{ role: 'system', content: many }] })
    expect(system).toHaveLength(many.length + 1)
  })
})

it.each([
  [['Annual  report '], ['Annual report 1']],
  [[' \t '], ['- 1']],
  [['   '], ['document 1']],
  [
    [`${'a'.repeat(99)} b`, ' a '],
    [`${'a'.repeat(99)} 1`, 'a 2'],
  ],
])('titles of documents %o have no two blanks in a row', (titles, names) => {
  const { messages } = ask(
    said(...titles.map(title => ({ type: 'document', title, source: { type: 'text', data: 'x' } }))),
  ) as { messages: { content: { document: { name: string } }[] }[] }
  expect(messages[0]?.content.map(({ document }) => document.name)).toEqual(names)
})
