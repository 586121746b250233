import type { Path } from '../../config/diagnostic.ts'
import type { LlmConfig, LlmModel } from '../../config/schema.ts'
import { LLM_PATHS } from '../../providers/index.ts'
import { AuthorizationRules } from '../auth/rules.ts'
import type { Destination } from '../destination.ts'
import type { Model } from '../runtime.ts'
import { compileApiKey, compileAuth } from './auth.ts'
import { type AiTarget, compileDestination, type Level } from './destination.ts'
import { bodyPolicyOf, cachingOf, guardsAt } from './llm-body.ts'
import { baseOf, type Call, callOf } from './llm-call.ts'
import { compileHeaderLists } from './matches.ts'
import type { PolicyLevel } from './policies.ts'
import { chooseLlmProvider } from './provider.ts'
import type { RouteListener } from './route.ts'
import type { RouteContext } from './route-context.ts'

/** What all models of a section have in common. */
export interface ModelPlace {
  readonly llm: LlmConfig
  /** The models in the order in which the router tries them. */
  readonly ordered: readonly { readonly model: LlmModel; readonly path: Path }[]
  readonly listener: RouteListener
  readonly levels: readonly PolicyLevel[]
  /** Of a failover, whose targets go by its name. */
  readonly backendName?: string
}

/** One entry of `llm.models`. */
export function compileModel(model: LlmModel, path: Path, place: ModelPlace, context: RouteContext): Model {
  const { authorization } = model
  const rules = authorization && { value: authorization, path: [...path, 'authorization'] }
  return Object.freeze({
    name: model.name,
    path,
    isPublic: model.visibility !== 'internal',
    matches: compileHeaderLists(model.matches ?? [], [...path, 'matches']),
    authorization: rules ? new AuthorizationRules([rules], context.cel) : undefined,
    destination: modelDestination(model, path, place, context),
  })
}

/** A model as a target of failover: it is asked for by name where it names no model itself, and keeps its own rules. */
export function targetDestination(
  model: LlmModel,
  path: Path,
  asked: string,
  place: ModelPlace,
  context: RouteContext,
): Destination {
  return modelDestination(model, path, place, context, asked)
}

function modelDestination(
  model: LlmModel,
  path: Path,
  place: ModelPlace,
  context: RouteContext,
  asked?: string,
): Destination {
  const { llm, listener, levels } = place
  const call = callOf(model, path, llm)
  const base = baseOf(call)
  const chosen = chooseLlmProvider(
    { kind: call.kind as string, params: call.params, referenced: call.referenced },
    [...path, 'provider'],
  )
  const ai: AiTarget = {
    ...chosen,
    model: chosen.model ?? asked,
    hostOverride: base.address,
    pathOverride: call.params.pathOverride ?? undefined,
    pathPrefix: base.pathPrefix,
    routes: { ...LLM_PATHS, ...passthroughOf(model) },
  }
  // The router has looked at the rules of a model that was asked for; of a target of failover it has not.
  const key = `${model.id ?? path.join('.')}${asked === undefined ? '' : ` as ${asked}`}`
  const own = asked === undefined ? [] : [{ policies: { authorization: model.authorization }, path }]
  const draft = {
    label: asked ?? model.name,
    backendName: place.backendName ?? ownName(model, place),
    path,
    target: { ai },
    levels: [keyLevel(call), modelLevel(model, path, call, base.isTls)],
    key: `${listener.key} ${key}`,
    // Whichever gateway leads to it, the model is the same.
    healthKey: `model ${key}`,
    backend: own,
    route: levels,
    health: healthOf(model, path, call),
    // Failover has to know how its targets are doing, whether a policy says so or not.
    isInGroup: asked !== undefined,
    body: bodyPolicyOf(model, path, call),
    caching: cachingOf(model, call),
    guards: [
      ...guardsAt(llm.policies?.guardrails, ['llm', 'policies', 'guardrails']),
      ...guardsAt(model.guardrails, [...path, 'guardrails']),
    ],
  }
  return compileDestination(draft, context)
}

/** Models of one name are told apart by their place in the order in which they are tried. */
function ownName(model: LlmModel, { ordered }: ModelPlace): string {
  const { id, name } = model
  return `/llm:model:${id ?? `${name}:${ordered.findIndex(one => one.model === model)}`}`
}

function healthOf({ health }: LlmModel, path: Path, { defaults, defaultsPath }: Call) {
  if (health) return { value: health, path: [...path, 'health'] }
  return defaults.health ? { value: defaults.health, path: [...defaultsPath, 'health'] } : undefined
}

function passthroughOf({ passthrough }: LlmModel): Record<string, 'detect' | 'passthrough'> {
  if (passthrough === 'detect') return { '*': 'detect' }
  return passthrough === 'opaque' ? { '*': 'passthrough' } : {}
}

/** `params.apiKey` stands above everything else, `auth` included. */
function keyLevel({ params, paramsPath }: Call): Level {
  const { apiKey } = params
  if (!apiKey) return { path: paramsPath }
  const at = [...paramsPath, 'apiKey']
  return { path: paramsPath, places: { auth: at }, auth: () => compileApiKey(apiKey, at) }
}

function modelLevel(model: LlmModel, path: Path, { defaults, defaultsPath }: Call, isTls: boolean): Level {
  const { auth, authPath } = model.auth
    ? { auth: model.auth, authPath: [...path, 'auth'] }
    : { auth: defaults.auth, authPath: [...defaultsPath, 'auth'] }
  const tls = model.tls ?? model.backendTLS ?? defaults.tls ?? defaults.backendTLS ?? (isTls ? {} : undefined)
  const own = (key: 'requestHeaders' | 'responseHeaders'): Path => [
    ...(model[key] ? path : defaultsPath),
    key,
  ]
  return {
    path,
    places: { auth: authPath, requestHeaders: own('requestHeaders'), answerHeaders: own('responseHeaders') },
    auth: auth ? () => compileAuth(auth, authPath) : undefined,
    tls: tls ? { tls, path } : undefined,
    requestHeaders: model.requestHeaders ?? defaults.requestHeaders ?? undefined,
    answerHeaders: model.responseHeaders ?? defaults.responseHeaders ?? undefined,
  }
}
