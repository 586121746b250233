import type { JsonObject } from '../json.ts'
import type { Dialect } from './dialect.ts'
import { type Answer, type Call, SSE_TYPE } from './provider.ts'
import { allText, idOf, lastUserText, piecesOf, textOf, tokensIn } from './text.ts'
import { ofResponses } from './tool-use.ts'
import { inputPieces, type Reply, replyTo, type ToolCall } from './tools.ts'
import { wantedForm } from './wanted-form.ts'

/** POST …/responses. */
export function responses(call: Call, body: JsonObject, model: string, speak: Dialect): Answer {
  const input = body['input']
  if (input === undefined) {
    const message = "Missing required parameter: 'input'."
    return speak.error(call, 400, { message, param: 'input', code: 'missing_required_parameter' })
  }
  const tools = ofResponses(body)
  if (tools.mistake !== undefined)
    return speak.error(call, 400, {
      message: `Invalid 'tool_choice': ${tools.mistake}.`,
      param: 'tool_choice',
    })
  const limit = body['max_output_tokens']
  const answer = replyTo(tools, {
    prompt: lastUserText(input, 'content'),
    limit,
    form: wantedForm(body),
    chars: call.answerChars,
  })
  const reply = new ResponseObject(call, body, model, answer)
  if (!call.seen.stream) {
    return { status: 200, headers: speak.headers(call), body: JSON.stringify(reply.finished()) }
  }
  const headers = { ...speak.headers(call), 'content-type': SSE_TYPE, 'cache-control': 'no-cache' }
  return { status: 200, headers, body: reply.events() }
}

/** One response object in its stages, and the events that tell of them. */
class ResponseObject {
  readonly #call: Call
  readonly #body: JsonObject
  readonly #model: string
  readonly #answer: Reply
  readonly #itemId: string

  constructor(call: Call, body: JsonObject, model: string, answer: Reply) {
    this.#call = call
    this.#body = body
    this.#model = model
    this.#answer = answer
    this.#itemId = idOf(answer.call ? 'fc_' : 'msg_', call.serial, 48)
  }

  finished(): object {
    return this.#response(this.#answer.cut ? 'incomplete' : 'completed')
  }

  *events(): Generator<string> {
    let sequence_number = 0
    const event = (type: string, fields: object): string => {
      const value = { type, sequence_number, ...fields }
      sequence_number += 1
      return `event: ${type}\ndata: ${JSON.stringify(value)}\n\n`
    }
    const { call, cut } = this.#answer
    yield event('response.created', { response: this.#response('in_progress') })
    yield event('response.in_progress', { response: this.#response('in_progress') })
    yield event('response.output_item.added', { output_index: 0, item: this.#begun() })
    for (const [type, fields] of call === undefined ? this.#textEvents() : this.#callEvents(call))
      yield event(`response.${type}`, { item_id: this.#itemId, output_index: 0, ...fields })
    yield event('response.output_item.done', { output_index: 0, item: this.#done() })
    yield event(cut ? 'response.incomplete' : 'response.completed', { response: this.finished() })
  }

  *#textEvents(): Generator<[string, object]> {
    const { text } = this.#answer
    const part = { content_index: 0 }
    yield ['content_part.added', { ...part, part: contentOf('') }]
    for (const delta of piecesOf(text)) yield ['output_text.delta', { ...part, delta, logprobs: [] }]
    yield ['output_text.done', { ...part, text, logprobs: [] }]
    yield ['content_part.done', { ...part, part: contentOf(text) }]
  }

  *#callEvents(call: ToolCall): Generator<[string, object]> {
    for (const delta of inputPieces(call)) yield ['function_call_arguments.delta', { delta }]
    const written = JSON.stringify(call.input)
    yield ['function_call_arguments.done', { name: call.name, arguments: written }]
  }

  #begun(): object {
    const { call } = this.#answer
    return call ? this.#callItem(call, 'in_progress', '') : this.#message('in_progress', [])
  }

  #done(): object {
    const { call, cut, text } = this.#answer
    if (call !== undefined) return this.#callItem(call, 'completed', JSON.stringify(call.input))
    return this.#message(cut ? 'incomplete' : 'completed', [contentOf(text)])
  }

  #message(status: string, content: object[]): object {
    return { id: this.#itemId, type: 'message', status, role: 'assistant', content }
  }

  #callItem({ name }: ToolCall, status: string, written: string): object {
    const call_id = idOf('call_', this.#call.serial, 24)
    return { id: this.#itemId, type: 'function_call', status, call_id, name, arguments: written }
  }

  #response(status: 'in_progress' | 'completed' | 'incomplete'): object {
    const finished = status !== 'in_progress'
    return {
      id: idOf('resp_', this.#call.serial, 48),
      object: 'response',
      created_at: this.#call.created,
      status,
      error: null,
      incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
      instructions: this.#body['instructions'] ?? null,
      max_output_tokens: this.#body['max_output_tokens'] ?? null,
      model: this.#model,
      output: finished ? [this.#done()] : [],
      parallel_tool_calls: this.#body['parallel_tool_calls'] ?? true,
      previous_response_id: this.#body['previous_response_id'] ?? null,
      temperature: this.#body['temperature'] ?? 1,
      text: { format: { type: 'text' } },
      tool_choice: this.#body['tool_choice'] ?? 'auto',
      tools: this.#body['tools'] ?? [],
      top_p: this.#body['top_p'] ?? 1,
      truncation: 'disabled',
      usage: finished ? this.#usage() : null,
      metadata: {},
    }
  }

  #usage(): object {
    const asked = allText(this.#body['input'], 'content') + textOf(this.#body['instructions'])
    const input_tokens = tokensIn(asked)
    const output_tokens = this.#answer.tokens
    return {
      input_tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input_tokens + output_tokens,
    }
  }
}

function contentOf(text: string): object {
  return { type: 'output_text', annotations: [], logprobs: [], text }
}
