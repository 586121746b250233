/** Tokens of one answer, as the provider counts them. */
export interface Usage {
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** `"usage":` and Gemini's `"usageMetadata":`. In a JSON string the quote in front would be escaped. */
const MARK = '"usage'
const INPUT = /"(?:prompt_tokens|input_tokens|promptTokenCount)"\s*:\s*(\d+)/
const OUTPUT = /"(?:completion_tokens|output_tokens|candidatesTokenCount)"\s*:\s*(\d+)/
/** Near the beginning of every answer, streamed or not; Gemini's name for it comes later. */
const MODEL = /"(?:model|modelVersion)"\s*:\s*"([^"\\]{1,128})"/
/** How far behind its mark a count is looked for, in characters. */
const WINDOW = 1024

/**
 * Finds the token counts in an answer as it goes by, whole or streamed, without parsing it: one search per chunk for the
 * field's name, and two small ones behind it. Later counts replace earlier ones, as providers send running totals.
 */
export class UsageReader {
  /** The end of the last chunk, where it may hold the beginning of what is looked for. */
  #carry = ''
  #input: number | undefined = undefined
  #output: number | undefined = undefined
  #model: string | undefined = undefined
  #hasLooked = false

  /** The model that says it has answered, as far as the first chunk tells. */
  get model(): string | undefined {
    return this.#model
  }

  get usage(): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined
    return { inputTokens: this.#input, outputTokens: this.#output }
  }

  /** `chunk` is text of one byte per character. */
  push(chunk: string): void {
    if (!this.#hasLooked) {
      this.#hasLooked = true
      this.#model = MODEL.exec(chunk)?.[1]
    }
    const text = this.#carry === '' ? chunk : this.#carry + chunk
    this.#carry = ''
    let at = text.indexOf(MARK)
    if (at < 0) {
      // Events end a line and objects end in a brace: neither can have cut the mark.
      const last = text.charCodeAt(text.length - 1)
      if (last !== 0x0a && last !== 0x7d) this.#carry = text.slice(1 - MARK.length)
      return
    }
    for (; at >= 0; at = text.indexOf(MARK, at + MARK.length)) this.#read(text.slice(at, at + WINDOW))
  }

  #read(window: string): void {
    if (window.startsWith('"usage":null')) return
    const input = INPUT.exec(window)
    const output = OUTPUT.exec(window)
    if (input !== null) this.#input = Number(input[1])
    if (output !== null) this.#output = Number(output[1])
    // The last digit may be the chunk's last byte; the counts are then read again with what follows.
    if (window.length < WINDOW && !window.includes('}')) this.#carry = window
  }
}
