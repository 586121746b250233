import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import { type Answer, routerFailure } from '../failures.ts'
import { trimPath } from '../routing/match.ts'
import type { ModelRouter } from '../runtime.ts'
import { isModelAllowed, nameCovers, shownNames } from './allowed-models.ts'
import { modelInPath } from './model-in-path.ts'

type Listed = Pick<ModelRouter, 'models' | 'virtualModels' | 'created'>

/** What stands behind the list of models names one of them. */
const LIST = /^(?:\/v1)?\/models(?:\/(.*))?$/s

export const MODEL_NOT_FOUND = routerFailure(404, 'model_not_found', 'Model not found')

/**
 * `/v1/models`, `/models` and everything below them are answered by the gateway, but for calls in Gemini's form
 * (`/v1/models/NAME:generateContent`): a name may have a colon in it too, and is asked for by GET.
 */
export function isModelList({ method, path }: Pick<Exchange, 'method' | 'path'>): boolean {
  const isCall = method === 'POST' && modelInPath(path) !== undefined
  return !isCall && LIST.test(trimPath(path))
}

/** The answer to `/v1/models`, or to `/v1/models/NAME` as OpenAI has it, for those who may see it. */
export function modelsAnswer(exchange: Exchange, router: ModelRouter): Answer {
  const [, written] = LIST.exec(trimPath(exchange.path)) ?? []
  if (written === undefined) return found(modelListFor(exchange, router))
  const name = decoded(written)
  const isThere = name !== undefined && isShown(name, router, exchange)
  return isThere ? found(Buffer.from(JSON.stringify(entry(name, router)))) : MODEL_NOT_FOUND
}

function found(body: Buffer): Answer {
  return { status: 200, headers: ['content-type', 'application/json'], body, reason: 'DirectResponse' }
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/** Whether a caller may know of a model: it is in the list, or a name in the list stands for it. */
function isShown(name: string, router: ModelRouter, exchange: Exchange): boolean {
  const listed = modelNames(router, exchange)
  if (listed.includes(name)) return true
  const isCovered = listed.some(pattern => pattern.includes('*') && nameCovers(pattern, name))
  return isCovered && isModelAllowed(exchange.caller?.allowedModels, name)
}

/** The answer to one request for the list; it is fixed but for those who may not see all of it. */
function modelListFor(exchange: Exchange, router: ModelRouter): Buffer {
  const isOpen = router.models.every(model => model.authorization === undefined)
  return isOpen && exchange.caller?.allowedModels === undefined ? router.list : modelList(router, exchange)
}

/**
 * The body of the list: what is public, virtual models last, as far as the caller may use it; without a caller, all of it.
 */
export function modelList(listed: Listed, exchange: Exchange | undefined): Buffer {
  const data = modelNames(listed, exchange).map(id => entry(id, listed))
  return Buffer.from(JSON.stringify({ data, object: 'list' }))
}

function entry(id: string, { created }: Pick<Listed, 'created'>): object {
  return { id, object: 'model', created, owned_by: 'openai' }
}

/** The names in it. */
export function modelNames(
  { models, virtualModels }: Omit<Listed, 'created'>,
  exchange: Exchange | undefined,
  namesOf: typeof shownNames = shownNames,
): string[] {
  const allowed = exchange?.caller?.allowedModels
  const context = exchange && celContext(exchange)
  const names = models
    .filter(model => model.isPublic)
    .filter(({ authorization }) => context === undefined || (authorization?.allows(context) ?? true))
    .flatMap(({ name }) => namesOf(name, allowed))
  for (const name of virtualModels.keys()) if (isModelAllowed(allowed, name)) names.push(name)
  return names
}
