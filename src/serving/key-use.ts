import { formatPath, type Path } from '../config/diagnostic.ts'
import type { AccessEvent, KeyInUse } from '../gateway/index.ts'
import type { ResolvedSlot, Secret } from '../secrets/index.ts'

interface Entry {
  readonly name: string
  readonly secret: Secret
  /** Milliseconds since 1970. */
  readonly since: number
  last401: number | undefined
}

/** A provider's refusal of a key, as a worker tells it. */
export interface RefusedKey {
  /** The key slot's place. */
  readonly slot: Path
  readonly at: number
}

/** Which key each slot sends, since when, and when a provider last said no to it. */
export class KeyUse {
  #entries = new Map<string, Entry>()

  /** Takes in the keys of a config that has just begun to serve. A slot whose key stayed the same goes on as it was. */
  adopt(slots: readonly ResolvedSlot[], now: number): void {
    const before = this.#entries
    this.#entries = new Map()
    for (const { slot, secret } of slots) {
      if (secret === undefined) continue
      const place = formatPath(slot.path)
      const known = before.get(place)
      const isSame = known?.name === slot.name && known.secret.equals(secret)
      this.#entries.set(place, isSame ? known : { name: slot.name, secret, since: now, last401: undefined })
    }
  }

  /** Give it every access event. */
  readonly record = (event: AccessEvent): void => {
    const refused = refusedKey(event)
    if (refused !== undefined) this.refused(refused)
  }

  refused({ slot, at }: RefusedKey): void {
    const entry = this.#entries.get(formatPath(slot))
    // An answer to the key before this one says nothing about this one.
    if (entry !== undefined && at >= entry.since) entry.last401 = Math.max(at, entry.last401 ?? 0)
  }

  list(): KeyInUse[] {
    return [...this.#entries.values()].map(({ name, secret, since, last401 }) => ({
      name,
      fingerprint: secret.fingerprint(),
      since: new Date(since).toISOString(),
      last401: last401 === undefined ? undefined : new Date(last401).toISOString(),
    }))
  }
}

/** Whether a provider has refused the key that the gateway sent. */
export function refusedKey({
  status,
  reason,
  keySlot,
  time,
  isKeyRefused,
}: AccessEvent): RefusedKey | undefined {
  const isRefusal = isKeyRefused || (status === 401 && reason === 'Upstream')
  return isRefusal && keySlot !== undefined ? { slot: keySlot, at: time } : undefined
}
