/** Tokens of one answer, as the provider counts them. */
export interface Usage {
  /** What was read from a cache of prompts, or written to it, is among them. */
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  /** Of the input, read from a cache. */
  readonly cacheReadTokens?: number | undefined
  /** Of the input, written to a cache. */
  readonly cacheCreationTokens?: number | undefined
  /** Of the output, thought and not said. */
  readonly reasoningTokens?: number | undefined
  /** Of the input, heard and not read. */
  readonly inputAudioTokens?: number | undefined
  /** Of the output, spoken and not written. */
  readonly outputAudioTokens?: number | undefined
}

/** `"usage":` and Gemini's `"usageMetadata":`. In a JSON string the quote in front would be escaped. */
const MARK = '"usage'
const HEAD = /^"usage(?:Metadata)?"\s*:\s*(\S)?/
const NAMES = ['"usage"', '"usageMetadata"']
/** A head that is longer is none. */
const LONGEST_HEAD = 256
/** Near the beginning of every answer, streamed or not; Gemini's name for it comes later. */
const MODEL = /"(?:model|modelVersion)"\s*:\s*"([^"\\]{1,128})"/
/** How long an object with counts may be, in characters. */
const WINDOW = 4096

type Counts = Readonly<Record<string, unknown>>
type Parts = { -readonly [K in Exclude<keyof Usage, 'inputTokens' | 'outputTokens'>]?: Usage[K] }

/**
 * Finds the token counts in an answer as it goes by, whole or streamed: one search per chunk for the name of the field, and
 * only the small object behind it is parsed. Later counts replace earlier ones, as providers send running totals.
 */
export class UsageReader {
  /** The end of the last chunk, where it may hold the beginning of what is looked for. */
  #carry = ''
  #input: number | undefined = undefined
  /** Tokens of the prompt that the input does not count, because a cache has them. */
  #cached = 0
  #output: number | undefined = undefined
  #parts: Parts = {}
  #model: string | undefined = undefined
  #hasLooked = false
  #uncounted = 0
  readonly #isEchoed: boolean

  /**
   * `isEchoed`: the answer repeats parts of its request as they are, as those of the Responses API do with tools. What a client
   * has put there looks like counts, until the event goes on and says that there are none yet.
   */
  constructor(isEchoed = false) {
    this.#isEchoed = isEchoed
  }

  /** The model that says it has answered, as far as the first chunk tells. */
  get model(): string | undefined {
    return this.#model
  }

  get usage(): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined
    const input = this.#input === undefined ? undefined : this.#input + this.#cached
    return { inputTokens: input, outputTokens: this.#output, ...this.#parts }
  }

  /** Characters that came after the last counts: what they stand for has not been counted yet. */
  get uncounted(): number {
    return this.#uncounted
  }

  /** `chunk` is text of one byte per character. */
  push(chunk: string): void {
    if (!this.#hasLooked) {
      this.#hasLooked = true
      this.#model = MODEL.exec(chunk)?.[1]
    }
    this.#uncounted += chunk.length
    const text = this.#carry === '' ? chunk : this.#carry + chunk
    this.#carry = ''
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + MARK.length))
      if (!this.#read(text, at)) return
    // Events end a line and objects end in a brace: neither can have cut the mark.
    const last = text.charCodeAt(text.length - 1)
    if (last !== 0x0a && last !== 0x7d) this.#carry = text.slice(1 - MARK.length)
  }

  /** False when the counts go on in the next chunk. */
  #read(text: string, at: number): boolean {
    const window = text.slice(at, at + WINDOW)
    const head = headOf(window)
    const isCut = head === null ? mayGoOn(window) : head[1] === undefined
    if (!isCut && head?.[1] !== '{') {
      if (this.#isEchoed && head?.[1] === 'n') this.#forget()
      return true
    }
    const from = window.indexOf('{')
    const end = isCut ? -1 : closingBrace(window, from)
    if (end >= 0) {
      this.#count(window.slice(from, end + 1))
      this.#uncounted = text.length - at - end - 1
      return true
    }
    if (window.length === WINDOW) return true
    this.#carry = window
    return false
  }

  #forget(): void {
    this.#input = this.#output = undefined
    this.#cached = 0
    this.#parts = {}
  }

  #count(object: string): void {
    const counts = parsed(object)
    const output = outputOf(counts)
    const input = inputOf(counts) ?? (output === undefined ? natural(counts['total_tokens']) : undefined)
    if (output !== undefined) this.#output = output
    const parts = partsOf(counts)
    this.#parts = input === undefined ? { ...this.#parts, ...parts } : parts
    if (input === undefined) return
    this.#input = input
    this.#cached = cachedOf(counts)
  }
}

function headOf(window: string): RegExpExecArray | null {
  const head = HEAD.exec(window)
  // What stands in the next line may be no value, but another line of its event: it goes on behind `data:`.
  const isSure = head !== null && (head[1] === '{' || head[1] === undefined || !/[\r\n]/.test(head[0]))
  return isSure ? head : HEAD.exec(joined(window.slice(0, LONGEST_HEAD)))
}

/** Whether the name of the field, or what stands between that and its colon, is not all here. */
function mayGoOn(window: string): boolean {
  if (window.length >= LONGEST_HEAD) return false
  const start = joined(window).trimEnd()
  return NAMES.some(name => name.startsWith(start))
}

/** What stands for the end of an event, in no JSON. */
const END = '\0'

/** Lines of events; one without a name is a comment. */
const FIELD = /^(?:data|event|id|retry)?:/
const FIELDS = ['data:', 'event:', 'id:', 'retry:']

/**
 * The data of an event from somewhere in one of its lines on, without what stands between them (HTML §9.2.6). A text that is
 * no such event stays as it is.
 */
function joined(text: string): string {
  const [first = '', ...others] = text.split(/\r\n|[\r\n]/)
  const last = others.at(-1) ?? ''
  const isEvent =
    others.some(line => FIELD.test(line)) || (last !== '' && FIELDS.some(field => field.startsWith(last)))
  if (!isEvent) return text
  const end = others.indexOf('')
  const isEnded = end >= 0 && end < others.length - 1
  const data = (isEnded ? others.slice(0, end) : others).filter(line => line.startsWith('data:'))
  return [first, ...data.map(line => line.slice('data:'.length)), isEnded ? END : ''].join('\n')
}

/** Where the object ends that begins at `from`; -1 where it does not. */
function closingBrace(text: string, from: number): number {
  let close = text.indexOf('}', from)
  let open = text.indexOf('{', from + 1)
  // As many objects as have begun by then have to end before it.
  while (open >= 0 && close >= 0 && open < close) {
    close = text.indexOf('}', close + 1)
    open = text.indexOf('{', open + 1)
  }
  return close
}

function parsed(object: string): Counts {
  return jsonIn(object) ?? jsonIn(joined(object)) ?? NONE
}

function jsonIn(object: string): Counts | undefined {
  try {
    return JSON.parse(object) as Counts
  } catch {
    return undefined
  }
}

function natural(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value) ? value : undefined
}

function inputOf(counts: Counts): number | undefined {
  return natural(
    counts['prompt_tokens'] ?? counts['input_tokens'] ?? counts['promptTokenCount'] ?? counts['inputTokens'],
  )
}

/** Gemini counts what was thought apart from what was said. */
function outputOf(counts: Counts): number | undefined {
  const output = natural(
    counts['completion_tokens'] ??
      counts['output_tokens'] ??
      counts['candidatesTokenCount'] ??
      counts['outputTokens'],
  )
  const thoughts = natural(counts['thoughtsTokenCount'])
  return thoughts === undefined ? output : (output ?? 0) + thoughts
}

/** Only Anthropic and Bedrock leave what a cache has to do with out of the input. */
function cachedOf(counts: Counts): number {
  if (counts['inputTokens'] !== undefined)
    return (natural(counts['cacheReadInputTokens']) ?? 0) + (natural(counts['cacheWriteInputTokens']) ?? 0)
  if (counts['prompt_tokens'] !== undefined || counts['input_tokens'] === undefined) return 0
  return (
    (natural(counts['cache_read_input_tokens']) ?? 0) + (natural(counts['cache_creation_input_tokens']) ?? 0)
  )
}

/** Only those that are told: what came before stays. */
function partsOf(counts: Counts): Parts {
  const input =
    detailsOf(counts['prompt_tokens_details']) ??
    detailsOf(counts['input_tokens_details']) ??
    detailsOf(counts['input_token_details']) ??
    NONE
  const output =
    detailsOf(counts['completion_tokens_details']) ??
    detailsOf(counts['output_tokens_details']) ??
    detailsOf(counts['output_token_details']) ??
    NONE
  const read = natural(
    counts['cache_read_input_tokens'] ??
      input['cached_tokens'] ??
      counts['cachedContentTokenCount'] ??
      counts['cacheReadInputTokens'],
  )
  const written = natural(
    counts['cache_creation_input_tokens'] ?? input['cache_write_tokens'] ?? counts['cacheWriteInputTokens'],
  )
  const thought = natural(output['reasoning_tokens'] ?? counts['thoughtsTokenCount'])
  const heard = natural(input['audio_tokens'])
  const spoken = natural(output['audio_tokens'])
  const parts: Parts = {}
  if (read !== undefined) parts.cacheReadTokens = read
  if (written !== undefined) parts.cacheCreationTokens = written
  if (thought !== undefined) parts.reasoningTokens = thought
  // Nearly every answer says that there are none.
  if (heard !== undefined && heard > 0) parts.inputAudioTokens = heard
  if (spoken !== undefined && spoken > 0) parts.outputAudioTokens = spoken
  return parts
}

const NONE: Counts = Object.freeze({})

function detailsOf(details: unknown): Counts | undefined {
  return typeof details === 'object' && details !== null ? (details as Counts) : undefined
}
