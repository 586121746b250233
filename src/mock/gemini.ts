import { isObject } from '../json.ts'
import { DEFAULT_DIMENSIONS, vectorOf } from './embeddings.ts'
import { type Answer, bearer, type Call, type Provider, SSE_TYPE, UNKNOWN_MODEL } from './provider.ts'
import { allText, idOf, lastUserText, piecesOf, textOf, tokensIn } from './text.ts'
import { ofGemini } from './tool-use.ts'
import { type Reply, replyTo } from './tools.ts'
import { wantedForm } from './wanted-form.ts'

const MODELS = ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-2.5-flash-lite']
const METHODS = ['generateContent', 'streamGenerateContent', 'countTokens']
/** Embeddings, on Vertex AI alone. */
const PREDICT = /\/publishers\/google\/models\/[^/]+:predict$/

/** Gemini's own API (`generateContent`); its OpenAI-compatible paths are answered as OpenAI. */
export const gemini: Provider = {
  credential({ headers, query }) {
    // An Authorization header goes before any key, and must be an OAuth token: an API key there is refused.
    const token = bearer(headers)
    if (token !== undefined) return { value: token, place: 'bearer', misplaced: token.startsWith('AIza') }
    const key = headers['x-goog-api-key']
    if (key) return { value: key, place: 'header' }
    const inQuery = query.get('key')
    return inQuery ? { value: inQuery, place: 'query' } : undefined
  },
  answer(call) {
    if (call.key.kind !== 'good') return refuse(call)
    const { method } = call.seen
    if (/\/models$/.test(call.pathname) && method === 'GET') return json({ models: MODELS.map(modelCard) })
    const [, id, operation] = /\/models\/([^/:]+)(?::(\w+))?$/.exec(call.pathname) ?? []
    if (id === undefined) return notFound(call)
    if (id === UNKNOWN_MODEL) return unknownModel(call, operation ?? 'GetModel')
    if (method === 'POST' && PREDICT.test(call.pathname)) return predict(call)
    if (operation === undefined) return method === 'GET' ? json(modelCard(id)) : notFound(call)
    return method === 'POST' && METHODS.includes(operation) ? answerPost(call, id, operation) : notFound(call)
  },
  failure: (call, status, message) => error(call, status, message ?? messageOf(status)),
}

function refuse(call: Call): Answer {
  if (call.key.kind === 'missing') {
    const message =
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or " +
      'other form of API consumer identity to call this API.'
    return error(call, 403, message)
  }
  if (call.key.place !== 'bearer') return error(call, 400, BAD_KEY, 'API_KEY_INVALID')
  const message = 'Request had invalid authentication credentials. Expected OAuth 2 access token.'
  return error(call, 401, message, 'ACCESS_TOKEN_TYPE_UNSUPPORTED')
}

const BAD_KEY = 'API key not valid. Please pass a valid API key.'

function answerPost(call: Call, model: string, operation: string): Answer {
  if (!call.body) return error(call, 400, 'Invalid JSON payload received.')
  const nested = call.body['generateContentRequest']
  const asked = operation === 'countTokens' && isObject(nested) ? nested : call.body
  const contents = asked['contents']
  if (!Array.isArray(contents) || contents.length === 0) {
    return error(call, 400, '* GenerateContentRequest.contents: contents is not specified')
  }
  const system = asked['systemInstruction'] ?? asked['system_instruction']
  const parts = isObject(system) ? textOf(system['parts']) : ''
  const promptTokens = tokensIn(allText(contents, 'parts') + parts)
  if (operation === 'countTokens') {
    return json({ totalTokens: promptTokens, promptTokensDetails: details(promptTokens) })
  }
  const config = asked['generationConfig'] ?? asked['generation_config']
  const limit = isObject(config) ? config['maxOutputTokens'] : undefined
  const tools = ofGemini(asked)
  if (tools.mistake !== undefined) return error(call, 400, `tool_config: ${tools.mistake}`)
  const answer = replyTo(tools, {
    prompt: lastUserText(contents, 'parts'),
    limit,
    form: wantedForm(asked),
    chars: call.answerChars,
  })
  const reply: Answering = { call, model, answer, promptTokens }
  if (operation === 'generateContent') return json(part(reply, { text: answer.text }, answer.tokens, true))
  if (call.query.get('alt') !== 'sse') return { status: 200, headers: headersOf(), body: list(reply) }
  return { status: 200, headers: { ...headersOf(), 'content-type': SSE_TYPE }, body: events(reply) }
}

function predict(call: Call): Answer {
  const { instances } = call.body ?? {}
  const texts = Array.isArray(instances)
    ? instances.map(one => (isObject(one) ? one['content'] : undefined))
    : []
  if (texts.length === 0 || !texts.every(text => typeof text === 'string'))
    return error(call, 400, 'The request has no instances with content.')
  const predictions = texts.map(text => ({
    embeddings: {
      values: vectorOf(text, DEFAULT_DIMENSIONS),
      statistics: { token_count: tokensIn(text), truncated: false },
    },
  }))
  return json({ predictions })
}

interface Answering {
  readonly call: Call
  readonly model: string
  readonly answer: Reply
  readonly promptTokens: number
}

/** A whole answer or one part of a stream; `tokens` are those of the answer so far. A call comes in one part. */
function part(
  { call, model, answer, promptTokens }: Answering,
  text: { readonly text: string },
  tokens: number,
  last: boolean,
): object {
  const said = answer.call ? { functionCall: { name: answer.call.name, args: answer.call.input } } : text
  const finish = last ? { finishReason: answer.cut ? 'MAX_TOKENS' : 'STOP' } : {}
  return {
    candidates: [{ content: { parts: [said], role: 'model' }, ...finish, index: 0 }],
    usageMetadata: {
      promptTokenCount: promptTokens,
      candidatesTokenCount: tokens,
      totalTokenCount: promptTokens + tokens,
      promptTokensDetails: details(promptTokens),
    },
    modelVersion: model,
    responseId: idOf('', call.serial, 22),
  }
}

function details(tokenCount: number): object[] {
  return [{ modality: 'TEXT', tokenCount }]
}

/** Every part repeats the usage so far; the last one carries the finish reason. */
function* partsOf(reply: Answering): Generator<object> {
  if (reply.answer.call) yield part(reply, { text: '' }, reply.answer.tokens, true)
  let sent = ''
  for (const text of piecesOf(reply.answer.text)) {
    sent += text
    yield part(reply, { text }, tokensIn(sent), sent.length === reply.answer.text.length)
  }
}

function* events(reply: Answering): Generator<string> {
  for (const value of partsOf(reply)) yield `data: ${JSON.stringify(value)}\r\n\r\n`
}

/** The form without `alt=sse`: one JSON array, sent element by element. */
function* list(reply: Answering): Generator<string> {
  let lead = '['
  for (const value of partsOf(reply)) {
    yield lead + pretty(value)
    lead = ',\r\n'
  }
  yield ']'
}

function modelCard(id: string): object {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    description: 'Answered by the mock',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: METHODS,
  }
}

function headersOf(): Record<string, string> {
  return {
    'content-type': 'application/json; charset=UTF-8',
    'server-timing': 'gfet4t7; dur=1',
    vary: 'Origin, X-Origin, Referer',
  }
}

function pretty(value: object): string {
  return JSON.stringify(value, null, 2)
}

function json(value: object): Answer {
  return { status: 200, headers: headersOf(), body: `${pretty(value)}\n` }
}

const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

function error(call: Call, status: number, message: string, reason?: string): Answer {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
    metadata: { service: 'generativelanguage.googleapis.com' },
  }
  const details = reason === undefined ? {} : { details: [info] }
  const body = { error: { code: status, message, status: STATUSES[status] ?? 'UNKNOWN', ...details } }
  const inList = call.pathname.endsWith(':streamGenerateContent') && call.query.get('alt') !== 'sse'
  return { status, headers: headersOf(), body: `${pretty(inList ? [body] : body)}\n` }
}

function notFound(call: Call): Answer {
  return error(call, 404, `${call.seen.method} ${call.pathname} is not found.`)
}

function unknownModel(call: Call, operation: string): Answer {
  const message = `models/${UNKNOWN_MODEL} is not found for API version v1beta, or is not supported for ${operation}.`
  return error(call, 404, message)
}

function messageOf(status: number): string {
  if (status === 400) return BAD_KEY
  if (status === 413) return 'Request payload size exceeds the limit: 33554432 bytes.'
  if (status === 429) return 'You exceeded your current quota, please check your plan and billing details.'
  if (status === 503) return 'The model is overloaded. Please try again later.'
  return status >= 500 ? 'An internal error has occurred.' : `The request was refused with status ${status}.`
}
