import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import type { ModelRouter } from '../runtime.ts'
import { isModelAllowed, shownNames } from './allowed-models.ts'

type Listed = Pick<ModelRouter, 'models' | 'virtualModels' | 'created'>

/** The answer to one request for the list; it is fixed but for those who may not see all of it. */
export function modelListFor(exchange: Exchange, router: ModelRouter): Buffer {
  const isOpen = router.models.every(model => model.authorization === undefined)
  return isOpen && exchange.caller?.allowedModels === undefined ? router.list : modelList(router, exchange)
}

/**
 * The answer to `/v1/models`: what is public, virtual models last, as far as the caller may use it; without a caller,
 * all of it.
 */
export function modelList(listed: Listed, exchange: Exchange | undefined): Buffer {
  const { created } = listed
  const data = modelNames(listed, exchange).map(id => ({ id, object: 'model', created, owned_by: 'openai' }))
  return Buffer.from(JSON.stringify({ data, object: 'list' }))
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
