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
