import type { Path } from '../config/diagnostic.ts'
import type { AuthorizationRules } from './auth/rules.ts'
import type { Expression } from './cel/cel.ts'
import type { Costs } from './costs/costs.ts'
import { type Destination, destinationsOf, type Target } from './destination.ts'
import type { Kept } from './kept.ts'
import type { Step } from './policies/policy.ts'
import type { HostTable } from './routing/host-table.ts'
import type { Match, ValueMatch } from './routing/match.ts'
import type { RouteTable } from './routing/router.ts'
import type { PortTls } from './server/server-tls.ts'
import type { AddedFields, LogRule, OtlpLogRule } from './telemetry/log-rule.ts'
import type { TraceRule } from './telemetry/trace-rule.ts'
import type { RetryRule } from './traffic/rules.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Everything that requests need, decided before the first one comes. Frozen; a reload makes a new one. */
export interface Runtime {
  readonly binds: readonly Bind[]
  readonly settings: Settings
  /** What models cost; undefined where no catalog says so. */
  readonly costs: Costs | undefined
  /** What its policies keep between requests. */
  readonly kept: readonly Kept<unknown>[]
  /** Each file that was read to compile it, a certificate or a key set, by its path as the config has it. */
  readonly files: ReadonlyMap<string, FileRead>
}

/** A file as it was when it was read. */
export interface FileRead {
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly hash: string
}

/** What holds for all requests. */
export interface Settings {
  /** Bytes of a request body that must be looked into; above it the answer is 413. */
  readonly maxBodyBytes: number
  /** Lower-case names of query parameters in which clients send credentials. */
  readonly hiddenParameters: ReadonlySet<string>
  /** Lower-case names of request headers that carry credentials of clients. */
  readonly hiddenHeaders: ReadonlySet<string>
  /** These, and those of answers: headers whose values go into no log, no span and no metric. */
  readonly untoldHeaders: ReadonlySet<string>
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
  /** Labels that metrics get besides; undefined where there are none. */
  readonly metricLabels: AddedFields | undefined
  /** Which requests get a span, and what is in it. */
  readonly tracing: TraceRule | undefined
  /** What expressions yield is told in the log, in spans or in metrics. */
  readonly tellsExpressions: boolean
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

/** The backends of a route, one picked per request by weight. */
export interface Destinations {
  readonly kind: 'destinations'
  readonly choices: readonly Target[]
  /** Running sums of the weights, as long as `choices`. */
  readonly thresholds: readonly number[]
  /** Some of the choices can be evicted. */
  readonly hasHealth: boolean
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

/** What the requests of a route can be meant for. */
export function targetsOf(action: Action): readonly Target[] {
  if (action.kind === 'destinations') return action.choices
  if (action.kind !== 'models') return []
  const failovers = [...action.virtualModels.values()].flatMap(({ routing }) =>
    routing.kind === 'failover' ? [routing] : [],
  )
  return [...action.models.map(model => model.destination), ...failovers]
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
