import type { Path } from '../diagnostic.ts'
import { isNode, isSet, listAt, type Node, nodeAt, nodesAt, valueAt } from './tree.ts'

/** Policies that one place gives to the calls of an upstream. */
export interface Level {
  /** As written; undefined where there are none. */
  readonly policies: Node | undefined
  /** How the gateway authenticates, as written, and where. */
  readonly auth: { readonly value: unknown; readonly path: Path } | undefined
  readonly tls: boolean
  /** When an upstream counts as unhealthy and is left out. */
  readonly health: Node | undefined
  /** Request headers that are added or replaced, and those that are dropped; in small letters. */
  readonly sets: ReadonlySet<string>
  readonly removes: ReadonlySet<string>
}

/** The level of a `policies` section, of an `llm` model, or of the defaults of an `llm` provider. */
export function levelOf(policies: Node | undefined, path: Path): Level {
  if (policies === undefined) return EMPTY
  const authName = isSet(policies['auth']) ? 'auth' : 'backendAuth'
  const auth = policies[authName]
  const changes = [
    nodeAt(policies, 'requestHeaderModifier'),
    nodeAt(policies, 'requestHeaders'),
    ...transformationsOf(policies).map(one => nodeAt(one, 'request')),
  ].filter(isNode)
  return {
    policies,
    auth: isSet(auth) ? { value: auth, path: [...path, authName] } : undefined,
    tls: isSet(policies['backendTLS']) || isSet(policies['tls']),
    health: nodeAt(policies, 'health'),
    sets: namesIn(changes, change => [...headers(change['set']), ...headers(change['add'])]),
    removes: namesIn(changes, change => listAt(change, 'remove').map(name => String(name).toLowerCase())),
  }
}

const NONE: ReadonlySet<string> = new Set()
const EMPTY: Level = {
  policies: undefined,
  auth: undefined,
  tls: false,
  health: undefined,
  sets: NONE,
  removes: NONE,
}

function namesIn(changes: readonly Node[], read: (change: Node) => string[]): ReadonlySet<string> {
  return changes.length === 0 ? NONE : new Set(changes.flatMap(read))
}

/** A level that gives a key and nothing else. */
export function keyLevel(key: unknown, path: Path): Level {
  return { ...EMPTY, auth: { value: { key }, path } }
}

function transformationsOf(policies: Node | undefined): Node[] {
  const transformations = nodeAt(policies, 'transformations')
  if (transformations === undefined) return []
  return [transformations, ...nodesAt(transformations, 'conditional').map(([one]) => one)]
}

function headers(map: unknown): string[] {
  return isNode(map) ? Object.keys(map).map(name => name.toLowerCase()) : []
}

export type AuthKind = 'key' | 'passthrough' | 'credentials' | 'identity' | 'none'

/** What a `backendAuth` or `auth` value comes to. */
export function authKind(value: unknown): AuthKind {
  if (!isNode(value)) return isSet(value) ? 'identity' : 'none'
  if (isSet(value['key'])) return 'key'
  if ('passthrough' in value) return 'passthrough'
  const others = Object.keys(value).filter(name => name !== 'credentials')
  return others.length === 0 ? 'credentials' : 'identity'
}

/** Where a key of `backendAuth` was told to go; undefined for the usual place. */
export function keyLocation(auth: unknown): Node | undefined {
  return nodeAt(auth, 'key', 'location')
}

/** The key of the client's credential check, and where it looks for it. */
export interface ClientCheck {
  readonly kind: 'apiKey' | 'jwtAuth' | 'basicAuth' | 'oidc' | 'mcpAuthentication' | 'extAuthz'
  readonly path: Path
  readonly node: Node
}

const CHECKS: readonly ClientCheck['kind'][] = [
  'apiKey',
  'jwtAuth',
  'basicAuth',
  'oidc',
  'mcpAuthentication',
  'extAuthz',
]

/** What a section of policies checks clients by. */
export function checksOf(policies: Node | undefined, path: Path): ClientCheck[] {
  if (policies === undefined) return []
  return CHECKS.flatMap(kind => {
    const node = nodeAt(policies, kind)
    return node === undefined ? [] : [{ kind, node, path: [...path, kind] }]
  })
}

/** True when a check takes the credential out of the usual Authorization header, and lets no other one pass there. */
export function stripsAuthorization({ kind, node }: ClientCheck): boolean {
  if (kind === 'basicAuth') return node['mode'] === 'strict' && !isSet(node['authorizationLocation'])
  if (kind !== 'apiKey' && kind !== 'jwtAuth' && kind !== 'mcpAuthentication') return false
  if (node['mode'] === 'permissive') return false
  const location = nodeAt(node, 'location') ?? nodeAt(node, 'authorizationLocation')
  return (
    location === undefined || String(valueAt(location, 'header', 'name')).toLowerCase() === 'authorization'
  )
}

/** A policy of the list that names what it applies to. What exactly that is, is not followed. */
export interface Targeted {
  readonly path: Path
  readonly policy: Node
}

/** The list of policies that name what they apply to. */
export function targetedOf(data: Node): Targeted[] {
  return nodesAt(data, 'policies').map(([one, index]) => ({
    path: ['policies', index, 'policy'],
    policy: nodeAt(one, 'policy') ?? {},
  }))
}
