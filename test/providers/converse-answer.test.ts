import { describe, expect, it } from 'vitest'
import { fromConverse } from '../../src/providers/converse-answer.ts'
import { toConverse } from '../../src/providers/converse-request.ts'
import { fromTokenCount, toTokenCount } from '../../src/providers/converse-token-count.ts'
import { ToolNames } from '../../src/providers/tool-names.ts'

describe('a Converse answer as a message', () => {
  const answer = (content: unknown[], more: Record<string, unknown> = {}) => ({
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    ...more,
  })

  it('has its blocks, its counts, and an id of its own', () => {
    const tools = new ToolNames()
    const sent = tools.send('a.b')
    const message = fromConverse(
      answer(
        [
          { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
          { reasoningContent: { redactedContent: 'QUJD' } },
          { text: 'hi' },
          { toolUse: { toolUseId: 't', name: sent, input: { x: 1 } } },
          { citationsContent: {} },
        ],
        {
          stopReason: 'tool_use',
          usage: { inputTokens: 3, outputTokens: 2, totalTokens: 9, cacheReadInputTokens: 4 },
        },
      ),
      'm',
      tools,
    )
    expect(message).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'QUJD' },
        { type: 'text', text: 'hi' },
        { type: 'tool_use', id: 't', name: 'a.b', input: { x: 1 } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 3,
        output_tokens: 2,
        cache_read_input_tokens: 4,
        cache_creation_input_tokens: 0,
      },
    })
  })

  it.each([
    ['end_turn', 'end_turn'],
    ['max_tokens', 'max_tokens'],
    ['stop_sequence', 'stop_sequence'],
    ['model_context_window_exceeded', 'model_context_window_exceeded'],
    ['content_filtered', 'refusal'],
    ['guardrail_intervened', 'refusal'],
    ['malformed_model_output', 'end_turn'],
  ])('%s is %s', (stopReason, stop_reason) => {
    expect(fromConverse(answer([], { stopReason }), 'm', new ToolNames())).toMatchObject({ stop_reason })
  })

  it('is none with a call whose name is no text', () => {
    const call = { toolUse: { toolUseId: 't', name: { toString: 1, valueOf: 1 } } }
    expect(() => fromConverse(answer([call]), 'm', new ToolNames())).toThrow(SyntaxError)
  })

  it.each([[{}], [{ output: {} }], [{ output: { message: { content: 'x' } } }], [{ output: null }]])(
    'is none: %o',
    body => {
      expect(() => fromConverse(body, 'm', new ToolNames())).toThrow(SyntaxError)
    },
  )
})

describe('a token count', () => {
  const facts = {
    model: 'us.anthropic.claude-x',
    headers: { 'anthropic-beta': 'context-1m-2025-08-07,other' },
  }
  const body = {
    model: 'm',
    system: 's',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ name: 'a b' }],
    top_k: 3,
  }

  it('is asked for what would be sent, and for no more', () => {
    const sent = toConverse(body, { ...facts, tools: new ToolNames() })
    const { messages, system, toolConfig, additionalModelRequestFields } = sent
    expect(additionalModelRequestFields).toEqual({ anthropic_beta: ['context-1m-2025-08-07'], top_k: 3 })
    // What a stream, a limit and the rest would change is not counted, and refused there.
    const asked = { ...body, stream: true, max_tokens: 5, temperature: 1, metadata: {} }
    expect(toTokenCount({ ...asked }, facts)).toEqual({
      input: {
        converse: {
          messages,
          system,
          toolConfig,
          additionalModelRequestFields: { ...(additionalModelRequestFields as object), metadata: {} },
        },
      },
    })
    expect(toTokenCount({ messages: [] }, facts)).toEqual({
      input: {
        converse: {
          messages: [],
          additionalModelRequestFields: { anthropic_beta: ['context-1m-2025-08-07'] },
        },
      },
    })
  })

  it('comes back as Anthropic gives it', () => {
    expect(fromTokenCount({ inputTokens: 7 })).toEqual({ input_tokens: 7 })
    expect(() => fromTokenCount({})).toThrow(SyntaxError)
  })
})
