import type { Path } from '../../config/diagnostic.ts'
import type { AiProvider, BackendTls, Config } from '../../config/schema.ts'
import type { KeySlot } from '../../config/slots.ts'
import type { Header, Provider } from '../../providers/index.ts'
import { callOf, baseOf as llmBaseOf } from '../compile/llm-call.ts'
import { chooseLlmProvider, chooseProvider } from '../compile/provider.ts'
import { type Address, compileUpstream, parseAddress } from '../compile/upstream.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** Where the gateway would send requests with the key of a slot. */
export interface ProbeTarget {
  readonly provider: Provider
  readonly upstream: Upstream
  /** The path of the address in the config. */
  readonly prefix: string | undefined
  /** The config names an address of its own, so no other host of the provider is asked. */
  readonly isOwnAddress: boolean
}

/** A provider and an address, as far as the config gives one. */
interface Place {
  readonly provider: Provider
  readonly address: Address | undefined
  readonly prefix: string | undefined
  readonly tls: BackendTls | undefined
  /** Of an address that stands in the config rather than in agw's table. */
  readonly isOwnAddress: boolean
}

const TIMES = { connectTimeoutMs: 5000, idleMs: 0 }

/**
 * The provider that a slot's key is for; undefined where no one can be named. Throws CONFIG_INVALID for a provider that
 * the embedded gateway does not know, or an address that is none.
 */
export function probeTarget(
  config: Config,
  { backend }: KeySlot,
  readFile: (path: string) => string,
): ProbeTarget | undefined {
  if (backend === undefined) return undefined
  const place = backend[0] === 'llm' ? llmPlace(config, backend) : aiPlace(config, backend)
  if (place === undefined) return undefined
  const { provider, prefix, isOwnAddress, tls } = place
  const address = place.address ?? (provider.host ? parseAddress(`${provider.host}:443`, backend) : undefined)
  if (address === undefined) return undefined
  // A provider's own address is reached over TLS; one that the config names only where it says so.
  const placed = tls ?? (place.address === undefined ? {} : undefined)
  const settings = { ...TIMES, readFile }
  const upstream = compileUpstream(address, placed && { tls: placed, path: backend }, settings)
  return { provider, upstream, prefix, isOwnAddress }
}

function llmPlace({ llm }: Config, backend: Path): Place | undefined {
  const [, list, index] = backend
  const model = list === 'models' ? llm?.models[Number(index)] : undefined
  const entry = list === 'providers' ? llm?.providers?.[Number(index)] : undefined
  if (!llm || (model === undefined && entry === undefined)) return undefined
  // An entry of `llm.providers` is called as a model would be that refers to it.
  const call = callOf(model ?? { name: '', provider: { reference: entry?.name ?? '' } }, backend, llm)
  const { provider } = chooseLlmProvider(
    { kind: call.kind as string, params: call.params, referenced: call.referenced },
    backend,
  )
  const { address, pathPrefix, isTls } = llmBaseOf(call)
  const { params, defaults } = call
  const written = model?.tls ?? model?.backendTLS ?? defaults.tls ?? defaults.backendTLS ?? undefined
  const isOwnAddress = Boolean(params.baseUrl || params.hostOverride)
  return { provider, address, prefix: pathPrefix, tls: written ?? (isTls ? {} : undefined), isOwnAddress }
}

function aiPlace(config: Config, backend: Path): Place | undefined {
  const nodes = nodesOnTheWay(config, backend)
  const ai = nodes.at(-1) as AiProvider | undefined
  if (ai?.provider === undefined) return undefined
  const { provider } = chooseProvider(ai.provider, [...backend, 'provider'])
  const address = ai.hostOverride ? parseAddress(ai.hostOverride, [...backend, 'hostOverride']) : undefined
  // The innermost policies are the strongest.
  const tls = nodes.toReversed().map(tlsOf).find(Boolean)
  return {
    provider,
    address,
    prefix: ai.pathPrefix ?? undefined,
    tls,
    isOwnAddress: address !== undefined,
  }
}

function tlsOf(node: unknown): BackendTls | undefined {
  const { policies } = node as { policies?: { backendTLS?: BackendTls | null } | null }
  return policies?.backendTLS ?? undefined
}

/** The maps and lists from the root to `path`, the last one being what stands there. */
function nodesOnTheWay(config: Config, path: Path): object[] {
  const nodes: object[] = []
  let node: unknown = config
  for (const step of path) {
    node = (node as Record<string | number, unknown> | undefined)?.[step]
    if (typeof node !== 'object' || node === null) break
    nodes.push(node)
  }
  return nodes
}

/** Where the config wants the key of a slot, with the key put there. */
export type KeyPlace = { readonly header: Header } | 'the usual place' | 'a place that is not checked'

/** A key in a URL stays in the logs of whoever it passes, so it is not sent there for a check. */
export function keyPlace(config: Config, { path }: KeySlot, key: string): KeyPlace {
  const holder = path.at(-1) === 'value' ? nodesOnTheWay(config, path.slice(0, -1)).at(-1) : undefined
  const { location } = (holder ?? {}) as { location?: KeyLocation | null }
  if (!location) return 'the usual place'
  const { header, cookie } = location
  if (header) return { header: [header.name, `${header.prefix ?? ''}${key}`] }
  if (cookie) return { header: ['cookie', `${cookie.name}=${key}`] }
  return 'a place that is not checked'
}

interface KeyLocation {
  readonly header?: { readonly name: string; readonly prefix?: string | null | undefined } | undefined
  readonly cookie?: { readonly name: string } | undefined
}
