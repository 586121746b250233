import type { RouteType } from '../route-types.ts'
import type { Probe } from './probe.ts'

/** The body shapes a provider can be said to accept; the rest of the route types carry no shape. */
export type Format = Exclude<RouteType, 'models' | 'passthrough' | 'detect'>

/** A provider that agw knows by name; presets are `custom` providers with their settings filled in. */
export type ProviderKind = 'openAI' | 'anthropic' | 'gemini' | 'azure' | 'vertex' | 'bedrock' | 'custom'

/** What the upstream path of one request depends on. */
export interface PathFacts {
  readonly type: Format
  /** The model that goes upstream; empty when the request names none. */
  readonly model: string
  readonly streaming: boolean
}

/** What decides where a credential ends up on the way out. */
export interface FinishFacts {
  readonly type: RouteType
  readonly model: string
  /** The config names the place of the key itself, so the provider must not move it. */
  readonly explicitLocation: boolean
}

/** Everything that differs from one LLM provider to the next. Values are frozen; methods are pure. */
export interface Provider {
  readonly kind: ProviderKind
  /** `gen_ai.provider.name` in logs and metrics. */
  readonly telemetryName: string
  /** Host reached over TLS on port 443 unless the config says otherwise; undefined for `custom`. */
  readonly host: string | undefined
  /** Replaced by `pathPrefix` on paths that are passed through; undefined where the prefix goes in front. */
  readonly basePath: string | undefined
  /** Whether bodies of this shape are taken as they are. */
  accepts(format: Format, model: string): boolean
  /**
   * The upstream path (it may end in a query) for a shape that `accepts` takes or that was translated, below `prefix`. Throws
   * `TranslationError` for a model that no path can name.
   */
  path(facts: PathFacts, prefix: string | undefined): string
  /** Where `max_tokens` must be called `max_completion_tokens` for the newer models. */
  readonly renamesTokenLimit: boolean
  /** Last changes to a body of a shape that `accepts` takes, in place; true where there are any. */
  readonly prepare?: (body: Record<string, unknown>, facts: PathFacts) => boolean
  /** Last changes to the outgoing headers (name, value, name, value, …), after the key was inserted. */
  readonly finish?: (headers: string[], facts: FinishFacts) => void
  /** How a key is tried; undefined where no call is known that costs nothing. */
  readonly probe?: Probe | undefined
  /** Lower-case names of client headers that must never reach the provider. */
  readonly refusedHeaders?: readonly string[]
}

/** `/base/` and `/base` both become `/base`. */
export function trimSlashes(prefix: string): string {
  let end = prefix.length
  while (end > 0 && prefix.charCodeAt(end - 1) === 0x2f) end--
  return prefix.slice(0, end)
}
