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
  const ca = rootsOf(tls, settings)
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

function rootsOf(placed: PlacedTls | undefined, { readFile }: UpstreamSettings): string | undefined {
  const root = placed?.tls.root
  if (placed === undefined || root === undefined || root === null) return undefined
  const path = [...placed.path, 'root']
  let text: string
  try {
    text = readFile(root)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw invalid(path, `${root} cannot be read (${code})`, 'Relative paths start at the working directory.')
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw invalid(path, `${root} holds no certificate in PEM form`, 'Name a file with the roots to trust.')
}
