import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'

/** One value as SOPS encrypts it. */
const FORM =
  /^ENC\[AES256_GCM,data:([A-Za-z0-9+/=]*),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:(str|int|float|bool|bytes)\]$/

/** Trying a key costs time. */
const MOST_AGE_KEYS = 256

/** Its hash comes first where the MAC is over encrypted values only, so that neither kind of MAC passes for the other. */
const ENCRYPTED_ONLY = 'sops'

/** A tree of `Map`s, arrays and values, in the order of the file. */
type Tree = ReadonlyMap<unknown, unknown>

/** What a file says of its own encryption. */
export interface SopsMetadata {
  /** The data key, encrypted with age for each recipient, the first 256 of them; armored. */
  readonly ageKeys: readonly string[]
  /** Other kinds of keys that it names: `kms`, `pgp`, … */
  readonly others: readonly string[]
  /** The key is split between groups. */
  readonly split: boolean
  readonly lastModified: string
  readonly mac: string
  readonly encryptedOnly: boolean
}

/** The metadata of a tree; `undefined` when it is not of SOPS. */
export function sopsMetadata(tree: unknown): SopsMetadata | undefined {
  const about = tree instanceof Map ? tree.get('sops') : undefined
  if (!(about instanceof Map)) return undefined
  const age: unknown = about.get('age')
  const ageKeys = (Array.isArray(age) ? age.slice(0, MOST_AGE_KEYS) : []).flatMap(one =>
    one instanceof Map && typeof one.get('enc') === 'string' ? [String(one.get('enc'))] : [],
  )
  const kinds = ['kms', 'gcp_kms', 'azure_kv', 'hc_vault', 'pgp']
  const isUsed = (kind: string): boolean => Array.isArray(about.get(kind)) && about.get(kind).length > 0
  return {
    ageKeys,
    others: kinds.filter(isUsed),
    split: isUsed('key_groups'),
    lastModified: String(about.get('lastmodified') ?? ''),
    mac: String(about.get('mac') ?? ''),
    encryptedOnly: String(about.get('mac_only_encrypted')) === 'true',
  }
}

/**
 * Every value of a tree in the clear, keyed by its node, if all of it is as it was when SOPS wrote it: each encrypted
 * value is bound to its path, and the MAC covers all values. `undefined` when anything was changed.
 */
export function openSops(
  tree: Tree,
  { mac, lastModified, encryptedOnly }: SopsMetadata,
  key: Buffer,
): Opened | undefined {
  const hash = createHash('sha512')
  if (encryptedOnly) hash.update(createHash('sha256').update(ENCRYPTED_ONLY).digest())
  const values = new Map<string, string>()
  const uncovered = new Set<string>()
  const visit = (node: unknown, path: readonly string[], place: readonly (string | number)[]): boolean => {
    if (node === null || node === undefined) return true
    if (node instanceof Map) {
      return [...node].every(([name, child]) =>
        visit(child, [...path, String(name)], [...place, String(name)]),
      )
    }
    // The items of a list are bound to the path of the list.
    if (Array.isArray(node)) return node.every((child, index) => visit(child, path, [...place, index]))
    const sealed = typeof node === 'string' && node.startsWith('ENC[')
    const plain = sealed ? decrypt(node, key, `${path.join(':')}:`) : bytesOf(node)
    if (plain === undefined) return false
    if (sealed || !encryptedOnly) hash.update(plain)
    else uncovered.add(keyOf(place))
    values.set(keyOf(place), plain.toString('utf8'))
    return true
  }
  const content = new Map([...tree].filter(([name]) => name !== 'sops'))
  if (!visit(content, [], [])) return undefined
  const expected = decrypt(mac, key, lastModified)
  const found = Buffer.from(hash.digest('hex').toUpperCase(), 'latin1')
  if (expected?.length !== found.length || !timingSafeEqual(expected, found)) return undefined
  return { valueAt: place => values.get(keyOf(place)), isCovered: place => !uncovered.has(keyOf(place)) }
}

/** The index of a list may be written as a number or, in a path with dots, as text. */
function keyOf(place: readonly (string | number)[]): string {
  return JSON.stringify(place.map(String))
}

/** What was opened. */
export interface Opened {
  /** The value at a path of names and indexes, as text. */
  valueAt(place: readonly (string | number)[]): string | undefined
  /** Whether the MAC speaks for the value: with `mac_only_encrypted` it does not for one in the clear. */
  isCovered(place: readonly (string | number)[]): boolean
}

function decrypt(sealed: string, key: Buffer, bound: string): Buffer | undefined {
  const [, data = '', iv = '', tag = '', type] = FORM.exec(sealed) ?? []
  if (type === undefined) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(Buffer.from(tag, 'base64'))
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()])
  } catch {
    return undefined
  }
}

/** A value that is not encrypted, as SOPS hashes it. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  if (typeof value === 'boolean') return Buffer.from(value ? 'True' : 'False')
  return typeof value === 'bigint' || typeof value === 'number' ? Buffer.from(String(value)) : undefined
}
