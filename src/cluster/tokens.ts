import { isNode, listAt, textAt, valueAt } from '../config/rules/tree.ts'
import { isObject } from '../json.ts'
import { type KubernetesObject, staticBackend } from '../kubernetes/index.ts'
import { locationWords } from './locations.ts'
import { backendRef, type ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { requireReachable } from './upstreams.ts'
import { MOST_ITEMS, type Words } from './words.ts'

const MODES = { strict: 'Strict', optional: 'Optional', permissive: 'Permissive' } as const
const LONGEST_ISSUER = 256
const LONGEST_JWKS = 65_536
/** What agentgateway itself takes where the server says nothing; the controller takes 5m. */
const CACHED = '15m'
/** Members of a JSON Web Key that are secret (RFC 7518, section 6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** `jwtAuth` as `jwtAuthentication` of a policy, and the backends that keys are fetched from. */
export function tokenWords(
  value: unknown,
  scene: ExportScene,
  wanted: string,
): { readonly traffic: Words; readonly objects: readonly KubernetesObject[] } {
  const several = listAt(value, 'providers')
  const issuers = several.length > 0 ? several : [value]
  if (issuers.length > MOST_ITEMS * 4) unwritten('the controller takes no more than 64 issuers')
  const objects: KubernetesObject[] = []
  const providers = issuers.map(one => issuerWords(one, scene, wanted, objects))
  const location = isNode(value) ? locationWords(value['location']) : undefined
  const mode = MODES[(textAt(value, 'mode') ?? 'optional') as keyof typeof MODES]
  return {
    // Its own default is another one.
    traffic: { jwtAuthentication: { mode, providers, ...(location !== undefined && { location }) } },
    objects,
  }
}

function issuerWords(one: unknown, scene: ExportScene, wanted: string, objects: KubernetesObject[]): Words {
  const issuer = textAt(one, 'issuer')
  if (issuer === undefined || issuer.length > LONGEST_ISSUER)
    unwritten('the controller takes an issuer of 1 to 256 characters')
  const claims = valueAt(one, 'jwtValidationOptions', 'requiredClaims')
  if (Array.isArray(claims) && claims.join() !== 'exp')
    unwritten('the controller has no word for requiredClaims')
  const audiences = listAt(one, 'audiences').map(String)
  if (audiences.length > MOST_ITEMS * 4) unwritten('the controller takes no more than 64 audiences')
  return {
    issuer,
    ...(audiences.length > 0 && { audiences }),
    jwks: keysOf(isNode(one) ? one['jwks'] : undefined, scene, wanted, objects),
  }
}

function keysOf(jwks: unknown, scene: ExportScene, wanted: string, objects: KubernetesObject[]): Words {
  const url = textAt(jwks, 'url')
  if (url !== undefined) return remoteKeys(url, scene, wanted, objects)
  const file = textAt(jwks, 'file')
  const text = file === undefined ? jwks : scene.readFile(file)
  if (text === undefined) unwritten('the file of its keys cannot be read')
  return { inline: publicKeys(text) }
}

/** Throws {@link Unwritten} for keys that check tokens and make them, too. */
function publicKeys(text: unknown): string {
  const parsed = typeof text === 'string' && text.length <= LONGEST_JWKS ? parsedJson(text) : undefined
  const keys = listAt(parsed, 'keys')
  if (keys.length === 0) unwritten('its keys are no JSON that the controller would take')
  if (keys.some(key => isObject(key) && PRIVATE.some(member => member in key)))
    unwritten('a key in it is secret, and a manifest would show it')
  return JSON.stringify(parsed)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function remoteKeys(text: string, scene: ExportScene, wanted: string, objects: KubernetesObject[]): Words {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.search !== '' || url.hash !== '' || url.pathname === '/')
    unwritten('the address of its keys has no word there')
  requireReachable(text)
  const secure = url.protocol === 'https:'
  const address = `${url.hostname}:${url.port || (secure ? 443 : 80)}`
  const made = staticBackend(`${wanted}-keys`, scene.namespace, address, secure ? { tls: {} } : {})
  if (made === undefined) unwritten('the address of its keys has no word there')
  const placed = scene.names.place(made)
  objects.push(placed)
  return {
    remote: {
      jwksPath: url.pathname.slice(1),
      cacheDuration: CACHED,
      backendRef: backendRef(placed.metadata.name),
    },
  }
}
