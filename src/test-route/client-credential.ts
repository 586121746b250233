import { formatPath, type KeySlot } from '../config/index.ts'
import type { Config } from '../config/schema.ts'
import { AgwError } from '../errors.ts'
import type { DestinationExplanation } from '../gateway/index.ts'
import type { Secret } from '../secrets/secret.ts'

/** The slot of a destination that sends no key of its own, because the config says that the client brings one. */
export function passthroughSlot(
  slots: readonly KeySlot[],
  destination: DestinationExplanation | undefined,
): KeySlot | undefined {
  if (destination === undefined || destination.key !== undefined) return undefined
  return slots.find(({ method, backend }) => {
    if (method !== 'passthrough' || backend === undefined) return false
    const place = formatPath(backend)
    return place === destination.path || place.startsWith(`${destination.path}.`)
  })
}

/** Headers in which a client may bring a key of its own accord. */
const USUAL = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/**
 * The header that carries the client's credential to a `passthrough` slot; nothing when the request has one already.
 * Throws INPUT_NEEDED when none is given and its absence is not what is tried.
 */
export async function clientCredential(
  slot: KeySlot,
  config: Config,
  request: { readonly headers: Readonly<Record<string, string>>; readonly mayLack: boolean },
  ask: (slot: KeySlot) => Promise<Secret | undefined>,
): Promise<Readonly<Record<string, string>>> {
  const { name, prefix } = placeOf(slot, config)
  if ([...USUAL, name].some(header => request.headers[header] !== undefined)) return {}
  const key = await ask(slot)
  if (key !== undefined) return { [name]: prefix + key.reveal() }
  if (request.mayLack) return {}
  throw new AgwError(
    'INPUT_NEEDED',
    `${slot.name} passes the client's own credential on, and this request has none`,
    { hint: 'give it with --key-from-env VAR, or pipe it in with --key-from-stdin' },
  )
}

/** Where the config says that the credential stands, or the usual place. */
function placeOf(slot: KeySlot, config: Config): { readonly name: string; readonly prefix: string } {
  let node: unknown = config
  for (const step of [...slot.path, 'passthrough', 'location', 'header'])
    node = (node as Record<string | number, unknown> | undefined | null)?.[step]
  if (typeof node !== 'object' || node === null) return { name: 'authorization', prefix: 'Bearer ' }
  const { name, prefix } = node as { readonly name?: unknown; readonly prefix?: unknown }
  return {
    name: typeof name === 'string' ? name.toLowerCase() : 'authorization',
    prefix: typeof prefix === 'string' ? prefix : '',
  }
}
