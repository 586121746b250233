import type { X509Certificate } from 'node:crypto'
import { isIPv6, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What a certificate says of its client, by agentgateway's names in expressions. */
export interface CertificateFacts {
  readonly subject: string
  readonly subjectCn?: string
  readonly issuer: string
  /** Names of hosts, URIs and addresses. */
  readonly subjectAltNames: readonly string[]
  readonly spiffeId?: string
  /** A SPIFFE ID as Istio writes them. */
  readonly identity?: {
    readonly trustDomain: string
    readonly namespace: string
    readonly serviceAccount: string
  }
  readonly certificate: string
}

/** By connection: Node has none to tell of any more when it has ended, and logs tell of it then. */
const SHOWN = new WeakMap<Socket, X509Certificate>()
/** What those say that were asked; to read one costs as much as a request, and few configs ask. */
const READ = new WeakMap<X509Certificate, CertificateFacts>()

/** Keeps the certificate that a client has shown, and that was found to be good. One that cannot be read says nothing. */
export function keepCertificate(socket: TLSSocket): void {
  try {
    const certificate = socket.getPeerX509Certificate()
    if (certificate !== undefined) SHOWN.set(socket, certificate)
  } catch {
    // A rule that goes by it lets nobody in.
  }
}

/** Undefined where the client has shown none, or one that cannot be read. */
export function certificateOf(socket: Socket): CertificateFacts | undefined {
  const certificate = SHOWN.get(socket)
  if (certificate === undefined) return undefined
  const known = READ.get(certificate)
  if (known !== undefined) return known
  try {
    const facts = factsOf(certificate)
    READ.set(certificate, facts)
    return facts
  } catch {
    SHOWN.delete(socket)
    return undefined
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = alternativeNames(certificate.subjectAltName ?? '')
  const uris = names.filter(name => name.startsWith('spiffe://'))
  const spiffeId = uris[0]
  const identity = uris.map(identityIn).find(one => one !== undefined)
  const subjectCn = commonName(certificate)
  return Object.freeze({
    subject: onOneLine(certificate.subject),
    ...(subjectCn !== undefined && { subjectCn }),
    issuer: onOneLine(certificate.issuer),
    subjectAltNames: names,
    ...(spiffeId !== undefined && { spiffeId }),
    ...(identity !== undefined && { identity }),
    certificate: certificate.toString(),
  })
}

/** Of several the first. */
function commonName(certificate: X509Certificate): string | undefined {
  const { subject } = certificate.toLegacyObject()
  const names: unknown = subject.CN
  const first: unknown = Array.isArray(names) ? names[0] : names
  return typeof first === 'string' ? first : undefined
}

/** Node writes each part of a name on a line of its own. */
function onOneLine(name: string): string {
  return name.split('\n').join(', ')
}

/** `DNS:a, URI:"b, c", IP Address:1.2.3.4`, as Node writes them; what a client may choose in them is quoted. */
function alternativeNames(text: string): string[] {
  const found = text.matchAll(/(?:^|, )(DNS|URI|IP Address|[\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)
  return [...found].flatMap(([, kind = '', value = '']) => {
    const plain = value.startsWith('"') ? String(JSON.parse(value)) : value
    if (kind === 'IP Address') return [isIPv6(plain) ? shortIPv6(plain) : plain]
    return kind === 'DNS' || kind === 'URI' ? [plain] : []
  })
}

function shortIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

function identityIn(id: string): CertificateFacts['identity'] {
  const [, trustDomain, namespace, serviceAccount] =
    /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(id) ?? []
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) return undefined
  return { trustDomain, namespace, serviceAccount }
}
