import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { stringify } from 'yaml'
import { encryptAge } from '../../../src/secrets/age.ts'

/** What `sops encrypt` would be told. */
export interface SopsOptions {
  readonly recipients: readonly string[]
  /** Keys whose values stay in the clear. */
  readonly clear?: readonly string[]
  readonly encryptedOnly?: boolean
}

/**
 * Writes a file as SOPS does, after its published format: there is no `sops` to install here, so this stands in for it.
 * It shares no code with the reader.
 */
export async function writeSops(tree: Record<string, unknown>, options: SopsOptions): Promise<string> {
  const key = randomBytes(32)
  const modified = '2026-11-26T04:00:00Z'
  const hash = createHash('sha512')
  if (options.encryptedOnly) hash.update(createHash('sha256').update('sops').digest())
  const seal = (text: string, bound: string, type = 'str'): string => {
    const iv = randomBytes(32)
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound))
    const data = Buffer.concat([cipher.update(text), cipher.final()])
    const parts = [data, iv, cipher.getAuthTag()].map(bytes => bytes.toString('base64'))
    return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:${type}]`
  }
  const walk = (node: unknown, path: string[]): unknown => {
    if (Array.isArray(node)) return node.map(one => walk(one, path))
    if (typeof node === 'object' && node !== null) {
      return Object.fromEntries(
        Object.entries(node).map(([name, child]) => [name, walk(child, [...path, name])]),
      )
    }
    const text = typeof node === 'boolean' ? (node ? 'True' : 'False') : String(node)
    const clear = options.clear?.some(name => path.includes(name)) ?? false
    if (!clear || !options.encryptedOnly) hash.update(text)
    const types: Record<string, string> = {
      boolean: 'bool',
      number: Number.isInteger(node) ? 'int' : 'float',
    }
    return clear ? node : seal(text, `${path.join(':')}:`, types[typeof node])
  }
  const content = walk(tree, []) as object
  const enc = await Promise.all(options.recipients.map(one => encryptAge(key, [one]).then(armored)))
  return stringify({
    ...content,
    sops: {
      age: options.recipients.map((recipient, index) => ({ recipient, enc: enc[index] })),
      lastmodified: modified,
      mac: seal(hash.digest('hex').toUpperCase(), modified),
      ...(options.encryptedOnly && { mac_only_encrypted: true }),
      version: '3.13.2',
    },
  })
}

function armored(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN AGE ENCRYPTED FILE-----', ...lines, '-----END AGE ENCRYPTED FILE-----', ''].join('\n')
}
