import { isIP } from 'node:net'
import type { Path } from '../../config/diagnostic.ts'
import { RequestHeaders } from '../headers/headers.ts'
import type { Mirror } from '../mirror.ts'
import type { Placed } from '../policies/policy.ts'
import { compileAuth } from './auth.ts'
import { editsOf, splitHost } from './header-edits.ts'
import { invalid } from './invalid.ts'
import { levelsOf, type PolicyLevel, strongestOf } from './policies.ts'
import { compileRewrite } from './rewrite.ts'
import type { RouteContext } from './route-context.ts'
import { compileUpstream, parseAddress } from './upstream.ts'

/** `requestMirror`: the route's, and the backend's that it came to. */
export function compileMirrors(
  route: readonly PolicyLevel[],
  backend: readonly PolicyLevel[],
  context: RouteContext,
): readonly Mirror[] {
  return [levelsOf(route, 'requestMirror')[0], levelsOf(backend, 'requestMirror')[0]].flatMap(placed =>
    placed === undefined ? [] : compileMirror(placed, route, context),
  )
}

function compileMirror(
  { value, path }: Placed<'requestMirror'>,
  route: readonly PolicyLevel[],
  context: RouteContext,
): Mirror[] {
  if (value.percentage === 0) return []
  const { host, policies, at } = targetOf(value.backend, [...path, 'backend'], context)
  for (const name of NOT_FOR_COPIES) {
    if (policies?.[name])
      throw invalid(
        [...at, name],
        'copies of requests do not go through this policy here',
        'send copies to a backend without it',
      )
  }
  const tls = policies?.backendTLS ? { tls: policies.backendTLS, path: [...at, 'backendTLS'] } : undefined
  const upstream = compileUpstream(parseAddress(host.text, host.path), tls, context.settings)
  const auth = policies?.backendAuth ? compileAuth(policies.backendAuth, [...at, 'backendAuth']) : undefined
  const written = splitHost([...(auth?.edits ?? []), ...editsOf(policies?.requestHeaderModifier)])
  const { authority } = compileRewrite(strongestOf(route, 'urlRewrite'))
  return [
    {
      upstream,
      share: value.percentage,
      requestHeaders: new RequestHeaders(written.others),
      queryCredentials: auth?.query ?? [],
      authority:
        authority === 'auto' ? (ownName(upstream.hostname) ?? written.host) : (written.host ?? authority),
    },
  ]
}

/** What agentgateway would do to a copy, and this does not. */
const NOT_FOR_COPIES = ['authorization', 'transformations', 'requestRedirect'] as const

/** An address keeps the client's host, a name is called by it. */
function ownName(hostname: string): string | undefined {
  return isIP(hostname) === 0 ? hostname : undefined
}

function targetOf(
  backend: Placed<'requestMirror'>['value']['backend'],
  path: Path,
  { named }: RouteContext,
): { host: { text: string; path: Path }; policies: PolicyLevel['policies']; at: Path } {
  if (backend.host !== undefined)
    return { host: { text: backend.host, path: [...path, 'host'] }, policies: undefined, at: path }
  const found = named.get((backend.backend ?? '').replace(/^\//, ''))
  if (found?.backend.host === undefined) {
    throw invalid(
      path,
      'copies of requests go to plain hosts here',
      'name a host, or an entry of `backends` with one',
    )
  }
  const { host, policies } = found.backend
  return { host: { text: host, path: [...found.path, 'host'] }, policies, at: [...found.path, 'policies'] }
}
