import { isObject, type JsonObject } from '../json.ts'

/** Tokens of one answer. `inputTokens` counts what was read from and written to the prompt cache too. */
export interface StreamUsage {
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * Messages token counts as far as they are known; in a stream they arrive twice, and the later ones are
 * totals.
 */
export class TokenCounts {
  #input = 0
  #cacheRead = 0
  #cacheWrite = 0
  #output = 0
  #thinking: number | undefined
  #seen = false

  /**
   * Takes over every count of a Messages `usage` object that is a number: later events leave some out or
   * null.
   */
  update(usage: unknown): void {
    if (!isObject(usage)) return
    this.#seen = true
    this.#input = count(usage['input_tokens']) ?? this.#input
    this.#cacheRead = count(usage['cache_read_input_tokens']) ?? this.#cacheRead
    this.#cacheWrite = count(usage['cache_creation_input_tokens']) ?? this.#cacheWrite
    this.#output = count(usage['output_tokens']) ?? this.#output
    const details = usage['output_tokens_details']
    if (isObject(details)) this.#thinking = count(details['thinking_tokens']) ?? this.#thinking
  }

  /** Undefined until any usage was seen. */
  get totals(): StreamUsage | undefined {
    return this.#seen ? { inputTokens: this.#prompt, outputTokens: this.#output } : undefined
  }

  /** The OpenAI `usage` object. */
  toCompletions(): JsonObject {
    return {
      prompt_tokens: this.#prompt,
      completion_tokens: this.#output,
      total_tokens: this.#prompt + this.#output,
      prompt_tokens_details: { cached_tokens: this.#cacheRead, cache_write_tokens: this.#cacheWrite },
      ...(this.#thinking === undefined
        ? {}
        : { completion_tokens_details: { reasoning_tokens: this.#thinking } }),
    }
  }

  /**
   * OpenAI's `prompt_tokens` includes cached tokens; Anthropic's `input_tokens` leaves both cache counts
   * out.
   */
  get #prompt(): number {
    return this.#input + this.#cacheRead + this.#cacheWrite
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
