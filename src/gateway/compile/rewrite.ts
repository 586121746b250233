import type { RoutePolicies } from '../../config/schema.ts'
import { type Failure, NO_PREFIX, PREFIX_GONE } from '../failures.ts'
import { type Match, prefixCovers } from '../routing/match.ts'
import { type AuthorityOf, compileAuthority } from './authority.ts'

type Rewrite = RoutePolicies['urlRewrite']

/** The path to go on with, or why there is no prefix in it to replace. */
export type PathOf = (path: string, match: Match | undefined) => string | Failure

export interface CompiledRewrite {
  /** `auto` for the backend's own name, undefined to leave the client's, else fixed or computed. */
  readonly authority: string | AuthorityOf | undefined
  readonly path: PathOf | undefined
}

/** Puts `replacement` in the place of the prefix that matched; of two slashes that meet one stays. */
function replacePrefix(replacement: string): PathOf {
  return (path, match) => {
    if (match === undefined || !('prefix' in match.path)) return NO_PREFIX
    const { prefix } = match.path
    // Policies before this one may have changed the path that the route was chosen by.
    if (!prefixCovers(prefix, path)) return PREFIX_GONE
    const rest = path.slice(prefix.length)
    return (rest.startsWith('/') ? withoutSlash(replacement) : replacement) + rest || '/'
  }
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text
}

/** The `path` of a rewrite or a redirect. */
export function compilePath(path: NonNullable<Rewrite>['path']): PathOf | undefined {
  const { full, prefix } = path ?? {}
  if (full !== undefined) return () => full || '/'
  return prefix === undefined ? undefined : replacePrefix(prefix)
}

/** `policies.urlRewrite`; without it the backend is called by its own name. */
export function compileRewrite(rewrite: Rewrite): CompiledRewrite {
  return { authority: authorityOf(rewrite?.authority ?? 'auto'), path: compilePath(rewrite?.path) }
}

function authorityOf(
  authority: NonNullable<NonNullable<Rewrite>['authority']>,
): string | AuthorityOf | undefined {
  if (typeof authority === 'string') return authority === 'auto' ? authority : undefined
  return authority.full ?? authority.host ?? compileAuthority(authority, { keepsPort: false })
}
