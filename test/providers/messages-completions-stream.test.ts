import { describe, expect, it } from 'vitest'
import { MessagesFromCompletionsStream } from '../../src/providers/messages-completions-stream.ts'

type Json = Record<string, unknown>

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

  /** The blocks of tools as a client puts them together, each ended before the next one begins. */
  function calls(...deltas: Json[][]): unknown[] {
    const text = deltas.map(tool_calls => chunk({ delta: { tool_calls } })).join('')
    const { events: found } = events(
      `${text}${chunk({ delta: {}, finish_reason: 'tool_calls' })}data: [DONE]\n\n`,
    )
    const blocks: { id: unknown; name: unknown; json: string }[] = []
    let open = -1
    for (const { type, index, content_block, delta } of found as { [name: string]: never }[]) {
      if (type === 'content_block_start') {
        expect([open, index]).toEqual([-1, blocks.length])
        open = index ?? -1
        const { id, name } = content_block as unknown as Json
        blocks.push({ id, name, json: '' })
      } else if (type === 'content_block_delta') {
        expect(index).toBe(open)
        blocks[open] = { ...blocks[open], json: `${blocks[open]?.json}${delta?.['partial_json']}` } as never
      } else if (type === 'content_block_stop') open = -1
    }
    return blocks.map(({ id, name, json }) => [id, name, json])
  }

  const call = (index: unknown, id: unknown, name: unknown, json: string) => ({
    index,
    id,
    function: { name, arguments: json },
  })

  it('has calls whose parts come in turns as one block each', () => {
    const turns = [
      [call(0, 't', 'n', ''), call(1, 'u', 'o', '')],
      [call(0, undefined, undefined, '{"a":'), call(1, undefined, undefined, '{"b":')],
      [call(1, undefined, undefined, '2}')],
      [call(0, undefined, undefined, '1}')],
    ]
    expect(calls(...turns)).toEqual([
      ['t', 'n', '{"a":1}'],
      ['u', 'o', '{"b":2}'],
    ])
  })

  it.each([0, undefined])('tells calls apart that all have the number %s', index => {
    expect(calls([call(index, 't', 'n', '{"a":1}')], [call(index, 'u', 'n', '{"a":2}')])).toEqual([
      ['t', 'n', '{"a":1}'],
      ['u', 'n', '{"a":2}'],
    ])
  })

  it('does not take parts with ids of their own for calls', () => {
    expect(
      calls([call(0, 't', 'n', '')], [call(0, 't2', undefined, '{"a"')], [call(0, 't3', '', ':1}')]),
    ).toEqual([['t', 'n', '{"a":1}']])
  })

  it('waits for the name of a call, and gives one without an id its own', () => {
    expect(calls([call(0, undefined, undefined, '{"a"')], [call(0, undefined, 'n', ':1}')])).toEqual([
      ['tool_call_0', 'n', '{"a":1}'],
    ])
  })

  it('has text behind a call in a block of its own', () => {
    const text =
      chunk({ delta: { tool_calls: [call(0, 't', 'n', '{}')] } }) +
      chunk({ delta: { content: 'x' }, finish_reason: 'stop' })
    const found = events(`${text}data: [DONE]\n\n`).events.map(({ type, index }) => [type, index])
    expect(found.slice(1, -2)).toEqual([
      ['content_block_start', 0],
      ['content_block_delta', 0],
      ['content_block_stop', 0],
      ['content_block_start', 1],
      ['content_block_delta', 1],
      ['content_block_stop', 1],
    ])
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
