import { randomUUID } from 'node:crypto'
import { isObject, type JsonObject } from '../json.ts'
import type { ToolNames } from './tool-names.ts'

/** Converse `stopReason` → Messages `stop_reason`; one that is not listed ends the turn. */
const STOP_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['end_turn', 'end_turn'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'max_tokens'],
  ['model_context_window_exceeded', 'model_context_window_exceeded'],
  ['tool_use', 'tool_use'],
  ['content_filtered', 'refusal'],
  ['guardrail_intervened', 'refusal'],
])

/** Converse `stopReason` → Messages `stop_reason`. */
export function stopReasonOf(reason: unknown): string {
  return STOP_REASONS.get(reason) ?? 'end_turn'
}

/** Both leave what a cache has to do with out of the tokens of the input. */
export function usageOf(usage: unknown): JsonObject {
  const counts = isObject(usage) ? usage : {}
  return {
    input_tokens: counts['inputTokens'] ?? 0,
    cache_creation_input_tokens: counts['cacheWriteInputTokens'] ?? 0,
    cache_read_input_tokens: counts['cacheReadInputTokens'] ?? 0,
    output_tokens: counts['outputTokens'] ?? 0,
  }
}

/** A message before it says anything: Converse names neither it nor the model. */
export function emptyMessage(model: string): JsonObject {
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  return { id, type: 'message', role: 'assistant', model, content: [] }
}

/** Converse answer → Messages answer. Throws SyntaxError for what is none. */
export function fromConverse(answer: JsonObject, model: string, tools: ToolNames): JsonObject {
  const output = isObject(answer['output']) ? answer['output'] : {}
  const message = output['message']
  if (!isObject(message) || !Array.isArray(message['content'])) {
    throw new SyntaxError('the answer has no message')
  }
  return {
    ...emptyMessage(model),
    content: message['content'].flatMap(block => (isObject(block) ? blocksOf(block, tools) : [])),
    stop_reason: stopReasonOf(answer['stopReason']),
    stop_sequence: null,
    usage: usageOf(answer['usage']),
  }
}

/** Blocks of kinds that came later are left out. */
function blocksOf(block: JsonObject, tools: ToolNames): JsonObject[] {
  const { text, toolUse, reasoningContent } = block
  if (typeof text === 'string') return [{ type: 'text', text }]
  if (isObject(toolUse)) {
    const { toolUseId: id, name, input } = toolUse
    if (typeof name !== 'string') throw new SyntaxError('the answer calls a tool without a name')
    return [{ type: 'tool_use', id, name: tools.own(name), input: input ?? {} }]
  }
  if (!isObject(reasoningContent)) return []
  const { reasoningText, redactedContent } = reasoningContent
  if (redactedContent !== undefined) return [{ type: 'redacted_thinking', data: redactedContent }]
  if (!isObject(reasoningText)) return []
  return [
    { type: 'thinking', thinking: reasoningText['text'] ?? '', signature: reasoningText['signature'] ?? '' },
  ]
}
