import { suggested } from '../../suggested.ts'
import type { KeySlot } from '../slots.ts'
import { distanceOf } from './hosts.ts'
import type { FileRule } from './rule.ts'
import { authKind, stripsAuthorization } from './scene-levels.ts'
import { authOf, type Upstream } from './scene-upstreams.ts'
import { pathKey, startsWith } from './tree.ts'

/** Providers for which the gateway has an identity of its own when no key is given. */
const CLOUD = new Set(['azure', 'bedrock', 'vertex', 'copilot'])
/** Providers that clients can give a key in another header than Authorization. */
const OTHER_HEADERS = new Set(['anthropic', 'gemini', 'azure'])
/** Headers a key can be put into by hand. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/** Where no key is configured, whatever credential the client sends goes on to the provider. */
export const clientCredentials: FileRule = ({ scene, slots, report }) => {
  const byPlace = new Map<string, Upstream[]>()
  for (const upstream of scene.upstreams) {
    if (upstream.kind !== 'ai') continue
    const key = pathKey(upstream.path)
    byPlace.set(key, [...(byPlace.get(key) ?? []), upstream])
  }
  const given = (upstream: Upstream): boolean =>
    ['key', 'identity', 'credentials'].includes(authKind(authOf(upstream)?.value))
  if ([...byPlace.values()].every(upstreams => upstreams.every(given))) return
  for (const slot of slots()) {
    if (slot.method === 'none') {
      const place = slot.path[0] === 'llm' ? slot.path.slice(0, 3) : slot.path.slice(0, -3)
      const upstreams = byPlace.get(pathKey(place)) ?? []
      if (upstreams.length === 0 || !upstreams.every(isKeyless)) continue
      if (upstreams.every(({ checks }) => checks.length === 0)) {
        report({
          code: 'CLIENT_CREDENTIAL_FORWARDED',
          path: slot.path,
          message: `nothing gives ${slot.name} a key, so each client's own credential is sent to the provider`,
          hint: `if that is meant, say so with \`passthrough: {}\`; else ${suggested('keys', 'set', slot.name, '--method', 'env')}`,
        })
      } else if (upstreams.every(upstream => losesCredential(upstream, false))) report(taken(slot))
    }
    if (slot.method === 'passthrough') {
      const upstreams = scene.upstreams.filter(one => isAuthOf(one, slot))
      if (upstreams.length > 0 && upstreams.every(upstream => losesCredential(upstream, true)))
        report(taken(slot))
    }
  }
}

function taken(slot: KeySlot): Parameters<Parameters<FileRule>[0]['report']>[0] {
  return {
    code: 'CLIENT_KEY_TAKEN',
    path: slot.path,
    message: `the gateway checks its clients' credentials and takes them off the request, so ${slot.name} gets none at all`,
    hint: `give it a key with ${suggested('keys', 'set', slot.name, '--method', 'env')}, or let clients send the gateway's key in a header of its own (\`apiKey.location.header.name\`)`,
  }
}

function isAuthOf(upstream: Upstream, slot: KeySlot): boolean {
  const auth = authOf(upstream)
  return upstream.kind === 'ai' && auth !== undefined && startsWith(slot.path, auth.path)
}

function isKeyless(upstream: Upstream): boolean {
  const identity = CLOUD.has(upstream.provider) && upstream.address === undefined
  return authOf(upstream) === undefined && !identity && !isLocal(upstream) && !setsCredential(upstream)
}

function isLocal({ address }: Upstream): boolean {
  return address !== undefined && distanceOf(address.host) === 'loopback'
}

function setsCredential({ levels }: Upstream): boolean {
  return levels.some(({ sets, removes }) =>
    CREDENTIAL_HEADERS.some(header => sets.has(header) || removes.has(header)),
  )
}

/** The client's credential is taken off, and nothing takes its place. A passed-on JWT is put back. */
function losesCredential(upstream: Upstream, passthrough: boolean): boolean {
  const { checks, provider } = upstream
  if (OTHER_HEADERS.has(provider) || isLocal(upstream) || setsCredential(upstream)) return false
  const strips = checks.filter(stripsAuthorization)
  return (
    strips.length > 0 &&
    !(passthrough && strips.some(({ kind }) => kind === 'jwtAuth' || kind === 'mcpAuthentication'))
  )
}
