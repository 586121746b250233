import type { Path } from '../../config/diagnostic.ts'
import type { AiBackend, AiProvider, RouteBackend, Route as WrittenRoute } from '../../config/schema.ts'
import type { Target } from '../destination.ts'
import { ROUTE_PHASE } from '../policies/phases.ts'
import type { Action, Destinations, Route } from '../runtime.ts'
import {
  type AiTarget,
  backendLevelOf,
  compileDestination,
  type DestinationDraft,
  levelOf,
} from './destination.ts'
import { invalid } from './invalid.ts'
import { aiBodyPolicy, aiCachingOf, guardsOf } from './llm-body.ts'
import { compileMatches } from './matches.ts'
import { compilePhase, levelsOf, type PolicyLevel } from './policies.ts'
import { chooseProvider } from './provider.ts'
import type { RouteContext } from './route-context.ts'
import type { BackendName, RouteName } from './targets.ts'
import { compileRetry, requestTimeoutOf } from './traffic.ts'
import { parseAddress } from './upstream.ts'

/** The listener a route hangs under. */
export interface RouteListener {
  readonly key: string
  readonly name: string
}

/** Where a route hangs, and its place among the listener's routes, which names it if nothing else does. */
export interface RoutePlace {
  readonly listener: RouteListener
  readonly index: number
  readonly path: Path
  /** Whose its limits are, where it hangs under several listeners: they are counted together. */
  readonly owner?: string
}

/** A route and all that has a say in it. */
interface RouteDraft {
  readonly route: WrittenRoute
  readonly path: Path
  readonly key: string
  readonly name: RouteName
  readonly listener: RouteListener
  /** What the route phase takes its policies from, the strongest first. */
  readonly levels: readonly PolicyLevel[]
}

/** One route of a listener. */
export function compileRoute(route: WrittenRoute, place: RoutePlace, context: RouteContext): Route {
  const draft = draftRoute(route, place, context)
  const { path, key, name, levels } = draft
  return Object.freeze({
    key,
    name: `${name.namespace}/${name.name}`,
    rule: name.rule,
    path,
    hostnames: route.hostnames ?? [],
    matches: compileMatches(route.matches, [...path, 'matches']),
    requestTimeoutMs: requestTimeoutOf(levels),
    retry: compileRetry(levels, context.policies.for(key)),
    steps: compilePhase(ROUTE_PHASE, levels, context.policies.for(key)),
    action: compileAction(draft, context),
  })
}

function draftRoute(route: WrittenRoute, place: RoutePlace, { targeted }: RouteContext): RouteDraft {
  const { path, listener, owner } = place
  const name: RouteName = {
    namespace: route.namespace ?? 'default',
    name: route.name ?? `route${place.index}`,
    rule: route.ruleName ?? undefined,
  }
  const key = `${listener.key}/${name.namespace}/${name.name}`
  const own = { policies: route.policies, path: [...path, 'policies'], ...(owner !== undefined && { owner }) }
  return { route, path, key, name, listener, levels: [own, ...targeted.ofRoute(name, listener.name)] }
}

function compileAction(draft: RouteDraft, context: RouteContext): Action {
  const { route, path } = draft
  const choices: Target[] = []
  const thresholds: number[] = []
  for (const [index, backend] of (route.backends ?? []).entries()) {
    const weight = backend.weight ?? 1
    if (weight === 0) continue
    choices.push(compileTarget(backend, [...path, 'backends', index], draft, context))
    thresholds.push((thresholds.at(-1) ?? 0) + weight)
  }
  if (choices.length === 0) return { kind: 'none' }
  const hasHealth = choices.some(choice => !('groups' in choice) && choice.health !== undefined)
  return Object.freeze<Destinations>({ kind: 'destinations', choices, thresholds, hasHealth })
}

function compileTarget(backend: RouteBackend, path: Path, draft: RouteDraft, context: RouteContext): Target {
  const named = namedOf(backend, path, context)
  const body = named?.backend ?? backend
  const bodyPath = named?.path ?? path
  const reference = { policies: backend.policies, path: [...path, 'policies'] }
  const ofNamed = { policies: named?.backend.policies, path: [...bodyPath, 'policies'] }
  const backendName =
    named === undefined ? `/${draft.key}/backend${path.at(-1)}` : `/${named.backend.name.replace(/^\//, '')}`
  const common = { key: `${draft.key} ${path.join('.')}`, backendName, route: draft.levels }
  if (body.host !== undefined) {
    const address = parseAddress(body.host, [...bodyPath, 'host'])
    const label = named?.backend.name ?? body.host
    const name = named && { name: named.backend.name, section: undefined }
    const levels = levelsFor([reference], ofNamed, name, draft, context)
    const one = { ...common, path, label, target: { address }, isInGroup: false, ...levels }
    return compileDestination(one, context)
  }
  if (body.ai === undefined) {
    throw invalid(path, 'the embedded gateway does not run this kind of backend', 'use ai, host or backend')
  }
  const groups = providerGroups(body.ai, [...bodyPath, 'ai'])
  const isInGroup = groups.length > 1 || (groups[0]?.length ?? 0) > 1
  const compiled = groups.map(group =>
    group.map(({ provider, path: providerPath }) => {
      const own = { policies: provider.policies, path: [...providerPath, 'policies'] }
      const name = named && { name: named.backend.name, section: provider.name }
      const one: DestinationDraft = {
        ...common,
        key: `${common.key} ${provider.name}`,
        // Whoever leads to a named backend, its providers are the same.
        healthKey: `${named === undefined ? common.key : `backend ${named.backend.name}`} ${provider.name}`,
        path: providerPath,
        label: provider.name,
        target: { ai: aiTarget(provider, providerPath) },
        isInGroup,
        ...levelsFor([own, reference], ofNamed, name, draft, context),
      }
      return compileDestination(one, context)
    }),
  )
  const [single] = compiled.flat()
  if (single === undefined) throw invalid(bodyPath, 'there is no provider in it', 'add one')
  return isInGroup ? Object.freeze({ groups: compiled }) : single
}

/**
 * What has a say in calls of a backend, the strongest first: its provider, the reference to it, the route, the backend
 * itself, then targeted policies. Of a route and its listeners only keys, TLS and the like count here.
 */
function levelsFor(
  inline: readonly PolicyLevel[],
  ofNamed: PolicyLevel,
  name: BackendName | undefined,
  { route, path, name: routeName, listener }: RouteDraft,
  { targeted }: RouteContext,
): Pick<DestinationDraft, 'levels' | 'backend' | 'body' | 'caching' | 'guards' | 'health'> {
  const forBackend =
    name === undefined ? [] : targeted.ofBackend({ ...name, name: name.name.replace(/^\//, '') })
  const own = { policies: route.policies, path: [...path, 'policies'] }
  const ofRoute = targeted.ofRouteAlone(routeName)
  const ofListener = targeted.ofListener(listener.name)
  const ai = levelsOf([...inline, own, ofNamed, ...ofRoute, ...forBackend, ...ofListener], 'ai')
  const backend = [...inline, ofNamed, ...forBackend]
  return {
    levels: [
      ...inline.map(backendLevelOf),
      levelOf(own),
      backendLevelOf(ofNamed),
      ...ofRoute.map(levelOf),
      ...forBackend.map(backendLevelOf),
      ...ofListener.map(levelOf),
    ],
    backend,
    health: levelsOf(backend, 'health')[0],
    body: aiBodyPolicy(ai),
    caching: aiCachingOf(ai),
    guards: guardsOf(ai),
  }
}

/** agentgateway only finds named backends by `/name`; both spellings are taken here. */
function namedOf(backend: RouteBackend, path: Path, { named }: RouteContext) {
  if (backend.backend === undefined) return undefined
  const found = named.get(backend.backend.replace(/^\//, ''))
  if (found !== undefined) return found
  throw invalid([...path, 'backend'], 'no entry of `backends` has this name', 'name one that is there')
}

/** The providers of a backend in order of priority; a single one is a group of its own. */
function providerGroups(ai: AiBackend, path: Path): { provider: AiProvider; path: Path }[][] {
  if (!('groups' in ai)) return [[{ provider: ai, path }]]
  const groups = ai.groups.map((group, index) =>
    group.providers.map((provider, place) => ({
      provider,
      path: [...path, 'groups', index, 'providers', place],
    })),
  )
  return groups.filter(group => group.length > 0)
}

function aiTarget(written: AiProvider, path: Path): AiTarget {
  const { provider, model } = chooseProvider(written.provider, [...path, 'provider'])
  const { hostOverride, pathOverride, pathPrefix } = written
  return {
    provider,
    model,
    hostOverride: hostOverride ? parseAddress(hostOverride, [...path, 'hostOverride']) : undefined,
    pathOverride: pathOverride ?? undefined,
    pathPrefix: pathPrefix ?? undefined,
    routes: {},
  }
}
