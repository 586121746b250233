import type { Path } from '../../config/diagnostic.ts'
import type { Collector } from '../telemetry/collector.ts'
import { invalid } from './invalid.ts'

/** A collector as the config names it, with the place of its address. */
export interface WrittenCollector {
  readonly at: Path
  readonly protocol?: Collector['protocol'] | undefined
  readonly address: readonly [key: string, text: string | null | undefined]
  /** Of HTTP only. */
  readonly path: string
  readonly headers: Collector['headers']
}

/** Throws CONFIG_INVALID for what is no address. */
export function collectorOf(
  { at, protocol = 'grpc', address, path, headers }: WrittenCollector,
  resource: Collector['resource'],
): Collector {
  const [key, text] = address
  const base = /^https?:\/\//.test(text ?? '') ? (text ?? '').replace(/\/$/, '') : `http://${text ?? ''}`
  const url = protocol === 'grpc' ? base : `${base}/${path.replace(/^\//, '')}`
  if (!text || !URL.canParse(url))
    throw invalid([...at, key], 'this is not an address that can be called', 'write host:port')
  return { protocol, url: protocol === 'grpc' ? new URL(url).origin : url, headers, resource }
}
