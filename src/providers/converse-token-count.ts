import type { JsonObject } from './anthropic-completions-fields.ts'

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html */
const ANTHROPIC_VERSION = 'bedrock-2023-05-31'

/**
 * Token count of the Messages API → CountTokens of Bedrock, which wants the whole request that it counts for.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
 */
export function toTokenCount({ model: _, ...body }: JsonObject): JsonObject {
  const request = JSON.stringify({ max_tokens: 1, anthropic_version: ANTHROPIC_VERSION, ...body })
  return { input: { invokeModel: { body: Buffer.from(request).toString('base64') } } }
}

/** And back. Throws SyntaxError for what is no count. */
export function fromTokenCount(answer: JsonObject): JsonObject {
  if (typeof answer['inputTokens'] !== 'number') throw new SyntaxError('the answer has no count')
  return { input_tokens: answer['inputTokens'] }
}
