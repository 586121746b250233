import { fingerprint, type Secret } from '../../secrets/secret.ts'

/** The key before the one that is sent, for as long as a provider may know only that one. Holds both; shows neither. */
export class FormerKey {
  readonly #now: string
  readonly #before: string
  readonly #until: number

  /** Undefined where the key has not just been rotated. */
  static of(secret: Secret | undefined): FormerKey | undefined {
    return secret?.former === undefined ? undefined : new FormerKey(secret, secret.former)
  }

  private constructor(secret: Secret, former: NonNullable<Secret['former']>) {
    this.#now = secret.reveal().trim()
    this.#before = former.secret.reveal().trim()
    this.#until = former.until
  }

  /** It may be used still. */
  get isKept(): boolean {
    return Date.now() < this.#until
  }

  fingerprint(): string {
    return fingerprint(this.#before)
  }

  /** A header or a path as it would be with the former key. */
  putInto(text: string): string {
    return text
      .replaceAll(this.#now, this.#before)
      .replaceAll(encodeURIComponent(this.#now), encodeURIComponent(this.#before))
  }
}
