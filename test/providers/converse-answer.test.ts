import { describe, expect, it } from 'vitest'
import { errorFromConverse, fromConverse } from '../../src/providers/converse-answer.ts'
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

  it.each([[{}], [{ output: {} }], [{ output: { message: { content: 'x' } } }], [{ output: null }]])(
    'is none: %o',
    body => {
      expect(() => fromConverse(body, 'm', new ToolNames())).toThrow(SyntaxError)
    },
  )
})

describe('an error of Bedrock', () => {
  it.each([
    [403, '{"message":"no"}', 'permission_error', 'no'],
    [400, '{"Message":"bad"}', 'invalid_request_error', 'bad'],
    [429, '<html>', 'rate_limit_error', 'The provider answered with status 429 and no message.'],
    [503, '', 'api_error', 'The provider answered with status 503 and no message.'],
  ])('%i %s', (status, body, type, message) => {
    expect(JSON.parse(errorFromConverse(status, body))).toEqual({ type: 'error', error: { type, message } })
  })
})

describe('a token count', () => {
  it('wraps the request that it counts for', () => {
    const { input } = toTokenCount({ model: 'm', messages: [], system: 's' }) as {
      input: { invokeModel: { body: string } }
    }
    expect(JSON.parse(Buffer.from(input.invokeModel.body, 'base64').toString())).toEqual({
      messages: [],
      system: 's',
      max_tokens: 1,
      anthropic_version: 'bedrock-2023-05-31',
    })
  })

  it('comes back as Anthropic gives it', () => {
    expect(fromTokenCount({ inputTokens: 7 })).toEqual({ input_tokens: 7 })
    expect(() => fromTokenCount({})).toThrow(SyntaxError)
  })
})
