import { createSecureContext } from 'node:tls'
import type { Path } from '../../config/diagnostic.ts'
import { CIPHER_SUITES } from '../../config/schema/tls.ts'
import { invalid } from './invalid.ts'

/** A cipher suite of the config as OpenSSL writes it. */
function opensslName(name: string): string {
  const [iana, other] = Object.entries(CIPHER_SUITES).find(names => names.includes(name)) ?? [name, name]
  // Only those of TLS 1.2 are called otherwise.
  return iana.startsWith('TLS_ECDHE_') ? other : iana
}

/** The suites of a config; undefined where it names none, and OpenSSL's own choice holds. */
export interface Suites {
  /** As OpenSSL reads them. */
  readonly text: string
  readonly hasNew: boolean
  readonly hasOld: boolean
}

export function suitesOf(names: readonly string[] | null | undefined): Suites | undefined {
  if (names === undefined || names === null || names.length === 0) return undefined
  const known = names.map(opensslName)
  // TLS 1.3 has suites of its own.
  const isNew = (name: string): boolean => name.startsWith('TLS_')
  return { text: known.join(':'), hasNew: known.some(isNew), hasOld: !known.every(isNew) }
}

/** Key exchange groups as OpenSSL reads them; undefined where the config names none. Throws for one that it does not have. */
export function groupsOf(names: readonly string[] | null | undefined, path: Path): string | undefined {
  if (names === undefined || names === null || names.length === 0) return undefined
  const known = names.map(name => (name === 'X25519_MLKEM768' ? 'X25519MLKEM768' : name))
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
