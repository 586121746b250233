import { createSecureContext } from 'node:tls'
import type { Path } from '../../config/diagnostic.ts'
import type { BackendTls } from '../../config/schema.ts'
import { ClientIdentity } from '../server/client-identity.ts'
import type { Upstream, UpstreamTls } from '../upstream/upstream.ts'
import { invalid, unreadable } from './invalid.ts'
import { groupsOf } from './tls-names.ts'

/** What all upstreams share, and how a file with roots is read. */
export interface UpstreamSettings {
  readonly connectTimeoutMs: number
  readonly idleMs: number
  /** Relative paths start at the working directory; undefined where certificates and their keys are not looked at. */
  readonly readFile: ((path: string) => string) | undefined
}

export interface Address {
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  /** A Unix socket in their place. */
  readonly socketPath?: string
}

/** `host:port`, `[::1]:port`, `unix:/path` */
export function parseAddress(text: string, path: Path): Address {
  // Nobody looks the name up; it only stands where a URL needs one.
  if (text.startsWith('unix:')) return { hostname: 'localhost', port: 80, socketPath: text.slice(5) }
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text)
  const hostname = parts?.[1] ?? parts?.[2]
  if (hostname === undefined)
    throw invalid(path, 'this is not an address that can be called', 'write host:port')
  return { hostname: hostname.toLowerCase(), port: Number(parts?.[3]) }
}

/** `backendTLS` with its place; `{}` is TLS with the system's roots. */
export interface PlacedTls {
  readonly tls: BackendTls
  readonly path: Path
}

/** An address and how it is connected to; without `tls` in the clear. */
export function compileUpstream(
  address: Address,
  tls: PlacedTls | undefined,
  settings: UpstreamSettings,
): Upstream {
  const { hostname, port, socketPath } = address
  const { connectTimeoutMs, idleMs } = settings
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  const servername = tls === undefined ? '' : (tls.tls.hostname ?? hostname)
  const secure = tls && compileTls(tls, settings)
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`
  return Object.freeze({
    key: [origin, socketPath ?? '', servername, connectTimeoutMs, idleMs, tlsKey(secure)].join('|'),
    origin,
    hostname,
    port,
    socketPath,
    endpoint: socketPath === undefined ? `${host}:${port}` : `unix:${socketPath}`,
    servername,
    tls: secure,
    connectTimeoutMs,
    idleMs,
  })
}

/** Throws for certificates of a connection to a backend that cannot be used. */
export function judgeBackendTls(tls: BackendTls, path: Path, readFile: UpstreamSettings['readFile']): void {
  compileTls({ tls, path }, { readFile })
}

function compileTls({ tls, path }: PlacedTls, { readFile }: Pick<UpstreamSettings, 'readFile'>): UpstreamTls {
  const cert = readPem(tls.cert, [...path, 'cert'], 'CERTIFICATE', readFile)
  const key = readPem(tls.key, [...path, 'key'], 'PRIVATE KEY', readFile)
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(path, 'a client certificate is a certificate and its key', 'give both cert and key')
  }
  return Object.freeze({
    ca: readPem(tls.root, [...path, 'root'], 'CERTIFICATE', readFile),
    identity: cert === undefined || key === undefined ? undefined : identityOf(cert, key, path),
    groups: groupsOf(tls.keyExchangeGroups, [...path, 'keyExchangeGroups']),
    verify: tls.insecure ? 'nothing' : tls.insecureHost ? 'signature' : 'name',
  })
}

function identityOf(cert: string, key: string, path: Path): ClientIdentity {
  try {
    createSecureContext({ cert, key })
  } catch {
    throw invalid(path, 'the key does not belong to the certificate', 'check cert and key')
  }
  return new ClientIdentity(cert, key)
}

/** What connections must have in common to be shared. */
function tlsKey(tls: UpstreamTls | undefined): string {
  return tls === undefined
    ? ''
    : [tls.verify, tls.groups ?? '', tls.identity?.fingerprint ?? '', tls.ca ?? ''].join(' ')
}

/** The text of a PEM file that the config names; undefined where it names none, or none is read. */
export function readPem(
  file: string | null | undefined,
  path: Path,
  what: 'CERTIFICATE' | 'PRIVATE KEY',
  readFile: UpstreamSettings['readFile'],
): string | undefined {
  if (file === undefined || file === null || readFile === undefined) return undefined
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    throw unreadable(path, file, error)
  }
  // `BEGIN EC PRIVATE KEY` and the like are keys too.
  if (new RegExp(`-----BEGIN (?:[A-Z]+ )?${what}-----`).test(text)) return text
  const noun = what === 'CERTIFICATE' ? 'certificate' : 'private key'
  throw invalid(path, `${file} holds no ${noun} in PEM form`, `name a PEM file with the ${noun}`)
}
