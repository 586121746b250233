import type { Path } from '../config/diagnostic.ts'
import type { PromptCaching, Provider } from '../providers/index.ts'
import type { Secret } from '../secrets/secret.ts'
import type { NamedPlace } from './auth/named-place.ts'
import type { Exchange } from './exchange.ts'
import type { FormerKey } from './headers/former-key.ts'
import type { AnswerHeaders, RequestHeaders } from './headers/headers.ts'
import type { AnswerGuards } from './llm/answer-guards.ts'
import type { BodyChanges } from './llm/body-changes.ts'
import type { RequestGuards } from './llm/guards.ts'
import type { PathTypes } from './llm/path-types.ts'
import type { Mirror } from './mirror.ts'
import type { Step } from './policies/policy.ts'
import type { EchoGuard } from './relay/echo.ts'
import type { HealthRule } from './traffic/rules.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What a request can be meant for. */
export type Target = Destination | ProviderGroups

/** Several providers in order of priority: a group is used once all of those before it are evicted. */
export interface ProviderGroups {
  readonly groups: readonly (readonly Destination[])[]
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
  readonly passthrough: NamedPlace | undefined
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
  readonly place: NamedPlace
}

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

/** A policy by its name, and where it stands in the config. */
export interface PlacedName {
  readonly name: string
  readonly path: Path
}

/** Every destination that a target may lead to. */
export function destinationsOf(target: Target): readonly Destination[] {
  return 'groups' in target ? target.groups.flat() : [target]
}
