import type { Path } from '../../config/diagnostic.ts'
import type { BackendTls } from '../../config/schema.ts'
import type { Upstream } from '../runtime.ts'
import { invalid } from './invalid.ts'

/** What all upstreams share, and how a file with roots is read. */
export interface UpstreamSettings {
  readonly connectTimeoutMs: number
  readonly idleMs: number
  /** Relative paths start at the working directory. */
  readonly readFile: (path: string) => string
}

export interface Address {
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
}

/** `host:port`, `[::1]:port` */
export function parseAddress(text: string, path: Path): Address {
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
  const { hostname, port } = address
  const { connectTimeoutMs, idleMs } = settings
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  const servername = tls === undefined ? '' : (tls.tls.hostname ?? hostname)
  const ca = tls && readPem(tls.tls.root, [...tls.path, 'root'], 'CERTIFICATE', settings.readFile)
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`
  return Object.freeze({
    key: [origin, servername, connectTimeoutMs, idleMs, ca ?? ''].join('|'),
    origin,
    hostname,
    port,
    endpoint: `${host}:${port}`,
    servername,
    tls: tls === undefined ? undefined : Object.freeze({ ca }),
    connectTimeoutMs,
    idleMs,
  })
}

/** The text of a PEM file that the config names; undefined where it names none. */
export function readPem(
  file: string | null | undefined,
  path: Path,
  what: 'CERTIFICATE' | 'PRIVATE KEY',
  readFile: (path: string) => string,
): string | undefined {
  if (file === undefined || file === null) return undefined
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw invalid(path, `${file} cannot be read (${code})`, 'Relative paths start at the working directory.')
  }
  // `BEGIN EC PRIVATE KEY` and the like are keys too.
  if (new RegExp(`-----BEGIN (?:[A-Z]+ )?${what}-----`).test(text)) return text
  const noun = what === 'CERTIFICATE' ? 'certificate' : 'private key'
  throw invalid(path, `${file} holds no ${noun} in PEM form`, `Name a PEM file with the ${noun}.`)
}
