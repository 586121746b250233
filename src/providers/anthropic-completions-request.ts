import type { JsonObject } from '../json.ts'
import { conversationOf } from './anthropic-completions-conversation.ts'
import { toolChoiceOf, toolsOf } from './anthropic-completions-tools.ts'
import { isAbsent, isBlank, listAt, numberAt, objectAt, put, stringAt, TranslationError } from './fields.ts'

/*
 * What becomes of each field of a Chat Completions request:
 *
 * | field                                       | in the Messages body                              |
 * | ------------------------------------------- | ------------------------------------------------- |
 * | model                                       | model                                             |
 * | messages                                    | system, messages                                  |
 * | max_completion_tokens, else max_tokens      | max_tokens; required there, so it has a default   |
 * | temperature                                 | temperature, at most 1                            |
 * | top_p                                       | top_p; 1 changes nothing and is left out: some    |
 * |                                             | models refuse it beside a temperature             |
 * | stop                                        | stop_sequences; blank ones are refused            |
 * | stream                                      | stream                                            |
 * | tools, functions                            | tools; `strict` is dropped: Anthropic limits how  |
 * |                                             | many strict tools it takes, OpenAI does not       |
 * | tool_choice, function_call                  | tool_choice                                       |
 * | parallel_tool_calls: false                  | tool_choice.disable_parallel_tool_use             |
 * | user, else safety_identifier                | metadata.user_id                                  |
 * | response_format: json_schema                | output_config.format                              |
 * | response_format: json_object                | refused: Anthropic takes a closed schema only     |
 * | n above 1, logprobs, top_logprobs, audio,   | refused: the answer would lack what the client    |
 * | modalities beyond text, web_search_options, | waits for                                         |
 * | moderation                                  |                                                   |
 * | reasoning_effort                            | dropped: each form of it there (thinking budget,  |
 * |                                             | effort) is refused by some of the models          |
 * | frequency_penalty, presence_penalty, seed,  | dropped: tuning, storage and billing hints; what  |
 * | logit_bias, verbosity, prediction, store,   | comes back still answers the same question        |
 * | metadata, service_tier, stream_options,     |                                                   |
 * | prompt_cache_key, prompt_cache_options,     |                                                   |
 * | prompt_cache_retention                      |                                                   |
 * | any other                                   | dropped: a client newer than this table must work |
 */

interface RefusedField {
  readonly field: string
  readonly isHarmless: (value: unknown) => boolean
  readonly reason: string
}

const REFUSED_FIELDS: readonly RefusedField[] = [
  {
    field: 'n',
    isHarmless: value => value === 1,
    reason: 'Anthropic gives one answer per request. Send 1 or leave it out.',
  },
  {
    field: 'logprobs',
    isHarmless: value => value === false,
    reason: 'Anthropic gives no log probabilities. Leave it out.',
  },
  {
    field: 'top_logprobs',
    isHarmless: value => value === 0,
    reason: 'Anthropic gives no log probabilities. Leave it out.',
  },
  {
    field: 'audio',
    isHarmless: () => false,
    reason: 'Anthropic answers with text only. Leave it out.',
  },
  {
    field: 'modalities',
    isHarmless: value => Array.isArray(value) && value.every(modality => modality === 'text'),
    reason: 'Anthropic answers with text only. Send ["text"] or leave it out.',
  },
  {
    field: 'web_search_options',
    isHarmless: () => false,
    reason: 'Web search is not translated. Leave it out, or use the Messages API.',
  },
  {
    field: 'moderation',
    isHarmless: () => false,
    reason: 'Anthropic returns no moderation results. Leave it out.',
  },
]

/** What a translation needs to know besides the body. */
export interface RequestOptions {
  /** Sent when the client names no limit: the Messages API requires one. */
  readonly defaultMaxTokens: number
  /** Whether the model may be told to stop at white space alone, which Anthropic refuses. */
  readonly stopsAtBlanks?: boolean
}

/**
 * OpenAI Chat Completions request body → Anthropic Messages body. Throws TranslationError (its message names
 * the field and quotes nothing) for what has no equivalent. The given body is not changed.
 */
export function toMessages(body: JsonObject, options: RequestOptions): JsonObject {
  for (const { field, isHarmless, reason } of REFUSED_FIELDS) {
    const value = body[field]
    if (!isAbsent(value) && !isHarmless(value)) throw new TranslationError(field, reason)
  }
  const { system, messages } = conversationOf(body['messages'])
  const request: JsonObject = { max_tokens: maxTokensOf(body) ?? options.defaultMaxTokens, messages }
  put(request, 'model', isAbsent(body['model']) ? undefined : stringAt(body['model'], 'model'))
  put(request, 'system', system === '' ? undefined : system)
  putSampling(request, body, options.stopsAtBlanks ?? false)
  put(request, 'stream', body['stream'] === true ? true : undefined)
  const tools = toolsOf(body)
  put(request, 'tools', tools.length > 0 ? tools : undefined)
  put(request, 'tool_choice', toolChoiceOf(body, tools.length > 0))
  const user = body['user'] ?? body['safety_identifier']
  put(request, 'metadata', typeof user === 'string' && user !== '' ? { user_id: user } : undefined)
  put(request, 'output_config', outputConfigOf(body['response_format']))
  return request
}

function maxTokensOf(body: JsonObject): number | undefined {
  const field = isAbsent(body['max_completion_tokens']) ? 'max_tokens' : 'max_completion_tokens'
  const limit = numberAt(body[field], field)
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new TranslationError(field, 'must be a whole number of at least 1.')
  }
  return limit
}

function putSampling(request: JsonObject, body: JsonObject, stopsAtBlanks: boolean): void {
  const temperature = numberAt(body['temperature'], 'temperature')
  if (temperature !== undefined) request['temperature'] = Math.min(Math.max(temperature, 0), 1)
  const topP = numberAt(body['top_p'], 'top_p')
  put(request, 'top_p', topP === 1 ? undefined : topP)
  const stops = typeof body['stop'] === 'string' ? [body['stop']] : listAt(body['stop'], 'stop')
  stops.forEach((stop, index) => {
    if (typeof stop !== 'string' || (!stopsAtBlanks && isBlank(stop))) {
      throw new TranslationError(`stop[${index}]`, 'Anthropic stops at text only, not at white space alone.')
    }
  })
  put(request, 'stop_sequences', stops.length > 0 ? stops : undefined)
}

function outputConfigOf(format: unknown): JsonObject | undefined {
  if (isAbsent(format)) return undefined
  const { type, json_schema: named } = objectAt(format, 'response_format')
  if (type === 'text') return undefined
  if (type !== 'json_schema') {
    throw new TranslationError('response_format.type', 'Anthropic knows text and json_schema only.')
  }
  const { schema } = objectAt(named, 'response_format.json_schema')
  return { format: { type, schema: objectAt(schema, 'response_format.json_schema.schema') } }
}
