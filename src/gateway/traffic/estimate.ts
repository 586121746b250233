import type { Exchange } from '../exchange.ts'

/** Bytes of JSON per token, roughly, for English text and its frame. */
const BYTES_PER_TOKEN = 4

/** Fields in which requests say how long their answer may be, format by format. */
const ANSWER_LIMITS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens']

/**
 * What a request will cost, as far as one can tell before it is answered: its bytes, and the longest answer it allows;
 * where it sets no limit, `usualOutput`.
 */
export function estimateTokens({ body, json }: Exchange, usualOutput: number): number {
  const prompt = Math.ceil((body?.length ?? 0) / BYTES_PER_TOKEN)
  return prompt + Math.ceil(allowedOutput(json) ?? usualOutput)
}

function allowedOutput(json: Record<string, unknown> | undefined): number | undefined {
  if (json === undefined) return undefined
  const gemini = json['generationConfig'] as Record<string, unknown> | null | undefined
  const named = [...ANSWER_LIMITS.map(name => json[name]), gemini?.['maxOutputTokens']]
  return named.find((value): value is number => typeof value === 'number' && value > 0)
}
