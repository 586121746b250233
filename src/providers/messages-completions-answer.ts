import { isObject, type JsonObject } from '../json.ts'

/** Chat Completions `finish_reason` → Messages `stop_reason`; one that is not listed ends the turn. */
const STOP_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['tool_calls', 'tool_use'],
  ['function_call', 'tool_use'],
  ['content_filter', 'refusal'],
])

/** Chat Completions `finish_reason` → Messages `stop_reason`. */
export function stopReason(finishReason: unknown): string {
  return STOP_REASONS.get(finishReason) ?? 'end_turn'
}

/** OpenAI counts what came from the cache, or went there, among the tokens of the prompt, Anthropic beside them. */
export function messagesUsage(usage: unknown): JsonObject {
  const counts = isObject(usage) ? usage : {}
  const details = isObject(counts['prompt_tokens_details']) ? counts['prompt_tokens_details'] : {}
  const cached = count(details['cached_tokens'])
  const written = count(details['cache_write_tokens'])
  return {
    input_tokens: Math.max(count(counts['prompt_tokens']) - cached - written, 0),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: count(counts['completion_tokens']),
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** `chat.completion` → Messages answer. Throws SyntaxError for what is none. */
export function fromCompletions(answer: JsonObject): JsonObject {
  const [choice] = Array.isArray(answer['choices']) ? (answer['choices'] as unknown[]) : []
  if (!isObject(choice) || !isObject(choice['message'])) throw new SyntaxError('the answer has no choice')
  const { content, refusal, tool_calls } = choice['message']
  const text = typeof content === 'string' && content !== '' ? content : refusal
  const blocks: JsonObject[] = typeof text === 'string' && text !== '' ? [{ type: 'text', text }] : []
  for (const call of Array.isArray(tool_calls) ? (tool_calls as unknown[]) : []) {
    if (isObject(call) && isObject(call['function'])) blocks.push(toolUse(call['id'], call['function']))
  }
  return {
    id: answer['id'],
    type: 'message',
    role: 'assistant',
    model: answer['model'],
    content: blocks,
    stop_reason: stopReason(choice['finish_reason']),
    stop_sequence: null,
    usage: messagesUsage(answer['usage']),
  }
}

function toolUse(id: unknown, { name, arguments: written }: JsonObject): JsonObject {
  if (typeof name !== 'string') throw new SyntaxError('the answer calls a tool without a name')
  return { type: 'tool_use', id, name, input: inputOf(written) }
}

/** What a limit of tokens has cut off stays the text that it is: the rest of the answer is worth having. */
function inputOf(written: unknown): unknown {
  if (typeof written !== 'string' || written === '') return {}
  try {
    return JSON.parse(written) as unknown
  } catch {
    return written
  }
}
