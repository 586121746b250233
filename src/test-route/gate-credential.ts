import type { Path } from '../config/diagnostic.ts'
import type { Secret } from '../secrets/secret.ts'

/** The header in which a policy looks for the credential of a client. */
export interface GatePlace {
  readonly name: string
  readonly prefix: string
  /** User and password, as the header has them. */
  readonly isBasic: boolean
}

/** Policies that ask a client who it is. */
const POLICIES = new Set(['apiKey', 'jwtAuth', 'basicAuth', 'mcpAuthentication'])

/** Where the policy at `path` looks for a credential, if it is such a policy and looks into a header. */
export function gatePlace(path: Path | undefined, config: object): GatePlace | undefined {
  const policy = path?.findLast(step => typeof step === 'string' && POLICIES.has(step))
  if (path === undefined || policy === undefined) return undefined
  let node: unknown = config
  for (const step of path.slice(0, path.lastIndexOf(policy) + 1))
    node = (node as Record<string | number, unknown> | undefined | null)?.[step]
  const { location } = (node ?? {}) as { readonly location?: Readonly<Record<string, unknown>> | null }
  const isBasic = policy === 'basicAuth'
  if (location === undefined || location === null)
    return { name: 'authorization', prefix: isBasic ? 'Basic ' : 'Bearer ', isBasic }
  const { header } = location as {
    readonly header?: { readonly name: string; readonly prefix?: string | null }
  }
  return header && { name: header.name.toLowerCase(), prefix: header.prefix ?? '', isBasic }
}

/** The header with that credential. */
export function gateHeader(
  { name, prefix, isBasic }: GatePlace,
  key: Secret,
): Readonly<Record<string, string>> {
  const text = key.reveal()
  return { [name]: prefix + (isBasic ? Buffer.from(text).toString('base64') : text) }
}
