import { isObject, type JsonObject } from '../json.ts'
import { finishReason } from './anthropic-completions-answer.ts'
import { completionsError } from './anthropic-completions-error.ts'
import { type StreamUsage, TokenCounts } from './anthropic-completions-usage.ts'
import { TranslatedEvents } from './translated-events.ts'

/** What the chunks of one stream have in common besides what the provider says. */
export interface StreamOptions {
  /** Seconds since 1970. */
  readonly created: number
  /** The client's `stream_options.include_usage`. */
  readonly includeUsage: boolean
}

/** A tool_use block that has begun and not ended. */
interface OpenToolCall {
  readonly index: number
  /** Usually `{}`; sent when no delta follows. */
  readonly input: unknown
  hasArguments: boolean
}

/**
 * Messages SSE bytes → `chat.completion.chunk` SSE bytes.
 *
 * The finish reason goes out with `message_stop` and not before, so a client never takes a stream that was
 * cut for a whole one: such a stream ends without a finish reason and without `[DONE]`.
 */
export class CompletionsFromMessagesStream extends TranslatedEvents {
  readonly #options: StreamOptions
  readonly #counts = new TokenCounts()
  readonly #toolCalls = new Map<unknown, OpenToolCall>()
  /**
   * Everything before and after the `delta` of a chunk: the same in all chunks but the last ones, so built
   * once.
   */
  #head: string | undefined
  #tail = ''
  #toolCallCount = 0
  #stopReason: unknown

  constructor(options: StreamOptions) {
    super()
    this.#options = options
  }

  /** Tokens as far as the provider has told them; undefined before it has. */
  get usage(): StreamUsage | undefined {
    return this.#counts.totals
  }

  protected override onEvent(event: JsonObject): void {
    switch (event['type']) {
      case 'content_block_delta':
        this.#onDelta(event)
        return
      case 'content_block_start':
        this.#onBlockStart(event)
        return
      case 'content_block_stop':
        this.#onBlockStop(event)
        return
      case 'message_start':
        if (isObject(event['message'])) this.#onMessageStart(event['message'])
        return
      case 'message_delta':
        this.#onMessageDelta(event)
        return
      case 'message_stop':
        this.#onMessageStop()
        return
      case 'error':
        this.#onError(event['error'])
        return
      default:
      // `ping`, and what later versions add: the API asks its clients to skip events they do not know.
    }
  }

  #onMessageStart(message: JsonObject): void {
    this.#counts.update(message['usage'])
    if (this.#head === undefined) this.#open(message['id'], message['model'])
  }

  #open(id: unknown, model: unknown): string {
    const { created, includeUsage } = this.#options
    const common = JSON.stringify({
      id: id ?? '',
      object: 'chat.completion.chunk',
      created,
      model: model ?? '',
    })
    const head = `data: ${common.slice(0, -1)},"choices":[`
    this.#head = head
    this.#tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n'
    this.#send('{"role":"assistant","content":""}')
    return head
  }

  #send(delta: string, finish = 'null'): void {
    // Content before message_start breaks the protocol, but must not be lost.
    const head = this.#head ?? this.#open(undefined, undefined)
    const choice = `{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}`
    this.output += head + choice + this.#tail
  }

  #onBlockStart(event: JsonObject): void {
    const block = event['content_block']
    if (!isObject(block)) return
    if (block['type'] === 'text') this.#sendText('content', block['text'])
    if (block['type'] === 'thinking') this.#sendText('reasoning_content', block['thinking'])
    if (block['type'] !== 'tool_use') return
    const index = this.#toolCallCount++
    this.#toolCalls.set(event['index'], { index, input: block['input'], hasArguments: false })
    const call = {
      index,
      id: block['id'],
      type: 'function',
      function: { name: block['name'], arguments: '' },
    }
    this.#send(`{"tool_calls":[${JSON.stringify(call)}]}`)
  }

  #onDelta(event: JsonObject): void {
    const delta = event['delta']
    if (!isObject(delta)) return
    if (delta['type'] === 'text_delta') this.#sendText('content', delta['text'])
    if (delta['type'] === 'thinking_delta') this.#sendText('reasoning_content', delta['thinking'])
    if (delta['type'] !== 'input_json_delta') return
    const call = this.#toolCalls.get(event['index'])
    const json = delta['partial_json']
    if (call === undefined || typeof json !== 'string' || json === '') return
    call.hasArguments = true
    this.#sendArguments(call.index, json)
  }

  #onBlockStop(event: JsonObject): void {
    const call = this.#toolCalls.get(event['index'])
    if (call === undefined) return
    this.#toolCalls.delete(event['index'])
    // A tool without input gets no delta that says something, and '' is not the JSON that clients parse.
    if (!call.hasArguments) this.#sendArguments(call.index, JSON.stringify(call.input ?? {}))
  }

  #sendText(field: 'content' | 'reasoning_content', text: unknown): void {
    if (typeof text === 'string' && text !== '') this.#send(`{"${field}":${JSON.stringify(text)}}`)
  }

  #sendArguments(index: number, json: string): void {
    this.#send(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(json)}}}]}`)
  }

  #onMessageDelta(event: JsonObject): void {
    this.#counts.update(event['usage'])
    const delta = event['delta']
    if (isObject(delta)) this.#stopReason = delta['stop_reason'] ?? this.#stopReason
  }

  #onMessageStop(): void {
    this.#send('{}', `"${finishReason(this.#stopReason)}"`)
    if (this.#options.includeUsage) {
      this.output += `${this.#head}],"usage":${JSON.stringify(this.#counts.toCompletions())}}\n\n`
    }
    this.output += 'data: [DONE]\n\n'
    this.isComplete = true
  }

  #onError(error: unknown): void {
    const { message, type } = isObject(error) ? error : {}
    this.fail(
      typeof message === 'string' ? message : 'The provider broke the answer off.',
      typeof type === 'string' ? type : undefined,
    )
  }

  protected override fail(message: string, type = 'api_error'): void {
    this.output += `data: ${completionsError(message, type)}\n\n`
    this.isComplete = true
  }
}
