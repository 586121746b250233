import { isObject, type JsonObject } from '../json.ts'
import { emptyMessage, stopReasonOf, usageOf } from './converse-answer.ts'
import { type Frame, FrameReader } from './event-frames.ts'
import { messageIn, messagesError } from './messages-error.ts'
import type { ToolNames } from './tool-names.ts'
import { TranslatedStream } from './translated-stream.ts'

/** What a stream is broken off by → Anthropic's word for it; any other is an `api_error`. */
const ERROR_TYPES: ReadonlyMap<string, string> = new Map([
  ['validationException', 'invalid_request_error'],
  ['throttlingException', 'rate_limit_error'],
  ['serviceUnavailableException', 'overloaded_error'],
])

/**
 * Frames of ConverseStream → Messages SSE bytes. A stream that was cut before it said why it stops ends without
 * `message_stop`. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
 */
export class MessagesFromConverseStream extends TranslatedStream {
  readonly #reader = new FrameReader(frame => this.#onFrame(frame))
  readonly #model: string
  readonly #tools: ToolNames
  /** Blocks that have begun: those of text do so unsaid. */
  readonly #open = new Set<unknown>()
  #hasBegun = false
  #stopReason: unknown

  constructor(model: string, tools: ToolNames) {
    super()
    this.#model = model
    this.#tools = tools
  }

  protected override read(chunk: Uint8Array): void {
    const wrong = this.#reader.push(chunk)
    if (wrong !== undefined && !this.isComplete) this.breakOff(`The provider sent a frame ${wrong}.`)
  }

  /** The token counts come behind the reason, and may be missing. */
  protected override readEnd(): void {
    if (this.#stopReason !== undefined) this.#finish(undefined)
  }

  #onFrame({ headers, payload }: Frame): void {
    if (this.isComplete) return
    const kind = headers.get(':message-type')
    if (kind === 'exception' || kind === 'error') {
      const type = headers.get(':exception-type') ?? headers.get(':error-code') ?? ''
      const told = messageIn(payload.toString()) ?? headers.get(':error-message')
      return this.fail(told ?? 'The provider broke the answer off.', ERROR_TYPES.get(type))
    }
    let event: unknown
    try {
      event = JSON.parse(payload.toString())
    } catch {
      return this.breakOff('The provider sent an event that is not JSON.')
    }
    if (isObject(event)) this.#onEvent(headers.get(':event-type'), event)
  }

  #onEvent(type: string | undefined, event: JsonObject): void {
    const index = event['contentBlockIndex'] ?? 0
    switch (type) {
      case 'messageStart':
        return this.#begin()
      case 'contentBlockStart':
        return this.#onStart(index, event['start'])
      case 'contentBlockDelta':
        return this.#onDelta(index, event['delta'])
      case 'contentBlockStop':
        if (this.#open.delete(index)) this.#send('content_block_stop', { index })
        return
      case 'messageStop':
        this.#stopReason = event['stopReason'] ?? ''
        return
      case 'metadata':
        // Comes behind the reason; alone it says nothing of the end.
        if (this.#stopReason !== undefined) this.#finish(event['usage'])
        return
      default:
      // What later versions add.
    }
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const message = {
      ...emptyMessage(this.#model),
      stop_reason: null,
      stop_sequence: null,
      usage: usageOf({}),
    }
    this.#send('message_start', { message })
  }

  #send(type: string, fields: JsonObject): void {
    this.output += `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  }

  #onStart(index: unknown, start: unknown): void {
    const toolUse = isObject(start) ? start['toolUse'] : undefined
    // Of text and thoughts nothing is known yet but that there will be some.
    if (!isObject(toolUse)) return
    const { toolUseId: id, name } = toolUse
    if (typeof name !== 'string') return this.breakOff('The provider called a tool without a name.')
    this.#openBlock(index, { type: 'tool_use', id, name: this.#tools.own(name), input: {} })
  }

  #openBlock(index: unknown, content_block: JsonObject): void {
    if (this.#open.has(index)) return
    this.#begin()
    this.#open.add(index)
    this.#send('content_block_start', { index, content_block })
  }

  #onDelta(index: unknown, delta: unknown): void {
    if (!isObject(delta)) return
    const { text, toolUse, reasoningContent } = delta
    if (typeof text === 'string') {
      this.#openBlock(index, { type: 'text', text: '' })
      this.#sendDelta(index, { type: 'text_delta', text })
    } else if (isObject(toolUse)) {
      if (!this.#open.has(index))
        return this.breakOff('The provider went on with a call that it had not begun.')
      this.#sendDelta(index, { type: 'input_json_delta', partial_json: toolUse['input'] ?? '' })
    } else if (isObject(reasoningContent)) this.#onReasoning(index, reasoningContent)
  }

  #onReasoning(index: unknown, { text, signature, redactedContent }: JsonObject): void {
    if (redactedContent !== undefined) {
      this.#openBlock(index, { type: 'redacted_thinking', data: redactedContent })
      return
    }
    this.#openBlock(index, { type: 'thinking', thinking: '', signature: '' })
    if (typeof text === 'string') this.#sendDelta(index, { type: 'thinking_delta', thinking: text })
    if (typeof signature === 'string') this.#sendDelta(index, { type: 'signature_delta', signature })
  }

  #sendDelta(index: unknown, delta: JsonObject): void {
    this.#send('content_block_delta', { index, delta })
  }

  #finish(usage: unknown): void {
    this.#begin()
    for (const index of this.#open) this.#send('content_block_stop', { index })
    const delta = { stop_reason: stopReasonOf(this.#stopReason), stop_sequence: null }
    this.#send('message_delta', { delta, usage: usageOf(usage) })
    this.#send('message_stop', {})
    this.isComplete = true
  }

  protected override fail(message: string, type = 'api_error'): void {
    this.output += `event: error\ndata: ${messagesError(message, type)}\n\n`
    this.isComplete = true
  }
}
