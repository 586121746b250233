import type { Path } from '../../config/diagnostic.ts'
import type { LlmConfig, LlmModel } from '../../config/schema.ts'
import { LLM_PATHS } from '../path-types.ts'
import { ROUTE_PHASE } from '../policies/phases.ts'
import type { Model, ModelRouter, Route } from '../runtime.ts'
import { compileApiKey, compileAuth } from './auth.ts'
import { type AiTarget, compileDestination, type Level } from './destination.ts'
import { baseOf, type Call, callOf } from './llm-call.ts'
import { compileHeaderLists } from './matches.ts'
import { compilePhase, type PolicyLevel } from './policies.ts'
import { chooseLlmProvider } from './provider.ts'
import type { RouteContext, RouteListener } from './route.ts'

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
  if (isAttached || !policies) return { policies, path }
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
  const models = ordered.map(({ model, path }) =>
    compileModel(model, path, llm, { listener, levels }, context),
  )
  const action: ModelRouter = { kind: 'models', models, list: listOf(models, created) }
  return {
    key,
    name: 'internal/llm:request',
    path: ['llm'],
    hostnames: [],
    matches: [{ path: { prefix: '', written: '/' }, method: undefined, headers: [], query: [] }],
    requestTimeoutMs: 0,
    steps: compilePhase(ROUTE_PHASE, levels, context.policies.for(key)),
    action: Object.freeze(action),
  }
}

/** The more of a name is written out, the earlier it is tried. */
function letters(name: string): number {
  return [...name].filter(letter => letter !== '*').length
}

function listOf(models: readonly Model[], created: number): Buffer {
  const data = models
    .filter(model => model.isPublic)
    .map(({ name }) => ({ id: name, object: 'model', created, owned_by: 'openai' }))
  return Buffer.from(JSON.stringify({ data, object: 'list' }))
}

function compileModel(
  model: LlmModel,
  path: Path,
  llm: LlmConfig,
  { listener, levels }: { readonly listener: RouteListener; readonly levels: readonly PolicyLevel[] },
  context: RouteContext,
): Model {
  const call = callOf(model, path, llm)
  const base = baseOf(call)
  const chosen = chooseLlmProvider(
    { kind: call.kind as string, params: call.params, referenced: call.referenced },
    [...path, 'provider'],
  )
  const ai: AiTarget = {
    ...chosen,
    hostOverride: base.address,
    pathOverride: call.params.pathOverride ?? undefined,
    pathPrefix: base.pathPrefix,
    routes: { ...LLM_PATHS, ...passthroughOf(model) },
  }
  const draft = {
    label: model.name,
    path,
    target: { ai },
    levels: [keyLevel(call), modelLevel(model, path, call, base.isTls)],
    key: `${listener.key} ${model.id ?? path.join('.')}`,
    backend: [],
    route: levels,
  }
  return Object.freeze({
    name: model.name,
    path,
    isPublic: model.visibility !== 'internal',
    matches: compileHeaderLists(model.matches ?? [], [...path, 'matches']),
    destination: compileDestination(draft, context),
  })
}

function passthroughOf({ passthrough }: LlmModel): Record<string, 'detect' | 'passthrough'> {
  if (passthrough === 'detect') return { '*': 'detect' }
  return passthrough === 'opaque' ? { '*': 'passthrough' } : {}
}

/** `params.apiKey` stands above everything else, `auth` included. */
function keyLevel({ params, paramsPath }: Call): Level {
  const { apiKey } = params
  return apiKey ? { auth: () => compileApiKey(apiKey, [...paramsPath, 'apiKey']) } : {}
}

function modelLevel(model: LlmModel, path: Path, { defaults, defaultsPath }: Call, isTls: boolean): Level {
  const { auth, authPath } = model.auth
    ? { auth: model.auth, authPath: [...path, 'auth'] }
    : { auth: defaults.auth, authPath: [...defaultsPath, 'auth'] }
  const tls = model.tls ?? model.backendTLS ?? defaults.tls ?? defaults.backendTLS ?? (isTls ? {} : undefined)
  return {
    auth: auth ? () => compileAuth(auth, authPath) : undefined,
    tls: tls ? { tls, path } : undefined,
    requestHeaders: model.requestHeaders ?? defaults.requestHeaders ?? undefined,
    answerHeaders: model.responseHeaders ?? defaults.responseHeaders ?? undefined,
  }
}
