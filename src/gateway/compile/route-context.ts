import type { Path } from '../../config/diagnostic.ts'
import type { NamedBackend } from '../../config/schema.ts'
import type { Cel } from '../cel/cel.ts'
import type { AnswerHeaders } from '../headers/headers.ts'
import type { PolicyContexts } from './policies.ts'
import type { TargetedPolicies } from './targets.ts'
import type { UpstreamSettings } from './upstream.ts'

/** What compiling a route needs besides the route. */
export interface RouteContext {
  readonly settings: UpstreamSettings
  readonly named: ReadonlyMap<string, { readonly backend: NamedBackend; readonly path: Path }>
  readonly untouched: AnswerHeaders
  readonly targeted: TargetedPolicies
  readonly policies: PolicyContexts
  readonly cel: Cel
}
