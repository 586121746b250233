import type { Path } from '../../config/diagnostic.ts'
import type { LlmConfig } from '../../config/schema.ts'
import { modelList } from '../llm/model-list.ts'
import { ROUTE_PHASE } from '../policies/phases.ts'
import type { ModelRouter, Route } from '../runtime.ts'
import { compileModel, type ModelPlace } from './llm-model.ts'
import { compilePhase, type PolicyLevel } from './policies.ts'
import type { RouteListener } from './route.ts'
import type { RouteContext } from './route-context.ts'
import { compileRetry, requestTimeoutOf } from './traffic.ts'
import { compileVirtualModels } from './virtual-models.ts'

/** Where the `llm` section hangs. */
export interface LlmPlace {
  readonly listener: RouteListener
  /** It hangs under a gateway, so its policies are those of its route; else its listener has them. */
  readonly isAttached: boolean
  /** Seconds since 1970, for the list of models. */
  readonly created: number
}

const LLM_ROUTE = { namespace: 'internal', name: 'llm:request', rule: undefined }

/** What the route of the section has of its own. */
function ownPolicies({ policies }: LlmConfig, isAttached: boolean): PolicyLevel {
  const path = ['llm', 'policies']
  // Of all its gateways together.
  if (isAttached || !policies) return { policies, path, owner: 'llm' }
  const { localRateLimit } = policies
  return { policies: { localRateLimit }, path }
}

/** The route of the `llm` section: all paths, and a backend by model. */
export function compileLlm(
  llm: LlmConfig,
  { listener, isAttached, created }: LlmPlace,
  context: RouteContext,
): Route {
  const ordered = llm.models
    .map((model, index) => ({ model, path: ['llm', 'models', index] as Path }))
    .sort((a, b) => letters(b.model.name) - letters(a.model.name))
  const key = `${listener.key}/llm:request`
  const levels = [ownPolicies(llm, isAttached), ...context.targeted.ofRoute(LLM_ROUTE, listener.name)]
  const place: ModelPlace = { llm, listener, levels, ordered }
  const models = ordered.map(({ model, path }) => compileModel(model, path, place, context))
  const router = {
    kind: 'models',
    models,
    virtualModels: compileVirtualModels(place, context),
    created,
  } as const
  const action: ModelRouter = { ...router, list: modelList(router, undefined) }
  return {
    key,
    name: 'internal/llm:request',
    path: ['llm'],
    hostnames: [],
    matches: [{ path: { prefix: '', written: '/' }, method: undefined, headers: [], query: [] }],
    rule: undefined,
    requestTimeoutMs: requestTimeoutOf(levels),
    retry: compileRetry(levels, context.policies.for(key)),
    steps: compilePhase(ROUTE_PHASE, levels, context.policies.for(key)),
    action: Object.freeze(action),
  }
}

/** The more of a name is written out, the earlier it is tried. */
function letters(name: string): number {
  return [...name].filter(letter => letter !== '*').length
}
