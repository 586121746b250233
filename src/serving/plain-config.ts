import { Secret } from '../secrets/index.ts'

/** What is no plain data goes as a map, of which a config has none: no key of a config can be taken for a mark. */
type Mark = ReadonlyMap<'secret', SentSecret> | ReadonlyMap<'list', number>

/** Value, reference and digest; then the key before it and until when that is kept, where there is one. */
type SentSecret = [
  value: string,
  reference: string,
  digest: string,
  before: string | undefined,
  until: number | undefined,
]

function encodeSecret(secret: Secret): SentSecret {
  const { reference, former } = secret
  return [secret.reveal(), reference, secret.digest(), former?.secret.reveal(), former?.until]
}

function decodeSecret([value, reference, digest, before, until = 0]: SentSecret): Secret {
  const former = before === undefined ? undefined : { secret: new Secret(before, reference), until }
  return new Secret(value, reference, former, digest)
}

/** A config as data that a channel carries, its secrets as marks. `apart` takes over long lists and gives each a number. */
export function encodeConfig(
  value: unknown,
  apart?: (list: readonly unknown[]) => number | undefined,
): unknown {
  if (value instanceof Secret) return new Map([['secret', encodeSecret(value)]]) satisfies Mark
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const number = apart?.(value)
    if (number !== undefined) return new Map([['list', number]]) satisfies Mark
    return value.map(item => encodeConfig(item, apart))
  }
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    put(out, key, encodeConfig((value as Record<string, unknown>)[key], apart))
  }
  return out
}

/** The way back. `onSecret` hears of every secret, `listOf` gives the lists that were taken apart. */
export function decodeConfig(
  value: unknown,
  onSecret: ((secret: Secret) => void) | undefined,
  listOf?: (number: number) => unknown,
): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => decodeConfig(item, onSecret, listOf))
  if (value instanceof Map) return decodeMark(value, onSecret, listOf)
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    put(out, key, decodeConfig((value as Record<string, unknown>)[key], onSecret, listOf))
  }
  return out
}

function decodeMark(
  mark: ReadonlyMap<string, unknown>,
  onSecret: ((secret: Secret) => void) | undefined,
  listOf: ((number: number) => unknown) | undefined,
): unknown {
  if (mark.has('list')) return listOf?.(mark.get('list') as number)
  const secret = decodeSecret(mark.get('secret') as SentSecret)
  for (const known of [secret, secret.former?.secret]) if (known !== undefined) onSecret?.(known)
  return secret
}

/** A key called `__proto__` is data like any other. */
function put(out: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') out[key] = value
  else Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true })
}
