/** Tokens of one answer, as the provider counts them. */
export interface Usage {
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** A usage object longer than this is left uncounted. */
const LONGEST = 4096
const OPEN = 0x7b
const CLOSE = 0x7d

/** `"usage":` and Gemini's `"usageMetadata":`. Inside a JSON string the closing quote would be escaped. */
const MARK = Buffer.from('"usage')

function numberIn(object: Record<string, unknown>, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = object[name]
    if (typeof value === 'number') return value
  }
  return undefined
}

/**
 * Finds the token counts in an answer as it goes by, whole or streamed, without parsing the rest of it: a search for
 * the field's name per chunk, and one small parse where it stands. Later counts replace earlier ones, as providers
 * send running totals.
 */
export class UsageReader {
  /** What must be seen together with the next chunk: a usage object, or a mark, that was cut. */
  #carry: Buffer | undefined
  #input: number | undefined
  #output: number | undefined

  get usage(): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined
    return { inputTokens: this.#input, outputTokens: this.#output }
  }

  push(chunk: Buffer): void {
    const bytes = this.#carry === undefined ? chunk : Buffer.concat([this.#carry, chunk])
    this.#carry = undefined
    let at = bytes.indexOf(MARK)
    while (at >= 0) {
      const end = objectEnd(bytes, at)
      if (end === undefined) {
        if (bytes.length - at < LONGEST) this.#carry = Buffer.from(bytes.subarray(at))
        return
      }
      if (end > at) this.#read(bytes, at, end)
      at = bytes.indexOf(MARK, Math.max(end, at + MARK.length))
    }
    // A mark may be cut in two; a chunk that ends a line, as events do, cannot end in one.
    if (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a) this.#carryTail(bytes)
  }

  #carryTail(bytes: Buffer): void {
    const quote = bytes.lastIndexOf(0x22)
    if (quote >= 0 && bytes.length - quote < MARK.length) this.#carry = Buffer.from(bytes.subarray(quote))
  }

  #read(bytes: Buffer, mark: number, end: number): void {
    let parsed: unknown
    try {
      parsed = JSON.parse(bytes.toString('utf8', bytes.indexOf(OPEN, mark), end))
    } catch {
      return
    }
    if (typeof parsed !== 'object' || parsed === null) return
    const counts = parsed as Record<string, unknown>
    this.#input = numberIn(counts, 'prompt_tokens', 'input_tokens', 'promptTokenCount') ?? this.#input
    this.#output =
      numberIn(counts, 'completion_tokens', 'output_tokens', 'candidatesTokenCount') ?? this.#output
  }
}

/**
 * The end of the object after the mark; the mark's own position when no object follows (`"usage":null`); undefined
 * when the bytes end before it does. Token counts hold no braces in strings, so braces alone decide.
 */
function objectEnd(bytes: Buffer, mark: number): number | undefined {
  let depth = 0
  for (let i = mark + MARK.length; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === OPEN) depth++
    else if (byte === CLOSE && --depth <= 0) return depth < 0 ? mark : i + 1
    else if (depth === 0 && byte === 0x2c) return mark
  }
  return undefined
}
