import type { JsonObject } from '../json.ts'
import { type ConverseOptions, toConverse } from './converse-request.ts'
import { ToolNames } from './tool-names.ts'

/**
 * Token count of the Messages API → CountTokens of Bedrock, of what would be sent to Converse as far as it counts.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
 */
export function toTokenCount(body: JsonObject, facts: Omit<ConverseOptions, 'tools'>): JsonObject {
  const sent = toConverse(body, { model: facts.model, headers: facts.headers, tools: new ToolNames() })
  const { messages, system, toolConfig, additionalModelRequestFields } = sent
  return { input: { converse: { messages, system, toolConfig, additionalModelRequestFields } } }
}

/** And back. Throws SyntaxError for what is no count. */
export function fromTokenCount(answer: JsonObject): JsonObject {
  if (typeof answer['inputTokens'] !== 'number') throw new SyntaxError('the answer has no count')
  return { input_tokens: answer['inputTokens'] }
}
