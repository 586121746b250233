import type { Exchange } from './exchange.ts'
import { type Failure, routerFailure } from './failures.ts'
import { jsonOf } from './llm-request.ts'
import { headerText, type RouteRequest, trimPath, valueMatches } from './match.ts'
import { modelInPath } from './model-in-path.ts'
import type { Model, ModelRouter } from './runtime.ts'

const NOT_FOUND = routerFailure(404, 'model_not_found', 'Model not found')
const INVALID_BODY = routerFailure(400, 'invalid_request_body', 'LLM request body must be valid JSON')
const MISSING_MODEL = routerFailure(400, 'missing_model', "LLM request body is missing string field 'model'")
const MISSING_FIELD = routerFailure(
  400,
  'missing_model',
  "LLM multipart request body is missing string field 'model'",
)

/** The router had to look into a body that is too large for it. */
export const ROUTER_BODY_TOO_LARGE: Failure = routerFailure(
  413,
  'request_body_too_large',
  'LLM request body exceeded the buffer limit',
)

/** `/v1/models`, `/models` and everything below them are answered by the gateway. */
export function isModelList(path: string): boolean {
  const below = trimPath(path)
  return (
    below === '/v1/models' ||
    below === '/models' ||
    below.startsWith('/v1/models/') ||
    below.startsWith('/models/')
  )
}

/** The model a request asks for: named by its path, its JSON body, or a multipart field. */
function requestedModel(exchange: Exchange): string | Failure {
  const inPath = modelInPath(exchange.path)
  if (inPath !== undefined) return inPath
  const boundary = /^multipart\/form-data\s*;.*?boundary="?([^";]+)/i.exec(
    exchange.headers['content-type'] ?? '',
  )
  if (boundary?.[1] !== undefined) return multipartField(exchange.body, boundary[1]) ?? MISSING_FIELD
  const body = jsonOf(exchange)
  if (body === undefined) return INVALID_BODY
  return typeof body['model'] === 'string' ? body['model'] : MISSING_MODEL
}

/** The text of the form field `model`. */
function multipartField(body: Buffer | undefined, boundary: string): string | undefined {
  const parts = body?.toString('latin1').split(`--${boundary}`) ?? []
  for (const part of parts) {
    const end = part.indexOf('\r\n\r\n')
    if (end < 0 || !/content-disposition:[^\r\n]*;\s*name="?model"?(?:\r|;|$)/i.test(part.slice(0, end)))
      continue
    return Buffer.from(part.slice(end + 4).replace(/\r\n$/, ''), 'latin1').toString()
  }
  return undefined
}

/** Exact, `*`, `prefix*` or `*suffix`. */
export function nameCovers(pattern: string, name: string): boolean {
  if (pattern === '*') return true
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : pattern === name
}

/** Why a model is not for this request, or undefined when it is. */
export function modelMismatch(
  model: Model,
  name: string,
  request: RouteRequest,
): 'visibility' | 'name' | 'headers' | undefined {
  if (!nameCovers(model.name, name)) return 'name'
  if (!model.isPublic) return 'visibility'
  const fits = (headers: Model['matches'][number]) =>
    headers.every(({ name: header, value }) => {
      const text = headerText(request, header)
      return text !== undefined && valueMatches(value, text)
    })
  return model.matches.length === 0 || model.matches.some(fits) ? undefined : 'headers'
}

/** The first model that fits what the request asks for. */
export function pickModel(exchange: Exchange, router: ModelRouter): Model | Failure {
  const name = requestedModel(exchange)
  if (typeof name !== 'string') return name
  exchange.model = name
  return router.models.find(model => modelMismatch(model, name, exchange) === undefined) ?? NOT_FOUND
}
