import { createSecureContext } from 'node:tls'
import type { Path } from '../../config/diagnostic.ts'
import { invalid } from './invalid.ts'

/** Cipher suites by agentgateway's names, which are IANA's, and those of OpenSSL, which it knows as well. */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/** `TLS13_AES_…` and `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384` as OpenSSL writes them. */
function opensslName(name: string): string {
  const [, kind, cipher] = /^TLS_(ECDHE_(?:RSA|ECDSA))_WITH_(.*)$/.exec(name) ?? []
  if (kind === undefined || cipher === undefined) return name.replace(/^TLS13_/, 'TLS_')
  const short = cipher.replace(/^AES_/, 'AES').replace(/(?<=POLY1305)_SHA256$/, '')
  return `${kind}_${short}`.replaceAll('_', '-')
}

/** The suites of a config; undefined where it names none, and OpenSSL's own choice holds. */
export interface Suites {
  /** As OpenSSL reads them. */
  readonly text: string
  readonly hasNew: boolean
  readonly hasOld: boolean
}

/** Throws for a name that agentgateway does not have either. */
export function suitesOf(names: readonly string[] | null | undefined, path: Path): Suites | undefined {
  if (names === undefined || names === null || names.length === 0) return undefined
  const known = names.map((name, index) => {
    const found = opensslName(name)
    if (SUITES.includes(found)) return found
    throw invalid([...path, index], 'this cipher suite is not known', `write one such as ${SUITES[0]}`)
  })
  // TLS 1.3 has suites of its own.
  const isNew = (name: string): boolean => name.startsWith('TLS_')
  return { text: known.join(':'), hasNew: known.some(isNew), hasOld: !known.every(isNew) }
}

const GROUPS: Readonly<Record<string, string>> = {
  X25519: 'X25519',
  'P-256': 'P-256',
  'P-384': 'P-384',
  X25519_MLKEM768: 'X25519MLKEM768',
}

/** Key exchange groups as OpenSSL reads them; undefined where the config names none. */
export function groupsOf(names: readonly string[] | null | undefined, path: Path): string | undefined {
  if (names === undefined || names === null || names.length === 0) return undefined
  const known = names.map((name, index) => {
    const found = Object.hasOwn(GROUPS, name) ? GROUPS[name] : undefined
    if (found !== undefined) return found
    throw invalid([...path, index], 'this key exchange group is not known', 'write X25519, P-256 or P-384')
  })
  const groups = known.join(':')
  try {
    createSecureContext({ ecdhCurve: groups })
  } catch {
    throw invalid(
      path,
      'this Node.js does not have one of the key exchange groups',
      'leave X25519_MLKEM768 out, or take a Node.js with OpenSSL 3.5 or newer',
    )
  }
  return groups
}
