import { isObject, type JsonObject } from '../json.ts'
import { TokenCounts } from './anthropic-completions-usage.ts'

/** Messages `stop_reason` → Chat Completions `finish_reason`; a reason that is not listed becomes `stop`. */
const FINISH_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  // Only server-side tools pause a turn, and no translated request asks for one.
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])

/** Messages `stop_reason` → Chat Completions `finish_reason`. */
export function finishReason(stopReason: unknown): string {
  return FINISH_REASONS.get(stopReason) ?? 'stop'
}

/**
 * Messages answer (2xx JSON) → `chat.completion`. `created` is the time in seconds since 1970: the Messages
 * API gives none. Throws SyntaxError for what is no message. What was thought goes where others than OpenAI have it, blocks of
 * kinds that came later are left out: Chat Completions has no place for them.
 */
export function fromMessages(answer: JsonObject, options: { readonly created: number }): JsonObject {
  const blocks = answer['content']
  if (!Array.isArray(blocks)) throw new SyntaxError('the answer has no content')
  const toolCalls: JsonObject[] = []
  let text = ''
  let thoughts = ''
  for (const block of blocks) {
    if (!isObject(block)) continue
    if (block['type'] === 'text' && typeof block['text'] === 'string') text += block['text']
    else if (block['type'] === 'thinking' && typeof block['thinking'] === 'string')
      thoughts += block['thinking']
    else if (block['type'] === 'tool_use') toolCalls.push(toolCall(block))
  }
  const counts = new TokenCounts()
  counts.update(answer['usage'])
  return {
    id: answer['id'],
    object: 'chat.completion',
    created: options.created,
    model: answer['model'],
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          // Null is OpenAI's form of "called tools and said nothing"; an empty answer stays text.
          content: text === '' && toolCalls.length > 0 ? null : text,
          refusal: null,
          ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
          ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
        },
        logprobs: null,
        finish_reason: finishReason(answer['stop_reason']),
      },
    ],
    usage: counts.toCompletions(),
  }
}

function toolCall(block: JsonObject): JsonObject {
  if (typeof block['name'] !== 'string') throw new SyntaxError('the answer calls a tool without a name')
  return {
    id: block['id'],
    type: 'function',
    function: { name: block['name'], arguments: JSON.stringify(block['input'] ?? {}) },
  }
}
