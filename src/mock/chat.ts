import { isObject, type JsonObject } from '../json.ts'
import type { Dialect } from './dialect.ts'
import { type Answer, type Call, SSE_TYPE } from './provider.ts'
import { allText, idOf, lastUserText, piecesOf, tokensIn } from './text.ts'
import { ofChat } from './tool-use.ts'
import { inputPieces, type Reply, replyTo, type ToolCall } from './tools.ts'
import { wantedForm } from './wanted-form.ts'

/** Azure's verdict over a harmless text. */
const FILTERED = Object.fromEntries(
  ['hate', 'self_harm', 'sexual', 'violence'].map(name => [name, { filtered: false, severity: 'safe' }]),
)

/** POST …/chat/completions. */
export function chatCompletion(call: Call, body: JsonObject, model: string, speak: Dialect): Answer {
  const messages = body['messages']
  if (messages === undefined) {
    const message = "Missing required parameter: 'messages'."
    return speak.error(call, 400, { message, param: 'messages', code: 'missing_required_parameter' })
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    const message = "Invalid 'messages': expected an array with at least one message."
    return speak.error(call, 400, { message, param: 'messages', code: 'invalid_type' })
  }
  const tools = ofChat(body)
  if (tools.mistake !== undefined)
    return speak.error(call, 400, {
      message: `Invalid 'tool_choice': ${tools.mistake}.`,
      param: 'tool_choice',
    })
  const limit = body['max_completion_tokens'] ?? body['max_tokens']
  const reply = replyTo(tools, {
    prompt: lastUserText(messages, 'content'),
    limit,
    form: wantedForm(body),
    chars: call.answerChars,
  })
  const answer = { ...reply, ends: endOf(reply, body['tool_choice']) }
  const usage = usageOf(allText(messages, 'content'), answer)
  if (!call.seen.stream) return whole(call, model, speak, answer, usage)
  const options = body['stream_options']
  const withUsage = isObject(options) && options['include_usage'] === true
  return {
    status: 200,
    headers: { ...speak.headers(call), 'content-type': SSE_TYPE, 'cache-control': 'no-cache' },
    body: chunks(call, model, speak, answer, withUsage ? usage : undefined),
  }
}

interface Ended extends Reply {
  /** The `finish_reason`. */
  readonly ends: string
}

/**
 * A call of the one function that was named ends with `stop` at OpenAI, any other with `tool_calls`, streamed and not:
 * answers of the API in https://github.com/vllm-project/vllm/pull/25054.
 */
function endOf({ call, cut }: Reply, choice: unknown): string {
  if (call === undefined) return cut ? 'length' : 'stop'
  return isObject(choice) && choice['type'] === 'function' ? 'stop' : 'tool_calls'
}

function usageOf(prompt: string, answer: Reply): object {
  const prompt_tokens = tokensIn(prompt)
  return {
    prompt_tokens,
    completion_tokens: answer.tokens,
    total_tokens: prompt_tokens + answer.tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

function frame(call: Call, model: string, object: string): object {
  return {
    id: idOf('chatcmpl-', call.serial, 29),
    object,
    created: call.created,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_0a6d6f636b',
  }
}

function whole(call: Call, model: string, speak: Dialect, answer: Ended, usage: object): Answer {
  const choice = {
    index: 0,
    message: messageOf(call, answer),
    logprobs: null,
    finish_reason: answer.ends,
    ...(speak.contentFilter ? { content_filter_results: FILTERED } : {}),
  }
  const filter = speak.contentFilter
    ? { prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERED }] }
    : {}
  const value = { ...frame(call, model, 'chat.completion'), choices: [choice], usage, ...filter }
  return { status: 200, headers: speak.headers(call), body: JSON.stringify(value) }
}

function messageOf(call: Call, { text, call: made }: Reply): object {
  const common = { role: 'assistant', content: text, refusal: null, annotations: [] }
  if (made === undefined) return common
  return { ...common, content: null, tool_calls: [callOf(call, made, JSON.stringify(made.input))] }
}

function callOf({ serial }: Call, { name }: ToolCall, input: string): object {
  return { id: idOf('call_', serial, 24), type: 'function', function: { name, arguments: input } }
}

/** The role first, then the words or the call, then the reason; with `usage` asked for, null in each chunk and a last one with it. */
function* chunks(
  call: Call,
  model: string,
  speak: Dialect,
  answer: Ended,
  usage: object | undefined,
): Generator<string> {
  const head = frame(call, model, 'chat.completion.chunk')
  const noUsage = usage ? { usage: null } : {}
  const chunk = (delta: object, finish_reason: string | null): string =>
    data({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...noUsage })
  if (speak.contentFilter) {
    const prompt_filter_results = [{ prompt_index: 0, content_filter_results: FILTERED }]
    yield data({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results })
  }
  const begun = answer.call && { content: null, tool_calls: [{ index: 0, ...callOf(call, answer.call, '') }] }
  yield chunk({ role: 'assistant', content: '', refusal: null, ...begun }, null)
  for (const content of piecesOf(answer.text)) yield chunk({ content }, null)
  for (const piece of answer.call ? inputPieces(answer.call) : [])
    yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }, null)
  yield chunk({}, answer.ends)
  if (usage) yield data({ ...head, choices: [], usage })
  yield 'data: [DONE]\n\n'
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
