import { describe, expect, test } from 'vitest'
import { type Body, TOOL, TURN, translate, USER } from './anthropic-completions-chat.ts'

const turns = (...messages: unknown[]): unknown => translate({ messages })['messages']

describe('messages', () => {
  test('system and developer messages are lifted to the front, blank ones left out', () => {
    const body = translate({
      messages: [
        { role: 'system', content: 'One' },
        { role: 'system', content: '' },
        USER,
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'Two' },
            { type: 'text', text: 'Three' },
          ],
        },
      ],
    })
    expect(body['system']).toBe('One\nTwo\nThree')
    expect(body['messages']).toEqual([TURN])
  })

  test('neighbours of the same role become one turn, however many parts they have', () => {
    const many = Array.from({ length: 130_000 }, () => ({ type: 'text', text: 'a' }))
    expect(turns(USER, { role: 'user', content: many })).toMatchObject([
      { content: { length: many.length + 1 } },
    ])
  })

  test('neighbours of the same role become one turn; empty messages vanish', () => {
    expect(
      turns(
        USER,
        {
          role: 'user',
          content: [
            { type: 'text', text: 'again' },
            { type: 'text', text: ' ' },
          ],
        },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'still' },
        { role: 'assistant', content: 'yes' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }], refusal: 'never' },
        USER,
      ),
    ).toEqual([
      { role: 'user', content: ['Hi', 'again', 'still'].map(text => ({ type: 'text', text })) },
      { role: 'assistant', content: ['yes', 'no', 'never'].map(text => ({ type: 'text', text })) },
      TURN,
    ])
  })

  test('a last assistant message keeps its text without the white space at the end', () => {
    expect(turns(USER, { role: 'assistant', content: 'The answer is \n' })).toEqual([
      TURN,
      { role: 'assistant', content: [{ type: 'text', text: 'The answer is' }] },
    ])
    expect(turns(USER, { role: 'assistant', content: 'kept ' }, USER)).toEqual([
      TURN,
      { role: 'assistant', content: [{ type: 'text', text: 'kept ' }] },
      TURN,
    ])
  })

  test.each([
    ['https', 'https://example.com/a.png', { type: 'url', url: 'https://example.com/a.png' }],
    ['http', 'HTTP://example.com/a', { type: 'url', url: 'HTTP://example.com/a' }],
    ['data', 'data:image/png;base64,AA,=', { type: 'base64', media_type: 'image/png', data: 'AA,=' }],
    ['data, jpg', 'data:image/jpg;base64,AA==', { type: 'base64', media_type: 'image/jpeg', data: 'AA==' }],
    [
      'data, capitals',
      'DATA:Image/WEBP;x=y;Base64,Aa',
      { type: 'base64', media_type: 'image/webp', data: 'Aa' },
    ],
  ])('an image by %s URL', (_title, url, source) => {
    expect(
      turns({ role: 'user', content: [{ type: 'image_url', image_url: { url, detail: 'high' } }] }),
    ).toEqual([{ role: 'user', content: [{ type: 'image', source }] }])
  })

  test('a PDF becomes a document with its name', () => {
    const file = { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' }
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }
    expect(turns({ role: 'user', content: [{ type: 'file', file }] })).toEqual([
      { role: 'user', content: [{ type: 'document', source, title: 'a.pdf' }] },
    ])
    expect(turns({ role: 'user', content: [{ type: 'file', file: { file_data: file.file_data } }] })).toEqual(
      [{ role: 'user', content: [{ type: 'document', source }] }],
    )
  })
})

describe('tool calls', () => {
  const call = (id: string, args: string | undefined): Body => ({
    id,
    type: 'function',
    function: { name: 'weather', arguments: args },
  })
  const use = (id: string, input: Body): Body => ({ type: 'tool_use', id, name: 'weather', input })

  test('calls, results of several tools and the next question are three turns', () => {
    expect(
      turns(
        USER,
        {
          role: 'assistant',
          content: 'Let me see.',
          tool_calls: [call('a', '{"city":"Ulm"}'), call('b', '')],
        },
        { role: 'tool', tool_call_id: 'a', content: 'rain' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'sun' }] },
        { role: 'user', content: 'And?' },
      ),
    ).toEqual([
      TURN,
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'Let me see.' }, use('a', { city: 'Ulm' }), use('b', {})],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'rain' }] },
          { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'sun' }] },
          { type: 'text', text: 'And?' },
        ],
      },
    ])
  })

  test('results come first in their turn, in order, also with text between them', () => {
    const result = turns(
      { role: 'assistant', content: null, tool_calls: [call('a', '{}'), call('b', undefined)] },
      { role: 'tool', tool_call_id: 'a', content: '' },
      { role: 'user', content: 'between' },
      { role: 'tool', tool_call_id: 'b', content: null },
    )
    expect(result).toEqual([
      { role: 'assistant', content: [use('a', {}), use('b', {})] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a' },
          { type: 'tool_result', tool_use_id: 'b' },
          { type: 'text', text: 'between' },
        ],
      },
    ])
  })

  test('ids with characters that Anthropic refuses change alike in call and result', () => {
    expect(
      turns(
        { role: 'assistant', tool_calls: [call('call:1.x', '{}')] },
        { role: 'tool', tool_call_id: 'call:1.x', content: 'ok' },
      ),
    ).toEqual([
      { role: 'assistant', content: [use('call_1_x', {})] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'call_1_x', content: [{ type: 'text', text: 'ok' }] }],
      },
    ])
  })

  test('the old form, function_call and function messages, gets ids that match', () => {
    const asked = (args: string): Body => ({
      role: 'assistant',
      content: null,
      function_call: { name: 'weather', arguments: args },
    })
    const told = (content: string): Body => ({ role: 'function', name: 'weather', content })
    const result = (id: string, text: string): Body => ({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text }] }],
    })
    expect(turns(USER, asked('{"n":1}'), told('one'), asked('{"n":2}'), told('two'))).toEqual([
      TURN,
      { role: 'assistant', content: [use('function_call_1', { n: 1 })] },
      result('function_call_1', 'one'),
      { role: 'assistant', content: [use('function_call_2', { n: 2 })] },
      result('function_call_2', 'two'),
    ])
  })
})

describe('tools', () => {
  test('definitions become input schemas of type object', () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const body = translate({
      tools: [
        { type: 'function', function: { name: 'a', description: 'A', parameters: schema, strict: true } },
        { type: 'function', function: { name: 'b' } },
        { type: 'function', function: { name: 'c', description: null, parameters: {} } },
      ],
      functions: [{ name: 'd', description: 'D', parameters: schema }],
    })
    expect(body['tools']).toEqual([
      { name: 'a', description: 'A', input_schema: schema },
      { name: 'b', input_schema: { type: 'object', properties: {} } },
      { name: 'c', input_schema: { type: 'object' } },
      { name: 'd', description: 'D', input_schema: schema },
    ])
  })

  test('an empty list is left out', () => {
    expect(translate({ tools: [], functions: null })).toEqual(translate({}))
  })

  const tools = [TOOL]
  test.each<[string, Body, unknown]>([
    ['auto', { tools, tool_choice: 'auto' }, { type: 'auto' }],
    ['none', { tools, tool_choice: 'none' }, { type: 'none' }],
    ['required', { tools, tool_choice: 'required' }, { type: 'any' }],
    [
      'one by name',
      { tools, tool_choice: { type: 'function', function: { name: 'weather' } } },
      { type: 'tool', name: 'weather' },
    ],
    ['absent', { tools }, undefined],
    [
      'function_call',
      { functions: [{ name: 'f' }], function_call: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    ['function_call: none', { functions: [{ name: 'f' }], function_call: 'none' }, { type: 'none' }],
    [
      'one at a time',
      { tools, parallel_tool_calls: false },
      { type: 'auto', disable_parallel_tool_use: true },
    ],
    [
      'required, one at a time',
      { tools, tool_choice: 'required', parallel_tool_calls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [
      'by name, one at a time',
      { tools, tool_choice: { function: { name: 'f' } }, parallel_tool_calls: false },
      { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    ],
    ['none, one at a time', { tools, tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
    ['several at a time', { tools, parallel_tool_calls: true }, undefined],
    ['auto without tools', { tool_choice: 'auto' }, undefined],
    ['none without tools', { tool_choice: 'none', tools: [] }, undefined],
    ['one at a time without tools', { parallel_tool_calls: false }, undefined],
  ])('tool_choice: %s', (_title, fields, expected) => {
    expect(translate(fields)['tool_choice']).toEqual(expected)
  })
})
