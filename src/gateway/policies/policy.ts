import type { Path } from '../../config/diagnostic.ts'
import type { BackendPolicies, RoutePolicies } from '../../config/schema.ts'
import type { CredentialPlace } from '../auth/location.ts'
import type { AskedCredential } from '../auth/named-place.ts'
import type { Cel } from '../cel/cel.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import type { Kept } from '../kept.ts'

/** Whatever may stand under `policies`, be it of a gateway, a listener, a route or a backend. */
export type Policies = Partial<RoutePolicies> & Pick<BackendPolicies, 'http' | 'tcp' | 'health'>

/** A policy's key in the config, which is the same wherever it stands. */
export type PolicyName = keyof Policies

/** Undefined lets the request go on; an answer ends it. */
export type Verdict = Answer | undefined

/** One policy of one level, compiled: what it does to each request. */
export interface Step {
  readonly name: PolicyName
  /** Where it stands in the config. */
  readonly path: Path
  /** All it does is let time pass: explanations leave it out. */
  readonly passesTime?: boolean
  /** Not everybody gets past it: clients have to show something, or rules decide. */
  readonly isGuard?: boolean
  /** What clients have to show it. */
  readonly asks?: AskedCredential
  /** What it would have to fetch to judge this request; undefined for nothing. Explanations fetch nothing. */
  needs?(exchange: Exchange): string | undefined
  /** Must not throw for anything a client sends; returns a promise only when there is something to wait for. */
  run(exchange: Exchange): Verdict | Promise<Verdict>
}

/** What one level of the config says of a policy. */
export interface Placed<N extends PolicyName> {
  readonly value: NonNullable<Policies[N]>
  readonly path: Path
  /** Undefined: that of the context. */
  readonly owner?: string
}

/** What compiling a policy may need besides its config. */
export interface PolicyContext {
  /** Key of the listener, route, backend or targeted policy: the same over reloads as long as that keeps its name. */
  readonly owner: string
  /** The same for another owner. */
  for(owner: string): PolicyContext
  /** Bytes of a body that is gathered where nothing else is said. */
  readonly maxBodyBytes: number
  /** Compiles expressions. */
  readonly cel: Cel
  /** Relative paths start at the working directory. */
  readonly readFile: (path: string) => string
  /**
   * Something that a step keeps between requests. It survives a reload as long as `owner`, `kind` and `config` (plain
   * JSON) stay the same; the step asks for it with `exchange.generation.state(kept)`. `begin` is called once a gateway
   * serves that clients can reach, for what should not wait for the first request.
   */
  keep<T>(kind: string, config: unknown, create: () => T, begin?: Kept<T>['begin']): Kept<T>
  /** What of the texts of a part of the config is secret: an upstream that is given it may repeat it, and no client may read it. */
  secretsIn(written: unknown): readonly string[]
  /** Clients put credentials there: no log shows the value. */
  hide(place: CredentialPlace): void
}

/** A kind of policy: how its config becomes a step. */
export interface PolicyKind<N extends PolicyName = PolicyName> {
  readonly name: N
  /**
   * `levels` holds every level that sets the policy, the strongest first; most policies look at the first alone.
   * Undefined when it comes to nothing. Throws CONFIG_INVALID, with the place, for what cannot be run.
   */
  compile(levels: readonly [Placed<N>, ...Placed<N>[]], context: PolicyContext): Step | undefined
}
