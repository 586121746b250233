import { describe, expect, it } from 'vitest'
import { UsageReader } from '../../../src/gateway/telemetry/usage.ts'

describe('the usage reader', () => {
  const OPENAI =
    '{"id":"x","choices":[{"message":{"content":"\\"usage\\":{\\"prompt_tokens\\":999}"}}],"usage":{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":1}},"x":1}'
  const CASES = [
    ['an OpenAI answer', OPENAI, { inputTokens: 12, outputTokens: 34, cacheReadTokens: 1 }],
    [
      'spaces in between',
      '{ "usage" : { "prompt_tokens" : 1 , "completion_tokens" : 2 } }',
      { inputTokens: 1, outputTokens: 2 },
    ],
    [
      'an embedding',
      '{"data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}',
      { inputTokens: 5, outputTokens: undefined },
    ],
    [
      'an Anthropic answer',
      '{"usage":{"input_tokens":3,"output_tokens":4}}',
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      'a Gemini answer',
      '{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":9}}',
      { inputTokens: 8, outputTokens: 9 },
    ],
    [
      'an Anthropic stream, whose later counts win',
      'data: {"message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\ndata: {"usage":{"output_tokens":40}}\n\n',
      { inputTokens: 3, outputTokens: 40 },
    ],
    [
      'an OpenAI stream with nulls',
      'data: {"usage":null}\n\ndata: {"usage":null}\n\ndata: {"usage":{"prompt_tokens":2,"completion_tokens":3}}\n\n',
      { inputTokens: 2, outputTokens: 3 },
    ],
    [
      'an event that is written on several lines',
      'data: {"model":"m",\ndata: "usage":\ndata: {"prompt_tokens":7,\ndata:"completion_tokens"\ndata: :9,\ndata:\ndata: "x":1}}\n\n',
      { inputTokens: 7, outputTokens: 9 },
    ],
    [
      'an event with other lines between those of its data',
      'data: {"usage"\r\ndata:  :\r\nid: 5\r\ndata: {\r\n: ping\r\ndata: "input_tokens":3,\r\nevent: x\r\ndata: "output_tokens":4\r\ndata: }}\r\n\r\n',
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      'an event with other lines right behind the name of the field, and behind its colon',
      'data: {"usage"\n: ping\nid: 1f0e-7d\ndata: :\nretry: 10\nevent: x\n: pong\ndata: {\ndata: "input_tokens":3,"output_tokens":4}}\n\n',
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      'the counts behind another field that begins alike, right before the end',
      '{"usages":1,"usage":{"total_tokens":5}}',
      { inputTokens: 5, outputTokens: undefined },
    ],
    [
      'a field whose object is not in the same event',
      'data: {"usage":\n\ndata: {"input_tokens":9}\n\ndata: {"usage":{"input_tokens":3,"output_tokens":4}}\n\n',
      { inputTokens: 3, outputTokens: 4 },
    ],
    [
      'an Anthropic answer with a cache, whose tokens are part of the prompt',
      '{"usage":{"input_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,' +
        '"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":0},"output_tokens":4,' +
        '"service_tier":"standard"}}',
      { inputTokens: 123, outputTokens: 4, cacheCreationTokens: 20, cacheReadTokens: 100 },
    ],
    [
      'an Anthropic stream with a cache',
      'data: {"type":"message_start","message":{"usage":{"input_tokens":3,"cache_read_input_tokens":50,"output_tokens":1}}}\n\n' +
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":40}}\n\n',
      { inputTokens: 53, outputTokens: 40, cacheReadTokens: 50 },
    ],
    [
      'an OpenAI answer with a cache, whose tokens are counted already',
      '{"usage":{"prompt_tokens":2006,"prompt_tokens_details":{"cached_tokens":1920},"completion_tokens":300,' +
        '"completion_tokens_details":{"reasoning_tokens":128},"total_tokens":2306}}',
      { inputTokens: 2006, outputTokens: 300, cacheReadTokens: 1920, reasoningTokens: 128 },
    ],
    [
      'an answer with audio, and with tokens written to a cache',
      '{"usage":{"prompt_tokens":20,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":4,"audio_tokens":7},' +
        '"completion_tokens":9,"completion_tokens_details":{"audio_tokens":3}}}',
      {
        inputTokens: 20,
        outputTokens: 9,
        cacheReadTokens: 0,
        cacheCreationTokens: 4,
        inputAudioTokens: 7,
        outputAudioTokens: 3,
      },
    ],
    [
      'an answer of the Responses API',
      '{"output":[],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87,' +
        '"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}}',
      { inputTokens: 36, outputTokens: 87, cacheReadTokens: 30, reasoningTokens: 64 },
    ],
    [
      'a stream of the Responses API',
      'data: {"type":"response.created","response":{"usage":null}}\n\n' +
        'data: {"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":6}}}\n\n',
      { inputTokens: 5, outputTokens: 6 },
    ],
    [
      'what Gemini thought',
      '{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":9,"totalTokenCount":117,' +
        '"promptTokensDetails":[{"modality":"TEXT","tokenCount":8}],"thoughtsTokenCount":100},"modelVersion":"g"}',
      { inputTokens: 8, outputTokens: 109, reasoningTokens: 100 },
    ],
    [
      'a Gemini answer that is all thought',
      '{"usageMetadata":{"promptTokenCount":8,"thoughtsTokenCount":100}}',
      { inputTokens: 8, outputTokens: 100, reasoningTokens: 100 },
    ],
    [
      'a rerank, which tells a total alone',
      '{"results":[],"usage":{"total_tokens":15}}',
      { inputTokens: 15, outputTokens: undefined },
    ],
    [
      'the counts behind what a tool is called with',
      '{"content":[{"type":"tool_use","input":{"usage":{"input_tokens":0,"cache_read_input_tokens":9,"output_tokens":0}}}],' +
        '"usage":{"input_tokens":30,"output_tokens":40}}',
      { inputTokens: 30, outputTokens: 40 },
    ],
    [
      'no counts that are none',
      '{"usage":{"prompt_tokens":-5,"completion_tokens":"7"}} {"usage":{"input_tokens":1e400,"output_tokens":1.5}}',
      undefined,
    ],
    ['counts without their end', '{"usage":{"prompt_tokens":12,"completion_tokens":3', undefined],
    ['an answer without', '{"usage":null}', undefined],
    [
      'words that begin alike',
      '{"usage_policy":{"prompt_tokens":1},"usages":{"prompt_tokens":1}}',
      undefined,
    ],
    ['no JSON', 'usage usage "usage', undefined],
  ] as const

  it.each(CASES)('reads %s', (_title, text, expected) => {
    const reader = new UsageReader()
    reader.push(text)
    expect(reader.usage).toEqual(expected)
  })

  it.each(CASES)('reads %s in whatever pieces it comes', (_title, text, expected) => {
    for (const size of [1, 2, 3, 5, 7, 11, 64]) {
      const reader = new UsageReader()
      for (let i = 0; i < text.length; i += size) reader.push(text.slice(i, i + size))
      expect(reader.usage, `in pieces of ${size}`).toEqual(expected)
    }
  })

  it.each(CASES)('reads %s wherever it is cut in two', (_title, text, expected) => {
    for (let at = 1; at < text.length; at++) {
      const reader = new UsageReader()
      reader.push(text.slice(0, at))
      reader.push(text.slice(at))
      expect(reader.usage, `cut at ${at}`).toEqual(expected)
    }
  })

  it('tells how much has come since the last counts', () => {
    const reader = new UsageReader()
    reader.push('data: {"usage":{"input_tokens":3,"output_tokens":1}}')
    expect(reader.uncounted).toBe(1)
    reader.push('x'.repeat(100))
    expect(reader.uncounted).toBe(101)
    reader.push('{"usage":{"output_to')
    reader.push('kens":9}}\n\n')
    expect(reader.uncounted).toBe(3)
  })
})
