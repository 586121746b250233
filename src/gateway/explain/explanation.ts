import type { Path } from '../../config/diagnostic.ts'
import type { ProviderKind } from '../../providers/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { AskedCredential, NamedPlace } from '../auth/named-place.ts'
import type { ToldHeader } from './told-headers.ts'

/** A request to be explained. Nothing is sent. */
export interface ExplainRequest {
  readonly method: string
  /** With its query, if any. */
  readonly path: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** As configured; the first bind where there are several and none is named. */
  readonly port?: number
  /** What a client shows in it. Of each destination it is told which of them go on to its upstream. */
  readonly credentials?: readonly Secret[]
}

/** A route (or an `llm` model) that was looked at; where none fits, those too that the host does not lead to. */
export interface TriedRoute {
  readonly name: string
  /** Where it stands in the config. */
  readonly path: string
  /** The host bucket it was found in, or of its listener where that is another one; `*` stands for all hosts. */
  readonly hosts: string
  /**
   * Why it lost: `path`, `method`, `headers`, `query`, `host`, `listener`, `name`, `visibility`, `authorization`; undefined for the
   * one that won.
   */
  readonly lost: string | undefined
}

/** A policy that has a say in the request. */
export interface PolicyExplanation {
  /** `gateway`: before the route was chosen; `route`: after; `backend`: for the call of a destination, with which it stands. */
  readonly phase: 'gateway' | 'route' | 'backend'
  readonly name: string
  /** What it is written for. */
  readonly level: PolicyLevelName
  /** Where it stands in the config. */
  readonly path: string
  /** Where it looks for what clients show it. */
  readonly asks?: AskedCredential | undefined
}

/** A check that takes more than there is without a network. */
export interface Undecided {
  readonly name: string
  /** Where it stands in the config. */
  readonly path: string
  /** Goes on from "not decided without". */
  readonly needs: string
}

/** Where a request would go. */
export interface DestinationExplanation {
  readonly backend: string
  readonly path: string
  /** `gen_ai.provider.name`; undefined for a plain host. */
  readonly provider: string | undefined
  readonly providerKind: ProviderKind | undefined
  /** Of the route's requests, 0 to 1. */
  readonly share: number
  readonly model: string | undefined
  /** The policies in effect, in the order in which they apply. */
  readonly policies: readonly PolicyExplanation[]
  readonly key: KeyExplanation | undefined
  /** Set where the config passes the client's own credential on. */
  readonly passthrough: PassthroughExplanation | undefined
  /** The credentials of the request that its upstream is shown. */
  readonly passedOn: readonly PassedCredential[]
  /** Those that copies of it show, which `requestMirror` sends elsewhere. */
  readonly copied: readonly PassedCredential[]
  /** Where copies of the request go, and of how many requests, 0 to 1. Nobody waits for their answers. */
  readonly mirrors: readonly { readonly endpoint: string; readonly share: number }[]
  readonly upstream: UpstreamRequest
}

/** A credential of the client, and where the upstream finds it: `header x-api-key`, `cookie k`, `query parameter key`, `the body`. */
export interface PassedCredential {
  readonly secret: Secret
  readonly placement: string
}

/** A backend that the request may be meant for and that would not be called for it. */
export interface RefusedDestination {
  readonly backend: string
  readonly path: string
  /** As {@link DestinationExplanation.share}. */
  readonly share: number
  /** Of the gateway's own answer. */
  readonly status: number
  readonly body: string
}

/** The request as the upstream would be sent it. */
export interface UpstreamRequest {
  readonly method: string
  /** Without the credentials of its query. */
  readonly url: string
  /** What is connected to: `api.openai.com:443`, `unix:/run/app.sock` */
  readonly endpoint: string
  /** Only of headers that never hold a secret the value is here. */
  readonly headers: readonly { readonly name: string; readonly value: string | undefined }[]
  /** Undefined where the client's goes on as it is. */
  readonly body: string | undefined
}

/** The client's own credential, as the provider is shown it. */
export interface PassthroughExplanation {
  readonly place: NamedPlace
  /** A policy has taken a token out of the request, and it is put there. */
  readonly isPut: boolean
}

/** Which key a request gets, and where it ends up. */
export interface KeyExplanation {
  /** The slot's path in the config. */
  readonly slot: string
  readonly secret: Secret
  /** `header x-api-key`, `query parameter key`, `cookie k`; undefined when something on the way takes it out again. */
  readonly placement: string | undefined
  readonly level: PolicyLevelName
}

/** An answer that the gateway gives by itself. */
export interface OwnAnswer {
  readonly status: number
  readonly body: string
  readonly headers: readonly ToldHeader[]
  /** The rule or policy of the config that decided so. */
  readonly decidedBy: Path | undefined
  /** Where that policy looks for what a client has to show. */
  readonly asks: AskedCredential | undefined
}

export interface RouteExplanation {
  readonly bind: string | undefined
  readonly listener: string | undefined
  /** `namespace/name` of the route that won. */
  readonly route: string | undefined
  readonly tried: readonly TriedRoute[]
  /** In the order in which they run. */
  readonly policies: readonly PolicyExplanation[]
  /** Checks that were passed over: the request may still be refused by them. */
  readonly undecided: readonly Undecided[]
  readonly destinations: readonly DestinationExplanation[]
  /** Of several backends those that refuse the request. */
  readonly refused: readonly RefusedDestination[]
  /** What the caller may ask for, where the model chooses the way: names and patterns. */
  readonly models: readonly string[] | undefined
  /** Set when the gateway would answer by itself. */
  readonly answer: OwnAnswer | undefined
}

const LEVELS = {
  gateways: 'gateway',
  listeners: 'listener',
  routes: 'route',
  backends: 'backend',
  providers: 'provider',
  models: 'model',
  virtualModels: 'model',
  llm: 'llm',
} as const

/** What a policy is written for; `targeted` for those of the list `policies`, which name their target. */
export type PolicyLevelName = (typeof LEVELS)[keyof typeof LEVELS] | 'targeted'

/** The level that a place in the config belongs to: the innermost thing around it. */
export function levelAt(path: Path): PolicyLevelName {
  if (path[0] === 'policies') return 'targeted'
  // A gateway may be called anything.
  const words = path[0] === 'gateways' ? path.toSpliced(1, 1) : path
  const around = words.findLast(
    (step): step is keyof typeof LEVELS => typeof step === 'string' && step in LEVELS,
  )
  return around === undefined ? 'gateway' : LEVELS[around]
}
