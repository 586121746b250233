import { distanceOf } from './hosts.ts'
import type { FileRule } from './rule.ts'
import { authKind } from './scene-levels.ts'
import { authOf, hasTls, type Upstream } from './scene-upstreams.ts'
import { isSet, valueAt } from './tree.ts'

/** Keys on their way over a network without TLS, and calls that a TLS port cannot understand. */
export const clearText: FileRule = ({ data, scene, report }) => {
  const targeted = scene.targeted.some(({ policy }) => isSet(policy['backendTLS']))
  if (targeted) return
  // A tunnel carries what the client speaks, TLS too.
  const tunnels = ['route', 'tunnel'].includes(String(valueAt(data, 'frontendPolicies', 'connect', 'mode')))
  for (const upstream of scene.upstreams) {
    const { address } = upstream
    if (address === undefined || hasTls(upstream) || (tunnels && upstream.kind === 'host')) continue
    const distance = distanceOf(address.host)
    if (address.port === 443) {
      report({
        code: 'PLAIN_TO_TLS_PORT',
        path: address.path,
        message: `agentgateway speaks plain HTTP here, to a port that speaks TLS: the call fails${sendsCredential(upstream) ? ', and the key has gone out in clear text' : ''}`,
        hint: remedy(upstream),
      })
    } else if (distance !== 'loopback' && sendsCredential(upstream)) {
      report({
        code: distance === 'public' ? 'KEY_IN_CLEAR' : 'KEY_IN_CLEAR_PRIVATE',
        path: address.path,
        message:
          distance === 'public'
            ? 'the key goes to this host without TLS: whoever is on the way can read it'
            : 'the key goes to this host without TLS: whoever is in that network can read it',
        hint: remedy(upstream),
      })
    }
  }
}

function remedy({ kind, path, address }: Upstream): string {
  if (path[0] === 'llm') {
    return address?.path.at(-1) === 'baseUrl'
      ? 'write https:// in baseUrl'
      : 'write params.baseUrl with https://, or add tls: {}'
  }
  return kind === 'mcp'
    ? 'write host as a URL with https://'
    : 'add `backendTLS: {}` to the policies of this backend'
}

/** The gateway's own key, or, to a provider, that of the client. */
function sendsCredential(upstream: Upstream): boolean {
  const kind = authKind(authOf(upstream)?.value)
  if (kind === 'none' || kind === 'passthrough') return upstream.kind === 'ai' && kind === 'passthrough'
  return true
}
