import { isIP } from 'node:net'
import type { Path } from '../../config/diagnostic.ts'
import type { HeaderModifier } from '../../config/schema.ts'
import {
  hasIdentity,
  IDENTITIES,
  type PromptCaching,
  type Provider,
  type RouteType,
} from '../../providers/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { Cel } from '../cel/cel.ts'
import type { AiBackend, Destination, PlacedName } from '../destination.ts'
import { FormerKey } from '../headers/former-key.ts'
import { HOP_BY_HOP } from '../headers/header-names.ts'
import { AnswerHeaders, type HeaderEdit, RequestHeaders } from '../headers/headers.ts'
import { AnswerGuards } from '../llm/answer-guards.ts'
import { BodyChanges, type BodyPolicy } from '../llm/body-changes.ts'
import { type PlacedGuards, RequestGuards } from '../llm/guards.ts'
import { PathTypes } from '../llm/path-types.ts'
import { BACKEND_PHASE } from '../policies/phases.ts'
import type { PolicyName } from '../policies/policy.ts'
import { EchoGuard } from '../relay/echo.ts'
import { type CompiledAuth, compileAuth } from './auth.ts'
import { timerMs } from './duration.ts'
import { editsOf, splitHost } from './header-edits.ts'
import { invalid } from './invalid.ts'
import { compileMirrors } from './mirror.ts'
import { compilePhase, levelsOf, type PolicyLevel, strongestOf } from './policies.ts'
import { compileRewrite } from './rewrite.ts'
import type { RouteContext } from './route-context.ts'
import { compileHealth, type PlacedHealth } from './traffic.ts'
import { type Address, compileUpstream, type PlacedTls, parseAddress } from './upstream.ts'

/** What one level of the config says about calls of a backend. */
export interface Level {
  /** Where its policies stand, under their names; `places` has those that are called otherwise there. */
  readonly path: Path
  readonly places?: Readonly<Partial<Record<'auth' | 'requestHeaders' | 'answerHeaders', Path>>>
  readonly auth?: (() => CompiledAuth) | undefined
  readonly tls?: PlacedTls | undefined
  readonly requestHeaders?: HeaderModifier | undefined
  readonly answerHeaders?: HeaderModifier | undefined
  /** Its `http`; what that leaves out is not taken from a weaker one. */
  readonly http?: { readonly timeoutMs: number | undefined } | undefined
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
  /** The same over reloads as long as nothing is renamed. */
  readonly key: string
  readonly label: string
  readonly backendName: string
  readonly path: Path
  readonly target: { readonly address: Address } | { readonly ai: AiTarget }
  /** The strongest first; of each kind of policy the first one counts, whole. */
  readonly levels: readonly Level[]
  /** What the backend phase takes its policies from, the strongest first. */
  readonly backend: readonly PolicyLevel[]
  /** What is changed in the bodies of LLM requests. */
  readonly body: BodyPolicy
  /** What the translation for Bedrock marks in them. */
  readonly caching: PromptCaching | undefined
  /** What is looked for in them, and in their answers. */
  readonly guards: readonly PlacedGuards[]
  /** What the route phase does. */
  readonly route: readonly PolicyLevel[]
  readonly health: PlacedHealth | undefined
  /** Whose health it is, over reloads and over routes; `key` unless given. */
  readonly healthKey?: string
  /** One of several providers that stand for each other. */
  readonly isInGroup: boolean
}

/** What `policies` says, wherever it stands. */
export function levelOf({ policies, path }: PolicyLevel): Level {
  if (policies === null || policies === undefined) return { path }
  const { backendAuth, backendTLS, ai } = policies
  return {
    path,
    auth: backendAuth ? () => compileAuth(backendAuth, [...path, 'backendAuth']) : undefined,
    tls: backendTLS ? { tls: backendTLS, path: [...path, 'backendTLS'] } : undefined,
    routes: ai?.routes,
  }
}

/** The same for a backend, whose header changes come on top of the route's. */
export function backendLevelOf(level: PolicyLevel): Level {
  const { policies } = level
  const http = policies?.http
  return {
    ...levelOf(level),
    requestHeaders: policies?.requestHeaderModifier ?? undefined,
    answerHeaders: policies?.responseHeaderModifier ?? undefined,
    http: http ? { timeoutMs: http.requestTimeout ? timerMs(http.requestTimeout) : undefined } : undefined,
  }
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
  // Of a word in the config, which may be any text.
  if (!HOST.test(provider.host)) {
    const word = provider.kind === 'azure' ? 'resource' : 'region'
    throw invalid(path, `its ${word} makes no host that can be called`, `write the name of the ${word} alone`)
  }
  return parseAddress(`${provider.host}:443`, path)
}

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i

/** A provider's own address is reached over TLS; one that the config names only where it says so. */
function tlsOf({ target, levels, path }: DestinationDraft): PlacedTls | undefined {
  const written = strongest(levels, 'tls')
  const isProvidersOwn = 'ai' in target && target.ai.hostOverride === undefined
  return written ?? (isProvidersOwn ? { tls: {}, path } : undefined)
}

function compileAi(
  target: AiTarget,
  draft: DestinationDraft,
  auth: CompiledAuth | undefined,
  cel: Cel,
): AiBackend {
  const written = draft.levels.find(({ routes }) => routes !== undefined && Object.keys(routes).length > 0)
  const routes = written?.routes ?? target.routes
  return Object.freeze({
    provider: target.provider,
    model: target.model,
    types: new PathTypes(routes),
    changes: BodyChanges.compile(draft.body, cel),
    caching: draft.caching,
    guards: RequestGuards.compile(draft.guards),
    answerGuards: AnswerGuards.compile(draft.guards),
    isHostOverridden: target.hostOverride !== undefined,
    pathOverride: target.pathOverride,
    pathPrefix: target.pathPrefix,
    isKeyPlaceExplicit: auth?.isPlaceExplicit ?? false,
  })
}

function refuseKeyless({ target, path }: DestinationDraft, auth: CompiledAuth | undefined): void {
  if (!('ai' in target) || auth !== undefined || target.ai.hostOverride !== undefined) return
  const { kind } = target.ai.provider
  if (!hasIdentity(kind)) return
  throw invalid(
    path,
    `${kind} without a key means ${IDENTITIES[kind]}, which the embedded gateway does not fetch`,
    'give it a key, or write passthrough: {} where clients bring theirs',
  )
}

function isHopByHop({ name }: HeaderEdit): boolean {
  return HOP_BY_HOP.includes(name.toLowerCase())
}

const PLAIN: HeaderEdit = { do: 'set', name: 'accept-encoding', value: 'identity' }

/** A route with one of its backends. */
export function compileDestination(draft: DestinationDraft, context: RouteContext): Destination {
  const { levels, route, target } = draft
  const { settings, untouched } = context
  const auth = strongest(levels, 'auth')?.()
  refuseKeyless(draft, auth)
  const upstream = compileUpstream(addressOf(draft), tlsOf(draft), settings)
  const ai = 'ai' in target ? compileAi(target.ai, draft, auth, context.cel) : undefined
  const { host, others } = splitHost(editsOf(strongest(levels, 'requestHeaders')))
  const requestEdits = [
    // What a model answers is read as it goes by; asked for plainly, it need not be decoded for that.
    ...(ai === undefined ? [] : [PLAIN]),
    // Of the connection to the upstream: a client's would not go on.
    ...editsOf(strongestOf(route, 'requestHeaderModifier')).filter(isHopByHop),
    ...(auth?.edits ?? []),
    ...others,
  ]
  const answerEdits = [
    ...editsOf(strongestOf(route, 'responseHeaderModifier')),
    ...editsOf(strongest(levels, 'answerHeaders')),
  ]
  const policies = context.policies.for(draft.key)
  const rewrite = compileRewrite(strongestOf(route, 'urlRewrite'))
  const isProvidersOwn = ai !== undefined && !ai.isHostOverridden
  const hasName = isIP(upstream.hostname) === 0 && upstream.socketPath === undefined
  const ownName = hasName ? upstream.hostname : undefined
  return Object.freeze({
    label: draft.label,
    backendName: draft.backendName,
    path: draft.path,
    upstream,
    mirrors: compileMirrors(route, draft.backend, context),
    steps: compilePhase(BACKEND_PHASE, draft.backend, policies),
    ai,
    requestHeaders: new RequestHeaders(requestEdits, ai?.provider.refusedHeaders),
    answerHeaders: answerEdits.length > 0 ? new AnswerHeaders(answerEdits) : untouched,
    queryCredentials: auth?.query ?? [],
    key: auth?.key,
    passthrough: auth?.passthrough,
    echoes: EchoGuard.of(
      [...(auth?.secrets ?? []).flatMap(withFormer), ...policies.secretsIn(textsOf(draft))],
      requestEdits,
    ),
    former: FormerKey.of(auth?.key?.secret),
    policies: policiesOf(draft),
    authority:
      isProvidersOwn || rewrite.authority === 'auto' ? (ownName ?? host) : (host ?? rewrite.authority),
    health: compileHealth(draft.health, draft.isInGroup, context.policies.for(draft.healthKey ?? draft.key)),
    // What the backend says of itself counts, even where it has more time than the route would give it.
    backendTimeoutMs: strongest(levels, 'http')?.timeoutMs ?? backendTimeout(route) ?? 0,
  })
}

/** The policies that have a say in a request to the destination, in the order in which they do, each with its place. */
function policiesOf({ levels, route, target, health, guards }: DestinationDraft): PlacedName[] {
  const ofRoute = (name: PolicyName): Path | undefined => levelsOf(route, name)[0]?.path
  const ofLevel = (kind: keyof Level, ...steps: string[]): Path | undefined => {
    const level = levels.find(one => one[kind] !== undefined)
    return level && (level.places?.[kind as 'auth'] ?? [...level.path, ...steps])
  }
  const places = {
    requestHeaderModifier: ofLevel('requestHeaders', 'requestHeaderModifier'),
    timeout:
      ofRoute('timeout') ??
      (strongest(levels, 'http')?.timeoutMs === undefined
        ? undefined
        : ofLevel('http', 'http', 'requestTimeout')),
    backendAuth: ofLevel('auth', 'backendAuth'),
    ai: 'ai' in target ? ofLevel('routes', 'ai', 'routes') : undefined,
    requestMirror: ofRoute('requestMirror'),
    backendTLS: strongest(levels, 'tls')?.path,
    // With a precondition it is a step of the route.
    retry: strongestOf(route, 'retry')?.precondition ? undefined : ofRoute('retry'),
    health: health?.path,
    responseHeaderModifier:
      ofLevel('answerHeaders', 'responseHeaderModifier') ?? ofRoute('responseHeaderModifier'),
  }
  const named = Object.entries(places).flatMap(([name, path]) => (path === undefined ? [] : [{ name, path }]))
  // They look at the body before anything is written for the call.
  return [...guards.map(({ path }) => ({ name: String(path.at(-1)), path })), ...named]
}

/** What of the config goes into requests to the destination besides its credentials and what its steps do. */
function textsOf({ target, levels, route, body }: DestinationDraft): unknown[] {
  const { pathOverride, pathPrefix } = 'ai' in target ? target.ai : {}
  return [
    body,
    pathOverride,
    pathPrefix,
    strongest(levels, 'requestHeaders'),
    strongestOf(route, 'requestHeaderModifier'),
  ]
}

function backendTimeout(route: readonly PolicyLevel[]): number | undefined {
  const timeout = strongestOf(route, 'timeout')?.backendRequestTimeout
  return timeout ? timerMs(timeout) : undefined
}

function withFormer(secret: Secret): Secret[] {
  return secret.former === undefined ? [secret] : [secret, secret.former.secret]
}
