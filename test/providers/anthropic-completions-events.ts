import { CompletionsFromMessagesStream } from '../../src/providers/anthropic-completions.ts'

/** Events of a Messages stream, and what a client sees of the translated one. */
export type Json = Record<string, unknown>

export const sse = (...events: Json[]): string =>
  events.map(event => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('')

export const START: Json = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    usage: { input_tokens: 9, output_tokens: 1 },
  },
}
export const STOP: Json = { type: 'message_stop' }
export const PING: Json = { type: 'ping' }
export const text = (value: string, index = 0): Json => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: value },
})
export const blockStart = (index: number, content_block: Json): Json => ({
  type: 'content_block_start',
  index,
  content_block,
})
export const blockStop = (index: number): Json => ({ type: 'content_block_stop', index })
export const toolStart = (index: number, id: string, name: string, input: unknown = {}): Json =>
  blockStart(index, { type: 'tool_use', id, name, input })
export const args = (index: number, partial_json: string): Json => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
})
export const end = (stop_reason: string, output_tokens = 5): Json => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage: { output_tokens },
})

/** A stream with everything in it: text, thinking, two tools (one without input), pings, characters of 1 to 4 bytes. */
export const FULL = sse(
  START,
  blockStart(0, { type: 'thinking', thinking: '' }),
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
  blockStop(0),
  blockStart(1, { type: 'text', text: '' }),
  PING,
  text('Grüße, ', 1),
  text('世界 🌍\n', 1),
  blockStop(1),
  toolStart(2, 'toolu_1', 'weather'),
  args(2, ''),
  args(2, '{"city": "Mün'),
  args(2, 'chen"}'),
  blockStop(2),
  toolStart(3, 'toolu_2', 'now'),
  blockStop(3),
  end('tool_use', 42),
  STOP,
)

export function stream(includeUsage = false): CompletionsFromMessagesStream {
  return new CompletionsFromMessagesStream({ created: 1700000000, includeUsage })
}

export function run(input: string | Buffer, includeUsage = false): string {
  const translator = stream(includeUsage)
  return Buffer.concat([translator.push(Buffer.from(input)), translator.end()]).toString()
}

/** The data of an answer stream, one value per event; `[DONE]` stays text. */
export function parse(output: string): unknown[] {
  return output
    .split('\n\n')
    .filter(event => event !== '')
    .map(event => {
      if (!event.startsWith('data: ')) throw new Error(`not a data line: ${event}`)
      const data = event.slice('data: '.length)
      return data === '[DONE]' ? data : (JSON.parse(data) as unknown)
    })
}

export const chunk = (delta: Json, finish_reason: string | null = null, more: Json = {}): Json => ({
  id: 'msg_1',
  object: 'chat.completion.chunk',
  created: 1700000000,
  model: 'claude',
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  ...more,
})
export const ROLE = chunk({ role: 'assistant', content: '' })
