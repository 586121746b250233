import { isObject, type JsonObject } from '../json.ts'
import { messagesUsage, stopReason } from './messages-completions-answer.ts'
import { messagesError } from './messages-error.ts'
import { type StreamedCall, StreamedCalls } from './streamed-calls.ts'
import { TranslatedEvents } from './translated-events.ts'

/**
 * `chat.completion.chunk` SSE bytes → Messages SSE bytes. A stream that was cut ends without `message_stop`.
 */
export class MessagesFromCompletionsStream extends TranslatedEvents {
  #hasBegun = false
  readonly #calls = new StreamedCalls()
  /** The block that is being sent. */
  #block: 'text' | StreamedCall | undefined
  #index = -1
  #finishReason: unknown
  #usage: unknown

  /** Some leave out the `[DONE]` behind the last chunk. */
  protected override onEnd(): void {
    if (this.#finishReason !== undefined) this.#finish()
  }

  protected override onMark(data: string): boolean {
    if (data !== '[DONE]') return false
    this.#finish()
    return true
  }

  protected override onEvent(chunk: JsonObject): void {
    if (chunk['error'] !== undefined && chunk['error'] !== null) return this.#onError(chunk['error'])
    if (!this.#hasBegun) this.#begin(chunk)
    if (isObject(chunk['usage'])) this.#usage = chunk['usage']
    const [choice] = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : []
    if (!isObject(choice)) return
    if (isObject(choice['delta'])) this.#onDelta(choice['delta'])
    this.#finishReason = choice['finish_reason'] ?? this.#finishReason
  }

  #begin({ id, model }: JsonObject): void {
    this.#hasBegun = true
    const usage = { input_tokens: 0, output_tokens: 0 }
    const message = { id: id ?? '', type: 'message', role: 'assistant', model: model ?? '', content: [] }
    this.#send('message_start', { message: { ...message, stop_reason: null, stop_sequence: null, usage } })
  }

  #send(type: string, fields: JsonObject): void {
    this.output += `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  }

  #onDelta({ content, refusal, tool_calls }: JsonObject): void {
    for (const text of [content, refusal]) {
      if (typeof text !== 'string' || text === '') continue
      this.#sendCalls(true)
      if (this.#block !== 'text') this.#open('text', { type: 'text', text: '' })
      this.#sendDelta({ type: 'text_delta', text })
    }
    for (const call of Array.isArray(tool_calls) ? (tool_calls as unknown[]) : []) {
      if (isObject(call)) this.#calls.add(call)
    }
    this.#sendCalls(false)
  }

  #sendCalls(isEnd: boolean): void {
    do {
      const call = this.#calls.current
      if (call === undefined) continue
      if (this.#block !== call) {
        const id = call.id ?? `tool_call_${call.number}`
        this.#open(call, { type: 'tool_use', id, name: call.name, input: {} })
      }
      if (call.json.length === call.sent) continue
      this.#sendDelta({ type: 'input_json_delta', partial_json: call.json.slice(call.sent) })
      call.sent = call.json.length
    } while (this.#calls.advance(isEnd))
  }

  #open(block: 'text' | StreamedCall, content_block: JsonObject): void {
    this.#close()
    this.#block = block
    this.#index++
    this.#send('content_block_start', { index: this.#index, content_block })
  }

  #sendDelta(delta: JsonObject): void {
    this.#send('content_block_delta', { index: this.#index, delta })
  }

  #close(): void {
    if (this.#block === undefined) return
    this.#block = undefined
    this.#send('content_block_stop', { index: this.#index })
  }

  #finish(): void {
    if (!this.#hasBegun) this.#begin({})
    this.#sendCalls(true)
    this.#close()
    const delta = { stop_reason: stopReason(this.#finishReason), stop_sequence: null }
    this.#send('message_delta', { delta, usage: messagesUsage(this.#usage) })
    this.#send('message_stop', {})
    this.isComplete = true
  }

  #onError(error: unknown): void {
    const { message } = isObject(error) ? error : {}
    this.fail(typeof message === 'string' ? message : 'The provider broke the answer off.')
  }

  protected override fail(message: string): void {
    this.output += `event: error\ndata: ${messagesError(message, 'api_error')}\n\n`
    this.isComplete = true
  }
}
