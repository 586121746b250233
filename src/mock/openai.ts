import { chatCompletion } from './chat.ts'
import type { Dialect, Fault } from './dialect.ts'
import { embeddings } from './embeddings.ts'
import { type Answer, allowing, bearer, type Call, type Provider, UNKNOWN_MODEL } from './provider.ts'
import { responses } from './responses.ts'
import { isNowhere } from './shape.ts'
import { decoded, idOf } from './text.ts'

const MODELS = ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1-mini', 'gpt-5-mini', 'text-embedding-3-small']

/** OpenAI, and every host that speaks its API below any path prefix. */
export const openai: Provider = {
  credential({ headers }) {
    const value = bearer(headers)
    return value === undefined ? undefined : { value, place: 'bearer' }
  },
  answer: call => answerOpenAi(call, dialect),
  failure: (call, status, message) => error(call, status, faultOf(status, message)),
}

type Operation = 'chat' | 'responses' | 'embeddings' | 'models' | 'model'

const OPERATIONS: readonly (readonly [RegExp, Operation, method: string])[] = [
  [/\/chat\/completions$/, 'chat', 'POST'],
  [/\/responses$/, 'responses', 'POST'],
  [/\/embeddings$/, 'embeddings', 'POST'],
  [/\/models$/, 'models', 'GET'],
  [/\/models\/.+$/, 'model', 'GET'],
]

/** The answers of OpenAI's API in the words of one of its dialects. */
export function answerOpenAi(call: Call, speak: Dialect): Answer {
  const { method } = call.seen
  if (call.key.kind !== 'good') return speak.refuse(call)
  const [, operation, verb = ''] = OPERATIONS.find(([path]) => path.test(call.pathname)) ?? []
  if (!operation || isNowhere(call.seen.headers['host'], call.pathname))
    return speak.error(call, 404, { message: `Invalid URL (${method} ${call.pathname})` })
  if (method !== verb) {
    const message = `Not allowed to ${method} on ${call.pathname}: ${verb} is expected`
    return allowing(verb, speak.error(call, 405, { message, code: 'method_not_supported' }))
  }
  if (operation === 'models') return json(call, speak, { object: 'list', data: MODELS.map(modelCard) })
  if (operation === 'model') return oneModel(call, speak)
  return answerPost(call, speak, operation)
}

function answerPost(call: Call, speak: Dialect, operation: 'chat' | 'responses' | 'embeddings'): Answer {
  if (!call.body) {
    const message =
      'We could not parse the JSON body of your request. The API expects a JSON object as its payload.'
    return speak.error(call, 400, { message })
  }
  const model = call.seen.model
  if (model === undefined) return speak.error(call, 400, { message: 'you must provide a model parameter' })
  if (model === UNKNOWN_MODEL) return speak.unknownModel(call, model)
  if (operation === 'chat') return chatCompletion(call, call.body, model, speak)
  if (operation === 'responses') return responses(call, call.body, model, speak)
  return embeddings(call, call.body, model, speak)
}

function oneModel(call: Call, speak: Dialect): Answer {
  const id = decoded(call.pathname.replace(/^.*?\/models\//, ''))
  return id === UNKNOWN_MODEL ? speak.unknownModel(call, id) : json(call, speak, modelCard(id))
}

function modelCard(id: string): object {
  return { id, object: 'model', created: 1_715_367_049, owned_by: 'system' }
}

function json(call: Call, speak: Dialect, value: object): Answer {
  return { status: 200, headers: speak.headers(call), body: JSON.stringify(value) }
}

const dialect: Dialect = {
  headers: call => ({
    'content-type': 'application/json',
    'openai-processing-ms': String(Math.max(1, call.latencyMs)),
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
    'x-request-id': idOf('req_', call.serial, 24),
  }),
  contentFilter: false,
  error,
  refuse(call) {
    if (call.key.kind === 'missing') {
      const message =
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer " +
        'auth (i.e. Authorization: Bearer YOUR_KEY).'
      return error(call, 401, { message })
    }
    return error(call, 401, incorrectKey(call.key.masked))
  },
  unknownModel(call, model) {
    const message = `The model \`${model}\` does not exist or you do not have access to it.`
    return error(call, 404, { message, code: 'model_not_found' })
  },
}

function error(call: Call, status: number, fault: Fault): Answer {
  const { message, type = 'invalid_request_error', param = null, code = null } = fault
  const retry = status === 429 || status === 503 ? { 'retry-after': '1' } : {}
  return {
    status,
    headers: { ...dialect.headers(call), ...retry },
    body: JSON.stringify({ error: { message, type, param, code } }, null, 4),
  }
}

function incorrectKey(masked: string): Fault {
  const message = `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`
  return { message, code: 'invalid_api_key' }
}

/** What OpenAI says at a status that has nothing to do with the request's own form. */
function faultOf(status: number, message?: string): Fault {
  if (message !== undefined) return { message }
  if (status === 401) return incorrectKey('***')
  if (status === 413) return { message: 'The request body is larger than 32 MiB.', code: 'request_too_large' }
  if (status === 429) {
    const text = 'Rate limit reached for requests. Please try again in 1s.'
    return { message: text, type: 'requests', code: 'rate_limit_exceeded' }
  }
  if (status >= 500) {
    return { message: 'The server had an error while processing your request.', type: 'server_error' }
  }
  return { message: `The request was refused with status ${status}.` }
}
