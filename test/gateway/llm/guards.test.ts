import { describe, expect, it } from 'vitest'
import { type GuardAction, RequestGuards } from '../../../src/gateway/llm/guards.ts'
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

describe('a pattern', () => {
  function masked(rules: Json[], text: string): string {
    const guards = RequestGuards.compile([
      { value: { request: [{ regex: { rules } }] } as never, path: ['g'] },
    ])
    const body = { messages: [{ role: 'user', content: text }] }
    expect(guards?.check(body, 'completions')).toBeUndefined()
    return body.messages[0]?.content ?? ''
  }

  it.each<[string, Json[], string, string]>([
    ['email', [{ builtin: 'email' }], 'a.b+c@d-e.example.org!', '<EMAIL_ADDRESS>!'],
    ['ssn', [{ builtin: 'ssn' }], '123-45-6789 123 45 6789 123456789', '<SSN> <SSN> <SSN>'],
    ['no ssn', [{ builtin: 'ssn' }], '1234-45-6789 12-345', '1234-45-6789 12-345'],
    [
      'creditCard',
      [{ builtin: 'creditCard' }],
      '4111-1111-1111-1111, 5500000000000004',
      '<CREDIT_CARD>, <CREDIT_CARD>',
    ],
    [
      'phoneNumber, in the forms of the countries that are known',
      [{ builtin: 'phoneNumber' }],
      'us (650) 253-0000, uk +44 20 7031 3000; de +49 30 303986300',
      'us <PHONE_NUMBER>, uk <PHONE_NUMBER>; de <PHONE_NUMBER>',
    ],
    [
      'no phoneNumber: years, prices, addresses and orders',
      [{ builtin: 'phoneNumber' }],
      '1999-2024, 12.345.678, 192.168.100.200, 0000000000',
      '1999-2024, 12.345.678, 192.168.100.200, 0000000000',
    ],
    ['caSin', [{ builtin: 'caSin' }], '130 692 544', '<CA_SIN>'],
    ['one of the config, every time', [{ pattern: 'ab+' }], 'ab xabbb', '<masked> x<masked>'],
    ['one that finds nothing at all', [{ pattern: 'a*' }], 'baab', 'b<masked>b'],
    ['one after the other', [{ pattern: 'one' }, { pattern: 'two' }], 'one two', '<masked> <masked>'],
    ['text that means something in replacements', [{ pattern: 'x' }], '$& x $1', '$& <masked> $1'],
  ])('%s', (_, rules, text, wanted) => {
    expect(masked(rules, text)).toBe(wanted)
  })

  it('of phone numbers looks up a thousand candidates at a time, and takes the rest for numbers', async () => {
    const masks = (text: string) =>
      masked([{ builtin: 'phoneNumber' }], text).split('<PHONE_NUMBER>').length - 1
    expect(masks('0000000 x '.repeat(1000))).toBe(0)
    expect(masks('0000000 x '.repeat(5000))).toBe(4000)
    const guards = RequestGuards.compile([
      { value: { request: [{ regex: { rules: [{ builtin: 'phoneNumber' }] } }] } as never, path: ['g'] },
    ])
    const body = () => ({
      messages: Array.from({ length: 800 }, () => ({ role: 'user', content: '0000000' })),
    })
    for (let turn = 0; turn < 3; turn++) {
      const asked = body()
      guards?.check(asked, 'completions')
      expect(asked).toEqual(body())
      await new Promise(resolve => setImmediate(resolve))
    }
  })

  it('takes no longer than a text is long, whoever wrote it', () => {
    const text = 'a'.repeat(200_000)
    const rules = [{ builtin: 'email' }, { builtin: 'creditCard' }, { pattern: '(a+)+b' }]
    expect(masked(rules, text)).toBe(text)
    expect(masked(rules, `${text}@x.org`)).toBe('<EMAIL_ADDRESS>')
  })

  it('is told of for what its guard has done, as far as the request came', () => {
    const guard = (action: string, pattern: string) => ({ regex: { action, rules: [{ pattern }] } })
    const request = [guard('mask', 'a'), guard('mask', 'x'), guard('reject', 'b'), guard('reject', 'c')]
    const guards = RequestGuards.compile([{ value: { request } as never, path: ['g'] }])
    const told: GuardAction[] = []
    guards?.check({ messages: [{ role: 'user', content: 'a b c' }] }, 'completions', told)
    expect(told).toEqual(['Mask', 'Allow', 'Reject'])
  })

  it.each<[string, Json, boolean]>([
    ['finds its own mask', { pattern: '<masked>' }, true],
    ['finds nothing at all', { pattern: 'a*' }, true],
    ['does not fit', { pattern: 'other' }, false],
  ])('that rejects and %s', (_, rule, isRejected) => {
    const guard = { regex: { action: 'reject', rules: [rule] } }
    const guards = RequestGuards.compile([{ value: { request: [guard] } as never, path: ['g'] }])
    const body = { messages: [{ role: 'user', content: 'b <masked>' }] }
    expect(guards?.check(body, 'completions')?.status).toBe(isRejected ? 403 : undefined)
  })

  it('that cannot be run here is refused with its place', () => {
    const compile = (guard: object) => () =>
      RequestGuards.compile([{ value: { request: [guard] } as never, path: ['g'] }])
    expect(compile({ regex: { rules: [{ pattern: '[a&&b]' }] } })).toThrow(
      /^g\.request\[0\]\.regex\.rules\[0\]\.pattern: /,
    )
    expect(compile({ webhook: {} })).toThrow(/^g\.request\[0\]: only regex guards/)
  })
})
