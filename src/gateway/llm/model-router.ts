import type { Path } from '../../config/diagnostic.ts'
import { hasTwoModels, jsonOf, namesModel } from '../bodies/json-body.ts'
import { isForm, modelsInForm } from '../bodies/multipart.ts'
import type { BodyRefusals } from '../bodies/plain-body.ts'
import { hasModelInUrlEncoded } from '../bodies/url-encoded.ts'
import { celContext } from '../cel/context.ts'
import type { Destination, Target } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import { type Failure, routerFailure } from '../failures.ts'
import { headerMatches, type RouteRequest } from '../routing/match.ts'
import type { Model, ModelRouter, VirtualModel } from '../runtime.ts'
import { modelsInQuery, withModelInQuery } from '../websocket/model-in-query.ts'
import { isModelAllowed, nameCovers } from './allowed-models.ts'
import { hidesModel, modelInPath, withModelInPath } from './model-in-path.ts'
import { MODEL_NOT_FOUND } from './model-list.ts'

const INVALID_BODY = routerFailure(400, 'invalid_request_body', 'LLM request body must be valid JSON')
const MISSING_MODEL = routerFailure(400, 'missing_model', "LLM request body is missing string field 'model'")
const TWO_TYPES = routerFailure(400, 'ambiguous_content_type', 'LLM request has more than one content type')
const TWO_MODELS = routerFailure(400, 'ambiguous_model', 'LLM request names more than one model')
const HIDDEN_MODEL = routerFailure(400, 'ambiguous_model', 'LLM request hides a model in its path')
const MISSING_FIELD = routerFailure(
  400,
  'missing_model',
  "LLM multipart request body is missing string field 'model'",
)

const MISSING_PARAMETER = routerFailure(
  400,
  'missing_model',
  "WebSocket request is missing query parameter 'model'",
)

const INVALID_FORM = routerFailure(
  400,
  'invalid_request_body',
  'LLM multipart request body, or its content type, is not plain multipart/form-data',
)

const DENIED = routerFailure(403, 'model_authorization_denied', 'Model authorization denied')
const NOT_ALLOWED = routerFailure(403, 'model_not_allowed', 'Model is not allowed for this API key')

function notResolved(name: string): Failure {
  return routerFailure(404, 'virtual_model_not_resolved', `Virtual model ${name} could not be resolved`)
}

function noTarget(name: string): Failure {
  const message = `Virtual model ${name} did not match any conditional target`
  return routerFailure(400, 'virtual_model_no_matching_target', message)
}

function targetNotFound(name: string, target: string): Failure {
  const message = `Virtual model ${name} selected target ${target}, but no matching model was found`
  return routerFailure(404, 'virtual_model_target_not_found', message)
}

const UNDECODABLE = routerFailure(400, 'request_body_decode_failed', 'Failed to decode LLM request body')

/** The router had to look into a body, and cannot. */
export const ROUTER_BODY_REFUSALS: BodyRefusals = {
  tooLarge: routerFailure(413, 'request_body_too_large', 'LLM request body exceeded the buffer limit'),
  broken: UNDECODABLE,
  unknown: UNDECODABLE,
}

/** The model a request asks for: named by its path, its JSON body, or a multipart field. */
function requestedModel(exchange: Exchange): string | Failure {
  const type = exchange.headers['content-type'] ?? ''
  if (hasTwoTypes(exchange)) return TWO_TYPES
  if (hidesModel(exchange.path)) return HIDDEN_MODEL
  const inPath = modelInPath(exchange.path)
  if (exchange.isUpgrade) return modelOfHandshake(exchange, inPath)
  if (inPath === undefined && isForm(type)) return modelOfForm(exchange, type)
  if (hasModelInUrlEncoded(type, exchange.body)) return TWO_MODELS
  if (inPath !== undefined) return namesAnother(exchange, inPath) ? TWO_MODELS : inPath
  const body = jsonOf(exchange)
  if (body === undefined) return hasTwoModels(exchange) ? TWO_MODELS : INVALID_BODY
  return typeof body['model'] === 'string' ? body['model'] : MISSING_MODEL
}

/** A handshake has no body: its query names the model. */
function modelOfHandshake({ query }: Exchange, inPath: string | undefined): string | Failure {
  const [model, ...others] = [...modelsInQuery(query), ...(inPath === undefined ? [] : [inPath])]
  return others.length > 0 ? TWO_MODELS : (model ?? MISSING_PARAMETER)
}

/** Where the path names the model, some providers are asked for the one in the body nevertheless. */
function namesAnother(exchange: Exchange, model: string): boolean {
  const json = jsonOf(exchange)
  if (json === undefined) return hasTwoModels(exchange)
  const written = Object.entries(json).find(([name]) => namesModel(name))?.[1]
  return typeof written === 'string' && written !== model && written !== `models/${model}`
}

/** Node shows the first of two; both go upstream. */
function hasTwoTypes({ request }: Exchange): boolean {
  const isType = (name: string, i: number) => i % 2 === 0 && name.toLowerCase() === 'content-type'
  return request.rawHeaders.filter(isType).length > 1
}

function modelOfForm({ body }: Exchange, type: string): string | Failure {
  const models = body === undefined ? undefined : modelsInForm(type, body)
  if (models === undefined) return INVALID_FORM
  const [model, ...others] = models
  return others.length > 0 ? TWO_MODELS : (model ?? MISSING_FIELD)
}

/** What OpenRouter takes where the model does not answer: https://openrouter.ai/docs/guides/routing/model-fallbacks */
function fallbacksOf({ json }: Exchange): string[] {
  const models: unknown = json?.['models']
  return Array.isArray(models) ? models.filter(one => typeof one === 'string') : []
}

/** Why a model is not for this request, or undefined when it is; a virtual model may choose internal ones. */
export function modelMismatch(
  model: Model,
  { name, isInternal }: Asked,
  request: RouteRequest,
): 'visibility' | 'name' | 'headers' | undefined {
  if (!nameCovers(model.name, name)) return 'name'
  if (!model.isPublic && !isInternal) return 'visibility'
  const fits = (headers: Model['matches'][number]) =>
    headers.every(({ name: header, value }) => headerMatches(request, header, value))
  return model.matches.length === 0 || model.matches.some(fits) ? undefined : 'headers'
}

/** The name that is looked for among the models. */
export interface Asked {
  readonly name: string
  /** A virtual model has chosen it. */
  readonly isInternal: boolean
}

/** Where a request goes, by what it asks for; or why it goes nowhere. What a virtual model chose is put into the request. */
export function destinationFor(
  exchange: Exchange,
  router: ModelRouter,
  choose: (model: VirtualModel, exchange: Exchange) => string | Target | Failure = drawn,
): Target | Failure {
  const name = requestedModel(exchange)
  if (typeof name !== 'string') return name
  exchange.model = name
  const { allowedModels } = exchange.caller ?? {}
  if (![name, ...fallbacksOf(exchange)].every(one => isModelAllowed(allowedModels, one))) return NOT_ALLOWED
  exchange.userModel = name
  const virtual = router.virtualModels.get(name)
  if (virtual === undefined) return modelFor(exchange, router, { name, isInternal: false }) ?? MODEL_NOT_FOUND
  const chosen = choose(virtual, exchange)
  if (typeof chosen !== 'string') return chosen
  putModel(exchange, chosen)
  const found = modelFor(exchange, router, { name: chosen, isInternal: true })
  return found ?? targetNotFound(name, chosen)
}

/** The first model that fits and that the caller may use; undefined where none fits. */
function modelFor(
  exchange: Exchange,
  { models }: ModelRouter,
  asked: Asked,
): Destination | Failure | undefined {
  let denied: Path | undefined
  for (const model of models) {
    if (modelMismatch(model, asked, exchange) !== undefined) continue
    const refusal = model.authorization?.refusal(celContext(exchange))
    if (refusal === undefined) return model.destination
    denied ??= refusal
  }
  return denied && { ...DENIED, decidedBy: denied }
}

/** What a virtual model stands for in this request: the name of a model, or a destination at once. */
function drawn({ name, routing }: VirtualModel, exchange: Exchange): string | Target | Failure {
  switch (routing.kind) {
    case 'weighted': {
      const ticket = Math.random() * (routing.thresholds.at(-1) ?? 0)
      const index = routing.thresholds.findIndex(threshold => ticket < threshold)
      return routing.models[index] ?? notResolved(name)
    }
    case 'conditional': {
      // A body that is no JSON object was refused before; a multipart form has none to look at.
      const context = celContext(exchange, exchange.json === undefined ? {} : { llmRequest: exchange.json })
      const target = routing.targets.find(({ when }) => when === undefined || when.test(context) === true)
      return target?.model ?? noTarget(name)
    }
    case 'failover':
      return routing
  }
}

/** Puts the chosen model where the client's stood: the path, the JSON body, the query of a handshake; forms stay as they are. */
function putModel(exchange: Exchange, model: string): void {
  if (exchange.isUpgrade) exchange.query = withModelInQuery(exchange.query, model)
  exchange.path = withModelInPath(exchange.path, model)
  const { json } = exchange
  if (json === undefined || modelInPath(exchange.path) !== undefined) return
  json['model'] = model
  exchange.body = Buffer.from(JSON.stringify(json))
}
