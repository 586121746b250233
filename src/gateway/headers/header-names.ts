/**
 * Headers that belong to one connection, RFC 9110 §7.6.1 and what old clients send besides. They are never passed on
 * in either direction, nor is any name that a `Connection` header lists.
 */
export const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Where a body ends: two words about it, and what follows is taken for another message. No config has a say in them. */
export const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** `content-type` → `Content-Type` */
function titled(name: string): string {
  return name.replace(/(^|-)[a-z]/g, start => start.toUpperCase())
}

/**
 * What to do with a header by its name, whatever its spelling. The two usual spellings of the names it was made of
 * are found without lower-casing, which on the request path is most of the cost of a look-up.
 */
export class NameTable<T> {
  readonly #bySpelling = new Map<string, T>()
  readonly #fallback: T

  /** `common` names share the fallback; listing them only makes them quick to find. */
  constructor(entries: Iterable<readonly [string, T]>, fallback: T, common: readonly string[]) {
    this.#fallback = fallback
    for (const name of common) this.#add(name, fallback)
    for (const [name, value] of entries) this.#add(name.toLowerCase(), value)
  }

  #add(name: string, value: T): void {
    this.#bySpelling.set(name, value)
    this.#bySpelling.set(titled(name), value)
  }

  get(name: string): T {
    return this.#bySpelling.get(name) ?? this.#bySpelling.get(name.toLowerCase()) ?? this.#fallback
  }
}

/** Of headers as names and values in turn those whose name, in lower case, is one to keep. */
export function headersWhere(headers: readonly string[], isKept: (name: string) => boolean): string[] {
  return headers.filter((_, i) => isKept((headers[i - (i % 2)] ?? '').toLowerCase()))
}

/** The names a `Connection` header lists, in lower case; undefined where it lists nothing but its own options. */
export function listedNames(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(connection.split(',').map(name => name.trim().toLowerCase()))
}

const CREDENTIAL = /key|auth|session|credential|token|secret|password|cookie/i

/** Whether a config that sets the header by hand gives a credential in it, as far as its name tells. */
export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL.test(name)
}
