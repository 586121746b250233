import { isIP } from 'node:net'
import type { Path } from '../../config/diagnostic.ts'
import type { BackendPolicies, HeaderModifier, RoutePolicies, RouteType } from '../../config/schema.ts'
import type { Provider } from '../../providers/index.ts'
import { EchoGuard } from '../echo.ts'
import { AnswerHeaders, type HeaderEdit, RequestHeaders } from '../headers.ts'
import { PathTypes } from '../path-types.ts'
import type { AiBackend, Destination } from '../runtime.ts'
import { type CompiledAuth, compileAuth } from './auth.ts'
import { milliseconds } from './duration.ts'
import { invalid } from './invalid.ts'
import { compileRewrite } from './rewrite.ts'
import {
  type Address,
  compileUpstream,
  type PlacedTls,
  parseAddress,
  type UpstreamSettings,
} from './upstream.ts'

/** What one level of the config says about calls of a backend. */
export interface Level {
  readonly auth?: (() => CompiledAuth) | undefined
  readonly tls?: PlacedTls | undefined
  readonly requestHeaders?: HeaderModifier | undefined
  readonly answerHeaders?: HeaderModifier | undefined
  readonly timeoutMs?: number | undefined
  readonly routes?: Readonly<Record<string, RouteType>> | undefined
}

/** An LLM provider as a backend names it. */
export interface AiTarget {
  readonly provider: Provider
  readonly model: string | undefined
  readonly hostOverride: Address | undefined
  readonly pathOverride: string | undefined
  readonly pathPrefix: string | undefined
  /** Path suffixes → types, where no level says otherwise. */
  readonly routes: Readonly<Record<string, RouteType>>
}

/** A route with one of its backends, before it is compiled. */
export interface DestinationDraft {
  readonly label: string
  readonly path: Path
  readonly target: { readonly address: Address } | { readonly ai: AiTarget }
  /** The strongest first; of each kind of policy the first one counts, whole. */
  readonly levels: readonly Level[]
  readonly route: { readonly policies: RoutePolicies | undefined; readonly path: Path }
}

/** What `policies` says, wherever it stands. */
export function levelOf(policies: BackendPolicies | RoutePolicies | null | undefined, path: Path): Level {
  if (policies === null || policies === undefined) return {}
  const { backendAuth, backendTLS, ai } = policies
  return {
    auth: backendAuth ? () => compileAuth(backendAuth, [...path, 'backendAuth']) : undefined,
    tls: backendTLS ? { tls: backendTLS, path: [...path, 'backendTLS'] } : undefined,
    routes: ai?.routes,
  }
}

/** The same for a backend, whose header changes come on top of the route's. */
export function backendLevelOf(policies: BackendPolicies | null | undefined, path: Path): Level {
  const timeout = policies?.http?.requestTimeout
  return {
    ...levelOf(policies, path),
    requestHeaders: policies?.requestHeaderModifier ?? undefined,
    answerHeaders: policies?.responseHeaderModifier ?? undefined,
    timeoutMs: timeout ? milliseconds(timeout) : undefined,
  }
}

function editsOf(modifier: HeaderModifier | null | undefined): HeaderEdit[] {
  const { add = {}, set = {}, remove = [] } = modifier ?? {}
  return [
    ...Object.entries(add).map(([name, value]): HeaderEdit => ({ do: 'add', name, value })),
    ...Object.entries(set).map(([name, value]): HeaderEdit => ({ do: 'set', name, value })),
    ...remove.map((name): HeaderEdit => ({ do: 'remove', name })),
  ]
}

function strongest<K extends keyof Level>(levels: readonly Level[], kind: K): Level[K] | undefined {
  return levels.find(level => level[kind] !== undefined)?.[kind]
}

function addressOf({ target, path }: DestinationDraft): Address {
  if ('address' in target) return target.address
  const { hostOverride, provider } = target.ai
  if (hostOverride !== undefined) return hostOverride
  if (provider.host === undefined) {
    throw invalid(path, 'a custom provider has no address of its own', 'add hostOverride: "host:port"')
  }
  return parseAddress(`${provider.host}:443`, path)
}

/** A provider's own address is reached over TLS; one that the config names only where it says so. */
function tlsOf({ target, levels, path }: DestinationDraft): PlacedTls | undefined {
  const written = strongest(levels, 'tls')
  const isProvidersOwn = 'ai' in target && target.ai.hostOverride === undefined
  return written ?? (isProvidersOwn ? { tls: {}, path } : undefined)
}

function compileAi(target: AiTarget, draft: DestinationDraft, auth: CompiledAuth | undefined): AiBackend {
  const routes = { ...target.routes }
  for (const level of [...draft.levels].reverse()) Object.assign(routes, level.routes)
  return Object.freeze({
    provider: target.provider,
    model: target.model,
    types: new PathTypes(routes),
    isHostOverridden: target.hostOverride !== undefined,
    pathOverride: target.pathOverride,
    pathPrefix: target.pathPrefix,
    isKeyPlaceExplicit: auth?.isPlaceExplicit ?? false,
  })
}

function refuseKeyless(draft: DestinationDraft, auth: CompiledAuth | undefined): void {
  if (!('ai' in draft.target) || draft.target.ai.provider.kind !== 'azure' || auth !== undefined) return
  throw invalid(
    draft.path,
    'azure without a key means a token of Microsoft Entra, which the embedded gateway does not fetch',
    'add backendAuth with the key at header api-key, or passthrough: {}',
  )
}

/** `headers` is shared by all destinations that leave answers as they are. */
export function compileDestination(
  draft: DestinationDraft,
  settings: UpstreamSettings,
  untouched: AnswerHeaders,
): Destination {
  const { levels, route, target } = draft
  const auth = strongest(levels, 'auth')?.()
  refuseKeyless(draft, auth)
  const upstream = compileUpstream(addressOf(draft), tlsOf(draft), settings)
  const ai = 'ai' in target ? compileAi(target.ai, draft, auth) : undefined
  const { policies } = route
  const requestEdits = [
    ...editsOf(policies?.requestHeaderModifier),
    ...(auth?.edits ?? []),
    ...editsOf(strongest(levels, 'requestHeaders')),
  ]
  const answerEdits = [
    ...editsOf(strongest(levels, 'answerHeaders')),
    ...editsOf(policies?.responseHeaderModifier),
  ]
  const rewrite = compileRewrite(policies?.urlRewrite, [...route.path, 'policies', 'urlRewrite'])
  const isProvidersOwn = ai !== undefined && !ai.isHostOverridden
  const ownName = isIP(upstream.hostname) === 0 ? upstream.hostname : undefined
  const limits = [strongest(levels, 'timeoutMs'), backendTimeout(policies)].filter(
    limit => limit !== undefined,
  )
  return Object.freeze({
    label: draft.label,
    path: draft.path,
    upstream,
    ai,
    requestHeaders: new RequestHeaders(requestEdits, ai?.provider.refusedHeaders),
    answerHeaders: answerEdits.length > 0 ? new AnswerHeaders(answerEdits) : untouched,
    queryCredentials: auth?.query ?? [],
    key: auth?.key,
    echoes: EchoGuard.of(auth?.secrets ?? [], requestEdits),
    policies: policyNames(draft),
    authority: isProvidersOwn || rewrite.authority === 'auto' ? ownName : rewrite.authority,
    rewritePath: rewrite.path,
    backendTimeoutMs: limits.length > 0 ? Math.min(...limits) : 0,
  })
}

/** The policies that have a say in a request to the destination, in the order in which they do. */
function policyNames({ levels, route: { policies }, target }: DestinationDraft): string[] {
  const names = {
    requestHeaderModifier: policies?.requestHeaderModifier ?? strongest(levels, 'requestHeaders'),
    urlRewrite: policies?.urlRewrite,
    timeout: policies?.timeout ?? strongest(levels, 'timeoutMs'),
    backendAuth: strongest(levels, 'auth'),
    ai: 'ai' in target ? strongest(levels, 'routes') : undefined,
    backendTLS: strongest(levels, 'tls'),
    responseHeaderModifier: strongest(levels, 'answerHeaders') ?? policies?.responseHeaderModifier,
  }
  return Object.entries(names).flatMap(([name, value]) => ((value ?? undefined) === undefined ? [] : [name]))
}

function backendTimeout(policies: RoutePolicies | undefined): number | undefined {
  const timeout = policies?.timeout?.backendRequestTimeout
  return timeout ? milliseconds(timeout) : undefined
}
