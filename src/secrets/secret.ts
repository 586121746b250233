import { createHash, hash } from 'node:crypto'
import { inspect } from 'node:util'

/**
 * A secret value. It prints, inspects and serialises as its reference, never as its value; `reveal()` is the
 * only way out and a test lists the files that may call it.
 */
export class Secret {
  readonly #value: string
  /** Where the value comes from, as a person would say it (`$OPENAI_API_KEY`, `file key.txt`). Holds no secret. */
  readonly reference: string
  /** The key that this one took the place of, and until when (milliseconds since 1970) it may be fallen back on. */
  readonly former: { readonly secret: Secret; readonly until: number } | undefined

  #digest: string | undefined

  /** `digest` is given where it is known already. */
  constructor(value: string, reference = 'inline', former?: Secret['former'], digest?: string) {
    this.#value = value
    this.#digest = digest
    this.reference = reference
    this.former = former
  }

  reveal(): string {
    return this.#value
  }

  /** Characters in the value. */
  get length(): number {
    return this.#value.length
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  /** SHA-256, its bytes as characters: half the memory of hexadecimal digits, which counts with a hundred thousand keys. */
  digest(): string {
    this.#digest ??= hash('sha256', this.#value, 'binary')
    return this.#digest
  }

  fingerprint(): string {
    return fingerprint(this.#value)
  }

  toString(): string {
    return `<secret ${this.reference}>`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/** Public prefixes of provider keys: what may be shown of a key besides its last four characters. */
const PREFIX =
  /^(?:sk-(?:proj|svcacct|admin|ant-[a-z]+\d\d|or-v1|lf)-|sk-|AIza|AQ\.|agw_sk_|gsk_|xai-|pplx-|csk-|nvapi-|hf_|r8_|vck_|tgp_v1_)/

/**
 * How a key is shown: recognised prefix, last four characters and the first 8 hex digits of its SHA-256, as in
 * `sk-proj-…x7Qa sha256:1a2b3c4d`; only the hash for a value shorter than 16 characters.
 */
export function fingerprint(value: string): string {
  const hash = `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 8)}`
  if (value.length < 16) return hash
  const prefix = PREFIX.exec(value)?.[0] ?? ''
  return `${prefix}…${value.slice(-4)} ${hash}`
}
