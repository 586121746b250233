import { isObject, type JsonObject } from '../json.ts'
import type { Dialect } from './dialect.ts'
import { type Answer, type Call, SSE_TYPE } from './provider.ts'
import { type AnswerText, allText, answerTo, idOf, lastUserText, piecesOf, tokensIn } from './text.ts'

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
  const limit = body['max_completion_tokens'] ?? body['max_tokens']
  const answer = answerTo(lastUserText(messages, 'content'), limit, call.answerChars)
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

function usageOf(prompt: string, answer: AnswerText): object {
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

function whole(call: Call, model: string, speak: Dialect, answer: AnswerText, usage: object): Answer {
  const choice = {
    index: 0,
    message: { role: 'assistant', content: answer.text, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: answer.cut ? 'length' : 'stop',
    ...(speak.contentFilter ? { content_filter_results: FILTERED } : {}),
  }
  const filter = speak.contentFilter
    ? { prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERED }] }
    : {}
  const value = { ...frame(call, model, 'chat.completion'), choices: [choice], usage, ...filter }
  return { status: 200, headers: speak.headers(call), body: JSON.stringify(value) }
}

/** The role first, then the words, then the reason; with `usage` asked for, null in each chunk and a last one with it. */
function* chunks(
  call: Call,
  model: string,
  speak: Dialect,
  answer: AnswerText,
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
  yield chunk({ role: 'assistant', content: '', refusal: null }, null)
  for (const content of piecesOf(answer.text)) yield chunk({ content }, null)
  yield chunk({}, answer.cut ? 'length' : 'stop')
  if (usage) yield data({ ...head, choices: [], usage })
  yield 'data: [DONE]\n\n'
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
