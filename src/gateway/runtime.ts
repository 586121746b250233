import type { Path } from '../config/diagnostic.ts'
import type { PromptCaching, Provider } from '../providers/index.ts'
import type { Secret } from '../secrets/secret.ts'
import type { AuthorizationRules } from './auth/rules.ts'
import type { Expression } from './cel/cel.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { Exchange } from './exchange.ts'
import type { FormerKey } from './former-key.ts'
import type { AnswerHeaders, RequestHeaders } from './headers.ts'
import type { HostTable } from './host-table.ts'
import type { Kept } from './kept.ts'
import type { AnswerGuards } from './llm/answer-guards.ts'
import type { BodyChanges } from './llm/body-changes.ts'
import type { RequestGuards } from './llm/guards.ts'
import type { Match, ValueMatch } from './match.ts'
import type { Mirror } from './mirror.ts'
import type { PathTypes } from './path-types.ts'
import type { Step } from './policies/policy.ts'
import type { EchoGuard } from './relay/echo.ts'
import type { RouteTable } from './router.ts'
import type { PortTls } from './server-tls.ts'
import type { LogRule, OtlpLogRule } from './telemetry/log-rule.ts'
import type { TraceRule } from './telemetry/trace-rule.ts'
import type { HealthRule, RetryRule } from './traffic/rules.ts'

/** Everything that requests need, decided before the first one comes. Frozen; a reload makes a new one. */
export interface Runtime {
  readonly binds: readonly Bind[]
  readonly settings: Settings
  /** What its policies keep between requests. */
  readonly kept: readonly Kept<unknown>[]
  /** Path of each file that was read to compile it, a certificate or a key set → the SHA-256, in hex, of what was in it. */
  readonly files: ReadonlyMap<string, string>
}

/** What holds for all requests. */
export interface Settings {
  /** Bytes of a request body that must be looked into; above it the answer is 413. */
  readonly maxBodyBytes: number
  /** Lower-case names of query parameters in which clients send credentials. */
  readonly hiddenParameters: ReadonlySet<string>
  /** Lower-case names of request headers whose values go into no log and no span. */
  readonly hiddenHeaders: ReadonlySet<string>
  /** A request with more header lines is refused. */
  readonly maxHeaders: number
  /** How long an idle client connection is kept, in milliseconds. */
  readonly clientIdleMs: number
  /** How long requests under way may take after `close`, in milliseconds. */
  readonly drainMs: number
  /** What the config changes in the access log. */
  readonly accessLog: LogRule | undefined
  /** The access log for a collector. */
  readonly otlpLog: OtlpLogRule | undefined
  /** Which requests get a span, and what is in it. */
  readonly tracing: TraceRule | undefined
}

/** One port. */
export interface Bind {
  /** `bind/3000` */
  readonly key: string
  readonly port: number
  /** The certificates of its listeners; undefined when it is in the clear. */
  readonly tls: PortTls | undefined
  readonly listeners: HostTable<Listener>
}

export interface Listener {
  /** Unique in the runtime; the first part of its routes' keys. */
  readonly key: string
  readonly name: string
  readonly hostname: string | undefined
  /** The gateway phase: what applies before a route is chosen, in order. */
  readonly steps: readonly Step[]
  readonly routes: RouteTable<Route>
}

export interface Route {
  readonly key: string
  /** `namespace/name` */
  readonly name: string
  /** `ruleName`; routes of one name may differ in it. */
  readonly rule: string | undefined
  /** Where it stands in the config. */
  readonly path: Path
  readonly hostnames: readonly string[]
  readonly matches: readonly Match[]
  /** 0: none. Ends with the head of the answer. */
  readonly requestTimeoutMs: number
  readonly retry: RetryRule | undefined
  /** The route phase, in order. */
  readonly steps: readonly Step[]
  readonly action: Action
}

export type Action = Destinations | ModelRouter | NoBackend

/** A policy by its name, and where it stands in the config. */
export interface PlacedName {
  readonly name: string
  readonly path: Path
}

/** The backends of a route, one picked per request by weight. */
export interface Destinations {
  readonly kind: 'destinations'
  readonly choices: readonly Target[]
  /** Running sums of the weights, as long as `choices`. */
  readonly thresholds: readonly number[]
  /** Some of the choices can be evicted. */
  readonly hasHealth: boolean
}

/** What a request can be meant for. */
export type Target = Destination | ProviderGroups

/** Several providers in order of priority: a group is used once all of those before it are evicted. */
export interface ProviderGroups {
  readonly groups: readonly (readonly Destination[])[]
}

/** A route that cannot pick a backend: none is listed, or none has a weight. */
export interface NoBackend {
  readonly kind: 'none'
}

/** The `llm` section: the model of the request picks the backend. */
export interface ModelRouter {
  readonly kind: 'models'
  /** The most specific names first. */
  readonly models: readonly Model[]
  /** By name; they are looked at first. */
  readonly virtualModels: ReadonlyMap<string, VirtualModel>
  /** Seconds since 1970. */
  readonly created: number
  /** The answer to `/v1/models` for those who may use all. */
  readonly list: Buffer
}

/** One entry of `llm.virtualModels`: a name that stands for several models. */
export interface VirtualModel {
  readonly name: string
  readonly path: Path
  readonly routing: VirtualRouting
}

export type VirtualRouting = WeightedModels | ConditionalModels | FailoverModels

/** The name of a model is drawn by weight. */
export interface WeightedModels {
  readonly kind: 'weighted'
  readonly models: readonly string[]
  /** Running sums of the weights, as long as `models`. */
  readonly thresholds: readonly number[]
}

/** The first whose condition holds. */
export interface ConditionalModels {
  readonly kind: 'conditional'
  readonly targets: readonly { readonly model: string; readonly when: Expression | undefined }[]
}

/** Destinations in groups, the most wanted group first. */
export interface FailoverModels {
  readonly kind: 'failover'
  readonly groups: readonly (readonly Destination[])[]
}

/** One entry of `llm.models`. */
export interface Model {
  /** Exact, `*`, `prefix*` or `*suffix`. */
  readonly name: string
  readonly path: Path
  readonly isPublic: boolean
  /** Any of them must hold, each with all of its headers; empty: always. */
  readonly matches: readonly (readonly { readonly name: string; readonly value: ValueMatch }[])[]
  /** Who may use it. */
  readonly authorization: AuthorizationRules | undefined
  readonly destination: Destination
}

/** One route with one backend: where a request goes and what changes on the way. */
export interface Destination {
  /** The backend as the config names it. */
  readonly label: string
  /** The same as agentgateway names it, in metrics and expressions: `/NAME`, or by its place where it has none. */
  readonly backendName: string
  /** Where the backend stands in the config. */
  readonly path: Path
  readonly upstream: Upstream
  /** Where copies of the request go. */
  readonly mirrors: readonly Mirror[]
  /** The backend phase, in order. */
  readonly steps: readonly Step[]
  readonly ai: AiBackend | undefined
  readonly requestHeaders: RequestHeaders
  readonly answerHeaders: AnswerHeaders
  /** Query parameters that the backend's auth sets, percent-encoded. */
  readonly queryCredentials: readonly QueryCredential[]
  readonly key: Key | undefined
  /** Where the token of a client goes that a jwtAuth policy took out. */
  readonly passthrough: TokenPlace | undefined
  /** Looks through answers in which the upstream may repeat what it was given. */
  readonly echoes: EchoGuard
  /** What to fall back on when the provider refuses the key. */
  readonly former: FormerKey | undefined
  /** The policies in effect, in the order they apply. */
  readonly policies: readonly PlacedName[]
  /** `Host` upstream: fixed, computed, or undefined for the client's own. */
  readonly authority: string | ((exchange: Exchange) => string) | undefined
  /** 0: none. Ends with the head of the answer. */
  readonly backendTimeoutMs: number
  /** How well its calls go is kept, because something depends on it. */
  readonly health: HealthRule | undefined
}

/** The key slot that feeds a destination. */
export interface Key {
  readonly slot: Path
  readonly secret: Secret
  /** Where the config puts it; a provider may move a header from there. */
  readonly place: { readonly kind: 'header' | 'query' | 'cookie'; readonly name: string }
}

/** The header in which a token goes upstream. */
export type TokenPlace =
  /** In lower case. */
  | { readonly header: string; readonly prefix: string }
  | { readonly cookie: string }
  | { readonly parameter: string }

/** A credential as a query parameter. */
export interface QueryCredential {
  /** Decoded, as the config has it. */
  readonly name: string
  /** `name=value`, encoded; holds the secret. */
  pair(): string
}

/** What makes a backend an LLM backend. */
export interface AiBackend {
  readonly provider: Provider
  /** Replaces the model of the request. */
  readonly model: string | undefined
  readonly types: PathTypes
  /** What the config changes in bodies. */
  readonly changes: BodyChanges | undefined
  /** What it marks in prompts for the cache of the provider. */
  readonly caching: PromptCaching | undefined
  /** What must not reach the provider. */
  readonly guards: RequestGuards | undefined
  /** What must not reach the client. */
  readonly answerGuards: AnswerGuards | undefined
  /** `hostOverride` is set: the client's path goes upstream as it is unless a prefix is set too. */
  readonly isHostOverridden: boolean
  readonly pathOverride: string | undefined
  readonly pathPrefix: string | undefined
  /** The place of the key is written in the config, so the provider does not move it. */
  readonly isKeyPlaceExplicit: boolean
}

/** One address with its way of connecting; requests to the same `key` share connections. */
export interface Upstream {
  readonly key: string
  /** `https://api.openai.com:443` */
  readonly origin: string
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  /** A Unix socket in place of host and port. */
  readonly socketPath: string | undefined
  /** `api.openai.com:443`, for the log. */
  readonly endpoint: string
  /** The name that is asked for (SNI) and that the certificate must carry; empty without TLS. */
  readonly servername: string
  readonly tls: UpstreamTls | undefined
  readonly connectTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly idleMs: number
}

export interface UpstreamTls {
  /** PEM text that replaces the system's roots. */
  readonly ca: string | undefined
  readonly identity: ClientIdentity | undefined
  /** Key exchange groups, in OpenSSL's words; its own choice unless given. */
  readonly groups: string | undefined
  /** How much of the upstream's certificate is checked: its name too, only who signed it, or nothing. */
  readonly verify: 'name' | 'signature' | 'nothing'
}

/** What the requests of a route can be meant for. */
export function targetsOf(action: Action): readonly Target[] {
  if (action.kind === 'destinations') return action.choices
  if (action.kind !== 'models') return []
  const failovers = [...action.virtualModels.values()].flatMap(({ routing }) =>
    routing.kind === 'failover' ? [routing] : [],
  )
  return [...action.models.map(model => model.destination), ...failovers]
}

/** Every destination that a target may lead to. */
export function destinationsOf(target: Target): readonly Destination[] {
  return 'groups' in target ? target.groups.flat() : [target]
}

/** Every upstream that some route of the runtime may call. */
export function upstreamsOf(runtime: Runtime): Upstream[] {
  const actions = new Set<Action>()
  for (const bind of runtime.binds) {
    for (const [, listener] of bind.listeners.entries()) {
      for (const [, candidates] of listener.routes.entries()) {
        for (const { route } of candidates) actions.add(route.action)
      }
    }
  }
  return [...actions]
    .flatMap(targetsOf)
    .flatMap(destinationsOf)
    .flatMap(({ upstream, mirrors }) => [upstream, ...mirrors.map(mirror => mirror.upstream)])
}
