import { createHash } from 'node:crypto'

/** The certificate that the gateway shows to a backend. Holds its private key and shows it to nobody but the connector. */
export class ClientIdentity {
  /** Tells two identities apart, and nothing of either. */
  readonly fingerprint: string
  readonly #cert: string
  readonly #key: string

  /** PEM texts. */
  constructor(cert: string, key: string) {
    this.#cert = cert
    this.#key = key
    this.fingerprint = createHash('sha256').update(cert).update(key).digest('base64url')
  }

  get options(): { readonly cert: string; readonly key: string } {
    return { cert: this.#cert, key: this.#key }
  }
}
