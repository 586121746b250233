import type { Path } from '../../config/diagnostic.ts'
import type {
  AiBackend,
  AiProvider,
  NamedBackend,
  RouteBackend,
  Route as WrittenRoute,
} from '../../config/schema.ts'
import type { AnswerHeaders } from '../headers.ts'
import type { Action, Destination, Destinations, DirectAnswer, Route } from '../runtime.ts'
import {
  type AiTarget,
  backendLevelOf,
  compileDestination,
  type DestinationDraft,
  levelOf,
} from './destination.ts'
import { milliseconds } from './duration.ts'
import { invalid } from './invalid.ts'
import { compileMatches } from './matches.ts'
import { chooseProvider } from './provider.ts'
import { parseAddress, type UpstreamSettings } from './upstream.ts'

/** What compiling a route needs besides the route. */
export interface RouteContext {
  readonly settings: UpstreamSettings
  readonly named: ReadonlyMap<string, { readonly backend: NamedBackend; readonly path: Path }>
  readonly untouched: AnswerHeaders
}

/** Where a route hangs: its listener's key, and its place among the listener's routes, which names it if nothing else does. */
export interface RoutePlace {
  readonly listenerKey: string
  readonly index: number
  readonly path: Path
}

/** One route of a listener. */
export function compileRoute(route: WrittenRoute, place: RoutePlace, context: RouteContext): Route {
  const { path } = place
  const name = `${route.namespace ?? 'default'}/${route.name ?? `route${place.index}`}`
  const timeout = route.policies?.timeout?.requestTimeout
  return Object.freeze({
    key: `${place.listenerKey}/${name}`,
    name,
    path,
    hostnames: route.hostnames ?? [],
    matches: compileMatches(route.matches, [...path, 'matches']),
    requestTimeoutMs: timeout ? milliseconds(timeout) : 0,
    action: compileAction(route, path, context),
  })
}

function compileAction(route: WrittenRoute, path: Path, context: RouteContext): Action {
  const direct = route.policies?.directResponse
  if (direct && !('conditional' in direct)) return compileDirect(direct, route)
  const choices: Destination[] = []
  const thresholds: number[] = []
  for (const [index, backend] of (route.backends ?? []).entries()) {
    const weight = backend.weight ?? 1
    if (weight === 0) continue
    const draft = draftOf(backend, [...path, 'backends', index], route, path, context)
    choices.push(compileDestination(draft, context.settings, context.untouched))
    thresholds.push((thresholds.at(-1) ?? 0) + weight)
  }
  if (choices.length === 0) return { kind: 'none' }
  return Object.freeze<Destinations>({ kind: 'destinations', choices, thresholds })
}

type Direct = Exclude<
  NonNullable<NonNullable<WrittenRoute['policies']>['directResponse']>,
  { conditional: unknown }
>

function compileDirect(direct: Direct, route: WrittenRoute): DirectAnswer {
  const { status, body = '' } = direct
  const { add = {}, set = {}, remove = [] } = route.policies?.responseHeaderModifier ?? {}
  const gone = new Set(remove.map(name => name.toLowerCase()))
  const headers = [...Object.entries(add), ...Object.entries(set)].filter(
    ([name]) => !gone.has(name.toLowerCase()),
  )
  return { kind: 'direct', status, headers: headers.flat(), body: Buffer.from(body as string) }
}

function draftOf(
  backend: RouteBackend,
  path: Path,
  route: WrittenRoute,
  routePath: Path,
  context: RouteContext,
): DestinationDraft {
  const policies = route.policies ?? undefined
  const reference = backendLevelOf(backend.policies, [...path, 'policies'])
  const ofRoute = levelOf(policies, [...routePath, 'policies'])
  const shared = { path, route: { policies, path: routePath } }
  const named = namedOf(backend, path, context)
  const body = named?.backend ?? backend
  const bodyPath = named?.path ?? path
  const ofNamed =
    named === undefined ? {} : backendLevelOf(named.backend.policies, [...named.path, 'policies'])
  if (body.host !== undefined) {
    const address = parseAddress(body.host, [...bodyPath, 'host'])
    const label = named?.backend.name ?? body.host
    return { ...shared, label, target: { address }, levels: [reference, ofRoute, ofNamed] }
  }
  if (body.ai === undefined) {
    throw invalid(path, 'the embedded gateway does not run this kind of backend', 'use ai, host or backend')
  }
  const { provider, path: providerPath } = singleProvider(body.ai, [...bodyPath, 'ai'])
  const own = backendLevelOf(provider.policies, [...providerPath, 'policies'])
  const target = { ai: aiTarget(provider, providerPath) }
  return {
    ...shared,
    path: providerPath,
    label: provider.name,
    target,
    levels: [own, reference, ofRoute, ofNamed],
  }
}

/** agentgateway only finds named backends by `/name`; both spellings are taken here. */
function namedOf(backend: RouteBackend, path: Path, { named }: RouteContext) {
  if (backend.backend === undefined) return undefined
  const found = named.get(backend.backend.replace(/^\//, ''))
  if (found !== undefined) return found
  throw invalid([...path, 'backend'], 'no entry of `backends` has this name', 'name one that is there')
}

function singleProvider(ai: AiBackend, path: Path): { provider: AiProvider; path: Path } {
  if (!('groups' in ai)) return { provider: ai, path }
  const [provider, ...others] = ai.groups.flatMap(group => group.providers)
  if (provider !== undefined && others.length === 0 && ai.groups.length === 1) {
    return { provider, path: [...path, 'groups', 0, 'providers', 0] }
  }
  throw invalid(path, 'several providers in groups are not run here', 'keep one group with one provider')
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
