import type { JsonObject } from '../json.ts'
import {
  type Answer,
  allowing,
  bearer,
  type Call,
  type Provider,
  SSE_TYPE,
  UNKNOWN_MODEL,
} from './provider.ts'
import { isNowhere, VERTEX_CLAUDE } from './shape.ts'
import { allText, decoded, idOf, lastUserText, piecesOf, textOf, tokensIn } from './text.ts'
import { ofMessages } from './tool-use.ts'
import { inputPieces, type Reply, replyTo, type ToolCall } from './tools.ts'
import { wantedForm } from './wanted-form.ts'

const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1']

const ORGANIZATION = '00000000-0000-4000-a000-000000000000'

/** Anthropic's API. */
export const anthropic: Provider = {
  credential({ headers, pathname }) {
    // Hosts that offer this API below a path of their own take their own kind of key.
    const elsewhere = !pathname.startsWith('/v1/') || VERTEX_CLAUDE.test(pathname)
    const key = headers['x-api-key'] ?? (elsewhere ? headers['api-key'] : undefined)
    if (key) return { value: key, place: 'header', misplaced: key.startsWith('sk-ant-oat') }
    // API keys as well: Anthropic's own clients put them here, as in `apiKeyAuth` of @anthropic-ai/sdk 1.14.
    const token = bearer(headers)
    return token === undefined ? undefined : { value: token, place: 'bearer' }
  },
  answer(call) {
    if (isNowhere(call.seen.headers['host'], call.pathname)) return error(call, 404, 'Not Found')
    if (call.key.kind !== 'good') return refuse(call)
    const { method } = call.seen
    if (VERTEX_CLAUDE.test(call.pathname)) return method === 'POST' ? answerVertex(call) : postOnly(call)
    if (!call.seen.headers['anthropic-version']) {
      return error(call, 400, 'anthropic-version: header is required')
    }
    if (/\/models$/.test(call.pathname) && method === 'GET') return json(call, modelList())
    if (/\/models\/.+$/.test(call.pathname) && method === 'GET') return oneModel(call)
    if (!/\/messages(?:\/count_tokens)?$/.test(call.pathname)) return error(call, 404, 'Not Found')
    return method === 'POST' ? answerPost(call) : postOnly(call)
  },
  failure: (call, status, message) => error(call, status, message ?? messageOf(status)),
}

function postOnly(call: Call): Answer {
  return allowing('POST', error(call, 405, 'Method Not Allowed'))
}

function refuse(call: Call): Answer {
  if (call.key.kind === 'missing') return error(call, 401, 'x-api-key header is required')
  return error(call, 401, call.key.place === 'bearer' ? 'Invalid bearer token' : 'invalid x-api-key')
}

/** Vertex AI has the version in the body, and the model only where tokens are counted. */
function answerVertex(call: Call): Answer {
  const { body } = call
  if (body && body['anthropic_version'] === undefined)
    return error(call, 400, 'anthropic_version: Field required')
  const counting = call.pathname.endsWith('/count-tokens:rawPredict')
  if (!counting && body?.['model'] !== undefined)
    return error(call, 400, 'model: Extra inputs are not permitted')
  return answerPost(call, counting, counting ? ['model', 'messages'] : ['messages', 'max_tokens'])
}

function answerPost(
  call: Call,
  counting = call.pathname.endsWith('/count_tokens'),
  required: readonly string[] = counting ? ['model', 'messages'] : ['model', 'messages', 'max_tokens'],
): Answer {
  const { body } = call
  if (!body) return error(call, 400, 'The request body is not valid JSON')
  const missing = required.find(field => body[field] === undefined)
  if (missing !== undefined) return error(call, 400, `${missing}: Field required`)
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    return error(call, 400, 'messages: at least one message is required')
  }
  const model = call.seen.model
  if (model === undefined) return error(call, 400, 'model: Input should be a valid string')
  if (model === UNKNOWN_MODEL) return error(call, 404, `model: ${model}`)
  const input_tokens = tokensIn(allText(body['messages'], 'content') + textOf(body['system']))
  return counting ? json(call, { input_tokens }) : message(call, body, model, input_tokens)
}

function message(call: Call, body: JsonObject, model: string, inputTokens: number): Answer {
  const limit = body['max_tokens']
  if (typeof limit !== 'number' || limit < 1) {
    return error(call, 400, 'max_tokens: Input should be greater than or equal to 1')
  }
  const tools = ofMessages(body)
  if (tools.mistake !== undefined) return error(call, 400, `tool_choice: ${tools.mistake}`)
  const answer = replyTo(tools, {
    prompt: lastUserText(body['messages'], 'content'),
    limit,
    form: wantedForm(body),
    chars: call.answerChars,
  })
  if (call.seen.stream) {
    const headers = { ...headersOf(call), 'content-type': SSE_TYPE, 'cache-control': 'no-cache' }
    return { status: 200, headers, body: events(call, model, answer, inputTokens) }
  }
  const content = [answer.call ? toolUse(call, answer.call) : { type: 'text', text: answer.text }]
  const ended = { content, stop_reason: stopOf(answer) }
  return json(call, { ...frame(call, model, inputTokens, answer.tokens), ...ended })
}

function toolUse({ serial }: Call, { name, input }: ToolCall): object {
  return { type: 'tool_use', id: idOf('toolu_01', serial, 22), name, input }
}

function stopOf({ call, cut }: Reply): string {
  if (call !== undefined) return 'tool_use'
  return cut ? 'max_tokens' : 'end_turn'
}

function frame(call: Call, model: string, input_tokens: number, output_tokens: number): object {
  return {
    id: idOf('msg_01', call.serial, 22),
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens,
      service_tier: 'standard',
    },
  }
}

function* events(call: Call, model: string, answer: Reply, inputTokens: number): Generator<string> {
  yield event('message_start', { message: frame(call, model, inputTokens, 1) })
  const begun = answer.call ? toolUse(call, { ...answer.call, input: {} }) : { type: 'text', text: '' }
  yield event('content_block_start', { index: 0, content_block: begun })
  yield event('ping', {})
  for (const text of piecesOf(answer.text)) {
    yield event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
  }
  for (const partial_json of answer.call ? inputPieces(answer.call) : []) {
    yield event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json } })
  }
  yield event('content_block_stop', { index: 0 })
  const delta = { stop_reason: stopOf(answer), stop_sequence: null }
  yield event('message_delta', { delta, usage: { output_tokens: answer.tokens } })
  yield event('message_stop', {})
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function modelList(): object {
  const data = MODELS.map(modelCard)
  return { data, has_more: false, first_id: MODELS.at(0), last_id: MODELS.at(-1) }
}

function oneModel(call: Call): Answer {
  const id = decoded(call.pathname.replace(/^.*?\/models\//, ''))
  return id === UNKNOWN_MODEL ? error(call, 404, `model: ${id}`) : json(call, modelCard(id))
}

function modelCard(id: string): object {
  return { type: 'model', id, display_name: id, created_at: '2025-09-29T00:00:00Z' }
}

function headersOf(call: Call): Record<string, string> {
  return {
    'content-type': 'application/json',
    'anthropic-organization-id': ORGANIZATION,
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'request-id': requestId(call),
  }
}

function requestId(call: Call): string {
  return idOf('req_011', call.serial, 21)
}

function json(call: Call, value: object): Answer {
  return { status: 200, headers: headersOf(call), body: JSON.stringify(value) }
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

function error(call: Call, status: number, text: string): Answer {
  const type = ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  const body = { type: 'error', error: { type, message: text }, request_id: requestId(call) }
  const retry = status === 429 || status === 529 ? { 'retry-after': '1' } : {}
  return { status, headers: { ...headersOf(call), ...retry }, body: JSON.stringify(body) }
}

function messageOf(status: number): string {
  if (status === 401) return 'invalid x-api-key'
  if (status === 413) return 'Request exceeds the maximum size'
  if (status === 429) return 'This request would exceed your rate limit. Please try again later.'
  if (status === 529) return 'Overloaded'
  return status >= 500 ? 'Internal server error' : `The request was refused with status ${status}.`
}
