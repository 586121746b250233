import { isObject, type JsonObject } from '../../json.ts'
import {
  type AnswerFacts,
  type Format,
  type PathFacts,
  type RouteType,
  type Translation,
  TranslationError,
  translationFor,
} from '../../providers/index.ts'
import { hasTwoModels, jsonOf } from '../bodies/json-body.ts'
import type { AiBackend } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { type Answer, FRAMES_NOT_LOOKED_AT, llmRequestFailure, NO_MODELS } from '../failures.ts'
import { modelsInQuery, withModelInQuery } from '../websocket/model-in-query.ts'
import type { BodyChanges } from './body-changes.ts'
import { passedPath, withoutParameters, withQuery } from './llm-path.ts'
import { modelInPath } from './model-in-path.ts'

/** What goes to a provider in place of what the client sent. */
export interface LlmCall {
  readonly type: RouteType
  readonly path: string
  readonly query: string
  readonly body: Buffer | undefined
  readonly model: string
  readonly translation: Translation | undefined
  readonly facts: AnswerFacts | undefined
}

/** Puts a request into the shape, and on the path, that the provider takes; or says why that cannot be. */
export function prepareLlmCall(exchange: Exchange, ai: AiBackend): LlmCall | Answer {
  const type = ai.types.of(exchange.path)
  if (isLookedAt(exchange, ai) && ai.types.hides(exchange.path))
    return llmRequestFailure(400, 'the path is another spelling of one whose requests are looked at')
  if (type === 'models') return NO_MODELS
  if (type === 'passthrough' || type === 'detect') {
    const path = ai.pathOverride ?? passedPath(exchange.path, ai)
    const body =
      type === 'detect' && ai.changes !== undefined ? detected(exchange, ai.changes) : exchange.body
    return call(exchange, ai, { type, path, body, model: '' })
  }
  if (type === 'realtime') return realtimeCall(exchange, ai)
  const body = jsonOf(exchange)
  if (body === undefined) {
    const why = hasTwoModels(exchange) ? 'names two models' : 'is not a JSON object'
    return llmRequestFailure(400, `failed to parse request: the body ${why}`)
  }
  try {
    return withBody(exchange, ai, type, body)
  } catch (error) {
    if (error instanceof TranslationError) return llmRequestFailure(400, error.message)
    throw error
  }
}

/** Whether the config says of the requests' bodies, or of their answers, what an unknown path would get around. */
export function isLookedAt({ tokenLimit }: Exchange, ai: AiBackend | undefined): boolean {
  if (tokenLimit !== undefined) return true
  return ai?.changes !== undefined || ai?.guards !== undefined || ai?.answerGuards !== undefined
}

/** The handshake of a WebSocket mostly. Its query names the model; what else the client asks for is read by nobody. */
function realtimeCall(exchange: Exchange, ai: AiBackend): LlmCall | Answer {
  if (isLookedAt(exchange, ai)) return FRAMES_NOT_LOOKED_AT
  const model = ai.model ?? modelsInQuery(exchange.query)[0] ?? ''
  if (!ai.provider.accepts('realtime', model)) return unsupported('realtime', ai)
  const path = upstreamPath(exchange, ai, { type: 'realtime', model, streaming: false })
  const asked = call(exchange, ai, { type: 'realtime', path, body: exchange.body, model })
  return ai.model === undefined ? asked : { ...asked, query: withModelInQuery(asked.query, ai.model) }
}

function unsupported(type: Format, { provider }: AiBackend): Answer {
  return llmRequestFailure(400, `unsupported conversion: from ${type} to provider ${provider.telemetryName}`)
}

/** A body of a format that nobody knows: its fields are changed where it is JSON. */
function detected(exchange: Exchange, changes: BodyChanges): Buffer | undefined {
  const isJson = /^application\/json\s*(?:;|$)/i.test(exchange.headers['content-type'] ?? '')
  const body = isJson ? jsonOf(exchange) : undefined
  if (body === undefined) return exchange.body
  changes.setFields(body, exchange)
  changes.setFinalFields(body, exchange)
  return Buffer.from(JSON.stringify(body))
}

const ALT = new Set(['alt'])

type Asked = Pick<LlmCall, 'type' | 'path' | 'body' | 'model'>

function call(exchange: Exchange, ai: AiBackend, { type, path, body, model }: Asked): LlmCall {
  const query = queryFor(exchange.query, ai, type)
  // Spreading what was asked took 3 % of a request (`npm run bench`).
  return { type, path, query, body, model, translation: undefined, facts: undefined }
}

/** What of the client's query goes on: nothing where the config says the whole path, as in agentgateway. */
function queryFor(query: string, ai: AiBackend, type: RouteType): string {
  if (ai.pathOverride !== undefined) return ''
  // The native Gemini paths say themselves in which form they want the answer.
  return isNativeGemini(type) && query !== '' ? withoutParameters(query, ALT) : query
}

function withBody(exchange: Exchange, ai: AiBackend, type: Format, body: JsonObject): LlmCall | Answer {
  const isNative = isNativeGemini(type)
  if (ai.changes !== undefined || ai.guards !== undefined) {
    const rejection = change(exchange, ai, type, body)
    if (rejection !== undefined) return rejection
  }
  const model = modelOf(exchange, ai, body, isNative)
  if (model === undefined) return llmRequestFailure(400, 'missing field: model not specified')
  const isAmended = amend(body, ai, type, model, isNative)
  const streaming = isNative ? exchange.path.includes(':stream') : body['stream'] === true
  if (ai.provider.accepts(type, model)) {
    const isCounted = exchange.tokenLimit !== undefined && type === 'completions' && askForCounts(body)
    const facts = { type, model, streaming }
    const path = upstreamPath(exchange, ai, facts)
    const isPrepared = ai.provider.prepare?.(body, facts) ?? false
    if (ai.changes !== undefined) ai.changes.setFinalFields(body, exchange)
    const isChanged =
      isAmended || isCounted || isPrepared || ai.changes !== undefined || ai.guards !== undefined
    const bytes = isChanged ? Buffer.from(JSON.stringify(body)) : exchange.body
    return call(exchange, ai, { type, path, body: bytes, model })
  }
  const translation = translationFor(ai.provider, type, model)
  if (translation === undefined) return unsupported(type, ai)
  return translated(exchange, ai, translation, body, model)
}

function isNativeGemini(type: RouteType): boolean {
  return type === 'generateContent' || type === 'geminiCountTokens'
}

/** What the config changes in a body, from fields to guards; an answer where something must not pass. */
function change(exchange: Exchange, ai: AiBackend, type: Format, body: JsonObject): Answer | undefined {
  const { changes, guards } = ai
  if (changes !== undefined) {
    const isNamed = !isNativeGemini(type) && typeof body['model'] === 'string'
    const asked = ai.model ?? (isNamed ? undefined : modelInPath(exchange.path))
    if (asked !== undefined) body['model'] = asked
    changes.setFields(body, exchange)
    const { model } = body
    const alias = typeof model === 'string' ? changes.aliasOf(model) : undefined
    if (alias !== undefined) body['model'] = alias
    changes.addPrompts(body, type)
  }
  if (guards === undefined) return undefined
  exchange.guards ??= { request: [], response: [] }
  return guards.check(body, type, exchange.guards.request)
}

/** What the provider is asked for. Changes have put it into the body, from where a native path takes it. */
function modelOf(exchange: Exchange, ai: AiBackend, body: JsonObject, isNative: boolean): string | undefined {
  const written = body['model']
  const changed = ai.changes === undefined ? undefined : written
  const isNamed = !isNative && typeof written === 'string'
  const asked = changed ?? ai.model ?? (isNamed ? written : (modelInPath(exchange.path) ?? written))
  if (isNative && changed !== undefined) delete body['model']
  return typeof asked === 'string' ? asked : undefined
}

/** What agentgateway changes in every body; true when it changed something. */
function amend(body: JsonObject, ai: AiBackend, type: Format, model: string, isNative: boolean): boolean {
  let isChanged = false
  if (!isNative && body['model'] !== model) {
    body['model'] = model
    isChanged = true
  }
  if (type !== 'completions') return isChanged
  if (body['stream'] === true && (body['stream_options'] ?? null) === null) {
    // Without it a streamed answer does not tell its token counts.
    body['stream_options'] = { include_usage: true }
    isChanged = true
  }
  if (ai.provider.renamesTokenLimit && body['max_tokens'] !== undefined && model.startsWith('gpt-')) {
    body['max_completion_tokens'] ??= body['max_tokens']
    delete body['max_tokens']
    isChanged = true
  }
  return isChanged
}

/** Where tokens are limited a stream tells its counts, whatever its client wants; true when that was not asked for. */
function askForCounts(body: JsonObject): boolean {
  const options = isObject(body['stream_options']) ? body['stream_options'] : {}
  if (body['stream'] !== true || options['include_usage'] === true) return false
  body['stream_options'] = { ...options, include_usage: true }
  return true
}

function upstreamPath(exchange: Exchange, ai: AiBackend, facts: PathFacts): string {
  const isClients = ai.isHostOverridden && ai.pathPrefix === undefined && ai.provider.kind !== 'custom'
  const path = ai.pathOverride ?? (isClients ? exchange.path : ai.provider.path(facts, ai.pathPrefix))
  // Gemini's streams come as a JSON array unless they are asked for as SSE, whoever's host it is.
  const isArray = facts.type === 'generateContent' && facts.streaming && !/[?&]alt=/.test(path)
  return isArray ? withQuery(path, 'alt=sse', []) : path
}

function translated(
  exchange: Exchange,
  ai: AiBackend,
  translation: Translation,
  body: JsonObject,
  model: string,
): LlmCall {
  const options = body['stream_options']
  const includeUsage =
    typeof options !== 'object' ||
    options === null ||
    !('include_usage' in options) ||
    options.include_usage === true
  const request = translation.request(body, { model, headers: exchange.headers, caching: ai.caching })
  const asked = { type: translation.as, model, streaming: body['stream'] === true }
  ai.provider.prepare?.(request, asked)
  ai.changes?.setFinalFields(request, exchange)
  const bytes = Buffer.from(JSON.stringify(request))
  const path = upstreamPath(exchange, ai, asked)
  const facts = { created: Math.floor(Date.now() / 1000), includeUsage, model }
  return { ...call(exchange, ai, { type: translation.as, path, body: bytes, model }), translation, facts }
}
