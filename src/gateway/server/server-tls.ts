import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { comparable } from '../routing/host-name.ts'
import { HostTable } from '../routing/host-table.ts'

/** What the listeners of one port have in common: Node settles these before it knows which name is asked for. */
export interface HandshakeRules {
  readonly minVersion: NonNullable<SecureContextOptions['minVersion']>
  readonly maxVersion: NonNullable<SecureContextOptions['maxVersion']>
  /** Suites and groups, in OpenSSL's words; its own choice unless given. */
  readonly ciphers?: string
  readonly ecdhCurve?: string
  /** Clients must show a certificate. */
  readonly asksForCertificate: boolean
}

const CERTIFICATES = /(?<=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)[^-]+/g

/** The certificate of one listener. Holds its private key and shows it to nobody but the TLS server. */
export class ServerTls {
  readonly rules: HandshakeRules
  readonly context: SecureContext
  /** The certificates by which clients are judged, as their PEM without blanks; none where clients show none. */
  readonly roots: ReadonlySet<string>
  readonly #pem: { readonly cert: string; readonly key: string; readonly ca: string | undefined }

  /** Throws what OpenSSL has against the texts: no PEM, or a key for another certificate. */
  constructor(pem: { cert: string; key: string; ca: string | undefined }, rules: HandshakeRules) {
    this.#pem = pem
    this.rules = rules
    this.context = createSecureContext(this.options)
    this.roots = new Set(pem.ca?.match(CERTIFICATES)?.map(text => text.replaceAll(/\s/g, '')))
  }

  get options(): SecureContextOptions {
    const { cert, key, ca } = this.#pem
    const { asksForCertificate: _, ...offered } = this.rules
    // Every handshake is a whole one, and the only one of its connection. A session that is taken up again would bring its
    // client past the roots of another listener, or of a later config, and with TLS 1.2 does not tell the name that the
    // client asks for. In a second handshake it could ask for another name, and be judged by the roots of the first.
    return {
      cert,
      key,
      ...offered,
      ...(ca !== undefined && { ca }),
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    }
  }
}

/** The name that a client asks for, if it does. */
export type AskedName = string | false | null | undefined

const NONE: ReadonlySet<string> = new Set()

/** The certificates of a port, by the name that a client asks for. */
export class PortTls {
  readonly #byName = new HostTable<ServerTls>()
  readonly #fallback: ServerTls

  constructor(
    listeners: readonly { readonly hostname: string | undefined; readonly tls: ServerTls }[],
    fallback: ServerTls,
  ) {
    for (const { hostname, tls } of listeners) this.#byName.set(hostname, tls)
    this.#fallback = this.#byName.get(undefined) ?? fallback
  }

  get rules(): HandshakeRules {
    return this.#fallback.rules
  }

  /** Itself if it asks clients for certificates where `other` does. */
  ifAsksAs(other: PortTls): PortTls | undefined {
    return this.rules.asksForCertificate === other.rules.asksForCertificate ? this : undefined
  }

  /** For clients that name no host. */
  get options(): SecureContextOptions {
    return this.#fallback.options
  }

  /** Undefined for a name that no listener has. */
  contextFor(name: string): SecureContext | undefined {
    return this.#for(name)?.context
  }

  /** By which roots a client is judged that asks for this name, if for any; none for a name that no listener has. */
  rootsFor(name: AskedName): ReadonlySet<string> {
    return (name ? this.#for(name) : this.#fallback)?.roots ?? NONE
  }

  #for(name: string): ServerTls | undefined {
    return this.#byName.candidates(comparable(name))[0]
  }
}
