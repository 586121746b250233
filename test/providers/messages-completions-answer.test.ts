import { describe, expect, it } from 'vitest'
import { fromCompletions, messagesUsage } from '../../src/providers/messages-completions-answer.ts'

type Json = Record<string, unknown>

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

  it('has the arguments of a call that the limit has cut off as they are', () => {
    const call = { id: 't', type: 'function', function: { name: 'n', arguments: '{"a": "Par' } }
    expect(answer({ content: null, tool_calls: [call] }, 'length')).toMatchObject({
      content: [{ type: 'tool_use', id: 't', name: 'n', input: '{"a": "Par' }],
      stop_reason: 'max_tokens',
    })
  })

  it('counts what was written to the cache beside the rest', () => {
    const counts = { prompt_tokens: 1000, completion_tokens: 4 }
    const details = { prompt_tokens_details: { cached_tokens: 300, cache_write_tokens: 200 } }
    expect(messagesUsage({ ...counts, ...details })).toEqual({
      input_tokens: 500,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 300,
      output_tokens: 4,
    })
  })

  it('has a refusal as its text', () => {
    expect(answer({ content: null, refusal: 'no' }, 'stop')['content']).toEqual([
      { type: 'text', text: 'no' },
    ])
  })

  it.each([[{}], [{ choices: [] }], [{ choices: [{}] }]])('%j is none', bad => {
    expect(() => fromCompletions(bad)).toThrow(SyntaxError)
  })
})
