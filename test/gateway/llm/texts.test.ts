import { describe, expect, it } from 'vitest'
import { type TextScope, visitTexts } from '../../../src/gateway/llm/texts.ts'
import type { RouteType } from '../../../src/providers/index.ts'

type Json = Record<string, unknown>

/** Every text that is shown, with what it is; and the body with each of them marked. */
function visited(type: RouteType, body: Json): { seen: [TextScope, string][]; body: Json } {
  const seen: [TextScope, string][] = []
  visitTexts(body, type, (scope, text) => {
    seen.push([scope, text])
    return `<${text}>`
  })
  return { seen, body }
}

describe('the texts of a request', () => {
  it.each<[RouteType, Json, [TextScope, string][]]>([
    [
      'completions',
      {
        messages: [
          { role: 'user', content: ['a', { type: 'text', text: 'b' }, 7] },
          { role: 'user', content: { type: 'text', text: 'c' } },
          {
            role: 'assistant',
            content: [{ type: 'refusal', refusal: 'd' }],
            refusal: 'e',
            function_call: { name: 'n', arguments: 'f' },
          },
        ],
        prediction: { type: 'content', content: [{ type: 'text', text: 'g' }] },
      },
      [
        ['messages', 'a'],
        ['messages', 'b'],
        ['messages', 'c'],
        ['messages', 'd'],
        ['messages', 'e'],
        ['toolInput', 'f'],
        ['messages', 'g'],
      ],
    ],
    [
      'completions',
      { prompt: ['a', 'b'], suffix: 'c' },
      [
        ['messages', 'a'],
        ['messages', 'b'],
        ['messages', 'c'],
      ],
    ],
    ['embeddings', { input: 'a', encoding_format: 'float' }, [['messages', 'a']]],
    [
      'embeddings',
      { input: ['a', 'b'] },
      [
        ['messages', 'a'],
        ['messages', 'b'],
      ],
    ],
    ['embeddings', { input: [[1, 2], [3]] }, []],
    [
      'rerank',
      { query: 'a', documents: ['b', { text: 'c' }] },
      [
        ['messages', 'a'],
        ['messages', 'b'],
        ['messages', 'c'],
      ],
    ],
    ['messages', { messages: { role: 'user', content: { type: 'text', text: 'a' } } }, [['messages', 'a']]],
    [
      'responses',
      {
        input: [
          'a',
          { type: 'custom_tool_call', call_id: 'i', name: 'n', input: 'b' },
          { type: 'custom_tool_call_output', call_id: 'i', output: [{ type: 'input_text', text: 'c' }] },
          { type: 'mcp_call', name: 'n', arguments: 'd', output: 'e' },
        ],
      },
      [
        ['messages', 'a'],
        ['toolInput', 'b'],
        ['toolOutput', 'c'],
        ['toolInput', 'd'],
        ['toolOutput', 'e'],
      ],
    ],
    [
      'generateContent',
      {
        system_instruction: { parts: { text: 'a' } },
        contents: { parts: [{ function_call: { name: 'n', args: { x: 'b' } } }] },
      },
      [
        ['systemPrompt', 'a'],
        ['toolInput', 'b'],
      ],
    ],
    [
      'geminiCountTokens',
      { generateContentRequest: { contents: [{ parts: [{ text: 'a' }] }] } },
      [['messages', 'a']],
    ],
    [
      'completions',
      {
        messages: [
          { role: 'developer', content: 'a' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'b' },
              { type: 'image_url', image_url: { url: 'u' } },
            ],
          },
          { role: 'assistant', content: null, tool_calls: [{ function: { name: 'n', arguments: 'c' } }] },
          { role: 'tool', content: 'd' },
        ],
      },
      [
        ['systemPrompt', 'a'],
        ['messages', 'b'],
        ['toolInput', 'c'],
        ['toolOutput', 'd'],
      ],
    ],
    [
      'messages',
      {
        system: [{ type: 'text', text: 'a' }],
        messages: [
          { role: 'user', content: 'b' },
          {
            role: 'assistant',
            content: [
              { type: 'text', text: 'c' },
              { type: 'tool_use', id: 'i', name: 'n', input: { deep: ['d', 1] } },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'i', content: [{ type: 'text', text: 'e' }] }],
          },
        ],
      },
      [
        ['systemPrompt', 'a'],
        ['messages', 'b'],
        ['messages', 'c'],
        ['toolInput', 'd'],
        ['toolOutput', 'e'],
      ],
    ],
    [
      'messages',
      {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'document',
                source: { type: 'text', media_type: 'text/plain', data: 'a' },
                title: 'b',
                context: 'c',
              },
              { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'x' } },
              { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'd' }] } },
              { type: 'document', source: { type: 'content', content: 'e' } },
              { type: 'search_result', source: 'f', title: 'g', content: [{ type: 'text', text: 'h' }] },
              {
                type: 'tool_result',
                tool_use_id: 'i',
                content: [{ type: 'document', source: { type: 'text', data: 'i' }, title: 'j' }],
              },
            ],
          },
        ],
      },
      [
        ...[...'abcdefgh'].map((text): [TextScope, string] => ['messages', text]),
        ['toolOutput', 'i'],
        ['toolOutput', 'j'],
      ],
    ],
    [
      'responses',
      {
        instructions: 'a',
        input: [
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'b' }] },
          { type: 'function_call', name: 'n', arguments: 'c' },
          { type: 'function_call_output', output: 'd' },
        ],
      },
      [
        ['systemPrompt', 'a'],
        ['messages', 'b'],
        ['toolInput', 'c'],
        ['toolOutput', 'd'],
      ],
    ],
    ['responses', { input: 'a' }, [['messages', 'a']]],
    [
      'responses',
      {
        prompt: { id: 'i', variables: { type: 'a', name: 'b', x: { type: 'input_text', text: 'd' } } },
        input: 'c',
      },
      [
        ['messages', 'c'],
        ['messages', 'a'],
        ['messages', 'b'],
        ['messages', 'd'],
      ],
    ],
    [
      'generateContent',
      {
        systemInstruction: { parts: [{ text: 'a' }] },
        contents: [
          { role: 'user', parts: [{ text: 'b' }, { inlineData: { data: 'x' } }] },
          { role: 'model', parts: [{ functionCall: { name: 'n', args: { q: 'c' } } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'n', response: { r: 'd' } } }] },
        ],
      },
      [
        ['systemPrompt', 'a'],
        ['messages', 'b'],
        ['toolInput', 'c'],
        ['toolOutput', 'd'],
      ],
    ],
    [
      'messages',
      {
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'tool_use', id: 'i', name: 'n', input: { type: 'a', name: 'b', id: 'c', data: ['d'] } },
              {
                type: 'tool_result',
                tool_use_id: 'i',
                content: [
                  { type: 'text', text: 'e' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'x' } },
                ],
              },
              {
                type: 'web_search_tool_result',
                tool_use_id: 'i',
                content: [{ type: 'web_search_result', title: 'f', encrypted_content: 'x' }],
              },
              { type: 'compaction', content: 'g' },
              { type: 'mid_conv_system', content: [{ type: 'text', text: 'h' }] },
              { type: 'thinking', thinking: 'x', signature: 'y' },
            ],
          },
        ],
      },
      [
        ...[...'abcd'].map((text): [TextScope, string] => ['toolInput', text]),
        ['toolOutput', 'e'],
        ['toolOutput', 'f'],
        ['messages', 'g'],
        ['systemPrompt', 'h'],
      ],
    ],
    [
      'responses',
      {
        input: [
          { type: 'web_search_call', id: 'i', status: 's', action: { type: 'a', query: 'b' } },
          { type: 'shell_call', call_id: 'i', action: { commands: ['c'] } },
          { type: 'apply_patch_call', call_id: 'i', operation: { path: 'd', diff: 'e' } },
          { type: 'code_interpreter_call', id: 'i', code: 'f', outputs: [{ type: 'logs', logs: 'g' }] },
          {
            type: 'file_search_call',
            id: 'i',
            queries: ['h'],
            results: [{ text: 'j', attributes: { name: 'k' } }],
          },
          { type: 'mcp_approval_request', id: 'i', name: 'n', arguments: 'l' },
          { type: 'mcp_approval_response', approval_request_id: 'i', approve: false, reason: 'm' },
          { type: 'mcp_list_tools', server_label: 's', tools: [{ name: 'o', description: 'p' }] },
          { type: 'mcp_call', id: 'i', name: 'n', arguments: 'q', error: 'r' },
          { type: 'computer_call', id: 'i', actions: [{ text: 't' }] },
          { type: 'computer_call_output', output: { type: 'computer_screenshot', image_url: 'x' } },
          { type: 'image_generation_call', id: 'i', result: 'x' },
          { type: 'program_output', result: 'u' },
          { type: 'function_call_output', output: [{ type: 'input_image', image_url: 'x' }] },
        ],
      },
      [
        ...[...'abcdef'].map((text): [TextScope, string] => ['toolInput', text]),
        ['toolOutput', 'g'],
        ['toolInput', 'h'],
        ['toolOutput', 'j'],
        ['toolOutput', 'k'],
        ['toolInput', 'l'],
        ['toolInput', 'm'],
        ['toolOutput', 'o'],
        ['toolOutput', 'p'],
        ['toolInput', 'q'],
        ['toolOutput', 'r'],
        ['toolInput', 't'],
        ['toolOutput', 'u'],
      ],
    ],
    [
      'generateContent',
      {
        contents: [
          {
            parts: [
              { functionCall: { id: 'i', name: 'n', args: { name: 'a', type: 'b', data: 'c' } } },
              { functionResponse: { id: 'i', name: 'n', response: { name: 'd', content: [{ id: 'e' }] } } },
              { executableCode: { language: 'PYTHON', code: 'f' } },
              { code_execution_result: { outcome: 'OUTCOME_OK', output: 'g' } },
            ],
          },
        ],
      },
      [
        ['toolInput', 'a'],
        ['toolInput', 'b'],
        ['toolInput', 'c'],
        ['toolOutput', 'd'],
        ['toolOutput', 'e'],
        ['toolInput', 'f'],
        ['toolOutput', 'g'],
      ],
    ],
    ['passthrough', { input: 'a' }, []],
    ['completions', { messages: 'nonsense' }, []],
    ['completions', { messages: [null, 1, { content: [null, { text: 1 }] }] }, []],
  ])('of %s are all shown, each for what it is, and replaced where they stand', (type, body, wanted) => {
    const found = visited(type, structuredClone(body))
    expect(found.seen).toEqual(wanted)
    const text = JSON.stringify(found.body)
    for (const [, one] of wanted) expect(text).toContain(`"<${one}>"`)
    // Nothing else has changed.
    expect(JSON.parse(text.replaceAll(/"<(\w+)>"/g, '"$1"'))).toEqual(body)
  })
})

describe('texts that follow one another in a message', () => {
  const text = (one: string, more: object = {}) => ({ type: 'text', text: one, ...more })

  it.each<[RouteType, string, (parts: unknown[]) => Json]>([
    ['completions', ' ', content => ({ messages: [{ role: 'user', content }] })],
    ['messages', ' ', content => ({ messages: [{ role: 'user', content }] })],
    ['messages', '\n', system => ({ system })],
    ['responses', '\n', content => ({ input: [{ role: 'user', content }] })],
    ['generateContent', '\n', parts => ({ contents: [{ role: 'user', parts }] })],
    ['generateContent', '\n', parts => ({ systemInstruction: { parts } })],
  ])('of %s are one, and what takes its place stands in the last of them', (type, joint, holding) => {
    const body = holding([
      text('a'),
      text('b', { cache_control: 1 }),
      { type: 'image' },
      text('c'),
      7,
      text('d'),
      text('e'),
    ])
    const found = visited(type, body)
    expect(found.seen.map(([, one]) => one)).toEqual([`a${joint}b`, 'c', `d${joint}e`])
    expect(found.body).toEqual(
      holding([
        text(`<a${joint}b>`, { cache_control: 1 }),
        { type: 'image' },
        text('<c>'),
        7,
        text(`<d${joint}e>`),
      ]),
    )
  })

  it('stay where they are when nothing takes their place', () => {
    const body = { messages: [{ role: 'user', content: [text('a'), text('b')] }] }
    const before = structuredClone(body)
    visitTexts(body, 'completions', (_scope, one) => one)
    expect(body).toEqual(before)
  })

  it('of lists of things of their own are several', () => {
    const seen = ['embeddings', 'rerank', 'completions'].flatMap(
      type =>
        visited(type as RouteType, {
          input: ['a', 'b'],
          documents: [text('c'), text('d')],
          prompt: ['e', 'f'],
        }).seen,
    )
    expect(seen.map(([, one]) => one)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })
})
