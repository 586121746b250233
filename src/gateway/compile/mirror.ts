import { isIP } from 'node:net'
import type { Path } from '../../config/diagnostic.ts'
import { RequestHeaders } from '../headers.ts'
import type { Mirror } from '../mirror.ts'
import type { Placed } from '../policies/policy.ts'
import { invalid } from './invalid.ts'
import { levelsOf, type PolicyLevel, strongestOf } from './policies.ts'
import { compileRewrite } from './rewrite.ts'
import type { RouteContext } from './route.ts'
import { compileUpstream, type PlacedTls, parseAddress } from './upstream.ts'

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
  const { host, tls } = targetOf(value.backend, [...path, 'backend'], context)
  const upstream = compileUpstream(parseAddress(host.text, host.path), tls, context.settings)
  const { authority } = compileRewrite(strongestOf(route, 'urlRewrite'))
  return [
    {
      upstream,
      share: value.percentage,
      requestHeaders: new RequestHeaders([]),
      authority:
        typeof authority === 'string' && authority !== 'auto' ? authority : ownName(upstream.hostname),
    },
  ]
}

/** An address keeps the client's host, a name is called by it. */
function ownName(hostname: string): string | undefined {
  return isIP(hostname) === 0 ? hostname : undefined
}

function targetOf(
  backend: Placed<'requestMirror'>['value']['backend'],
  path: Path,
  { named }: RouteContext,
): { host: { text: string; path: Path }; tls: PlacedTls | undefined } {
  if (backend.host !== undefined)
    return { host: { text: backend.host, path: [...path, 'host'] }, tls: undefined }
  const found = named.get((backend.backend ?? '').replace(/^\//, ''))
  if (found?.backend.host === undefined) {
    throw invalid(
      path,
      'copies of requests go to plain hosts here',
      'name a host, or an entry of `backends` with one',
    )
  }
  const { host, policies } = found.backend
  const tls = policies?.backendTLS
  return {
    host: { text: host, path: [...found.path, 'host'] },
    tls: tls ? { tls, path: [...found.path, 'policies', 'backendTLS'] } : undefined,
  }
}
