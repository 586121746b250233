import { isObject, type JsonObject } from './anthropic-completions-fields.ts'

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

/** OpenAI counts what came from the cache among the tokens of the prompt, Anthropic beside them. */
export function messagesUsage(usage: unknown): JsonObject {
  const counts = isObject(usage) ? usage : {}
  const details = isObject(counts['prompt_tokens_details']) ? counts['prompt_tokens_details'] : {}
  const cached = count(details['cached_tokens'])
  return {
    input_tokens: Math.max(count(counts['prompt_tokens']) - cached, 0),
    cache_creation_input_tokens: 0,
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
  const input: unknown = typeof written === 'string' && written !== '' ? JSON.parse(written) : {}
  return { type: 'tool_use', id, name, input }
}

/** Anthropic's own names, for answers that carry none. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

/** An Anthropic error body as JSON text. */
export function messagesError(message: string, type: string): string {
  return JSON.stringify({ type: 'error', error: { type, message } })
}

/** Anthropic's word for an error that has nothing but its status. */
export function errorType(status: number): string {
  return TYPE_BY_STATUS[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}

/** OpenAI error body → Anthropic error body; a body of neither becomes a sentence with the status. */
export function errorFromCompletions(status: number, body: string): string {
  return messagesError(
    messageIn(body) ?? `The provider answered with status ${status} and no message.`,
    errorType(status),
  )
}

function messageIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const error = isObject(parsed) ? parsed['error'] : undefined
    const message = isObject(error) ? error['message'] : error
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
