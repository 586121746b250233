import type { Path } from '../../config/diagnostic.ts'
import type { RoutePolicies } from '../../config/schema.ts'
import { type Match, trimPath } from '../match.ts'
import { invalid } from './invalid.ts'

export interface CompiledRewrite {
  /** Fixed text, `auto` for the backend's own name, undefined to leave the client's. */
  readonly authority: string | undefined
  readonly path: ((path: string, match: Match) => string) | undefined
}

/** Puts `replacement` in the place of the prefix that matched, with one slash between the two. */
function replacePrefix(replacement: string): (path: string, match: Match) => string {
  const start = trimPath(replacement)
  return (path, match) => {
    const matched = 'prefix' in match.path ? match.path.prefix : ''
    const rest = path.slice(matched.length)
    return start + rest || '/'
  }
}

/** `policies.urlRewrite`; without it the backend is called by its own name. */
export function compileRewrite(rewrite: RoutePolicies['urlRewrite'], path: Path): CompiledRewrite {
  const authority = rewrite?.authority ?? 'auto'
  const full = rewrite?.path?.full
  const prefix = rewrite?.path?.prefix
  return {
    authority: compileAuthority(authority, [...path, 'authority']),
    path: full !== undefined ? () => full : prefix !== undefined ? replacePrefix(prefix) : undefined,
  }
}

type Authority = NonNullable<NonNullable<RoutePolicies['urlRewrite']>['authority']>

function compileAuthority(authority: Authority, path: Path): string | undefined {
  if (authority === 'auto') return 'auto'
  if (authority === 'none') return undefined
  if (authority.full !== undefined) return authority.full
  throw invalid(path, 'only whole authorities are rewritten here', 'write full: "host:port", auto or none')
}
