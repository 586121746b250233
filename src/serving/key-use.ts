import { formatPath, type Path } from '../config/diagnostic.ts'
import type { AccessEvent, KeyInUse } from '../gateway/index.ts'
import type { ResolvedSlot, Secret } from '../secrets/index.ts'

interface Entry {
  readonly name: string
  readonly secret: Secret
  /** Milliseconds since 1970. */
  readonly since: number
  last401: number | undefined
  toldAt: number | undefined
}

/** A provider's refusal of a key, as a worker tells it. */
export interface RefusedKey {
  /** The key slot's place. */
  readonly slot: Path
  readonly at: number
  /** The key before it was sent then: the client may have seen no failure. */
  readonly isFormerSent: boolean
}

/** A provider refuses the key of a slot, and gets the one before it: clients see nothing of it until that one is forgotten. */
export interface KeyRefusedEvent {
  readonly event: 'key-refused'
  readonly name: string
  readonly fingerprint: string
  /** Fingerprint of the key that is sent in its place. */
  readonly former: string
  /** ISO time until which that one is kept. */
  readonly until: string
}

/** How often one key is told of, however many requests it fails. Milliseconds. */
const TELL_AGAIN_MS = 5 * 60_000

/** Which key each slot sends, since when, and when a provider last said no to it. */
export class KeyUse {
  #entries = new Map<string, Entry>()
  readonly #onRefused: (event: KeyRefusedEvent | undefined) => void

  /** `onRefused` is told of a key that was refused, now and then; with an event where the key before it was sent instead. */
  constructor(onRefused: (event: KeyRefusedEvent | undefined) => void = () => {}) {
    this.#onRefused = onRefused
  }

  /** Takes in the keys of a config that has just begun to serve. A slot whose key stayed the same goes on as it was. */
  adopt(slots: readonly ResolvedSlot[], now: number): void {
    const before = this.#entries
    this.#entries = new Map()
    for (const { slot, secret } of slots) {
      if (secret === undefined) continue
      const place = formatPath(slot.path)
      const known = before.get(place)
      const isSame = known?.name === slot.name && known.secret.equals(secret)
      const fresh = { name: slot.name, since: now, last401: undefined, toldAt: undefined }
      // The key may be the same, and the one before it forgotten meanwhile.
      this.#entries.set(place, { ...(isSame ? known : fresh), secret })
    }
  }

  /** Give it every access event. */
  readonly record = (event: AccessEvent): void => {
    const refused = refusedKey(event)
    if (refused !== undefined) this.refused(refused)
  }

  refused({ slot, at, isFormerSent }: RefusedKey): void {
    const entry = this.#entries.get(formatPath(slot))
    // An answer to the key before this one says nothing about this one.
    if (entry === undefined || at < entry.since) return
    entry.last401 = Math.max(at, entry.last401 ?? 0)
    if (entry.toldAt !== undefined && at - entry.toldAt < TELL_AGAIN_MS) return
    entry.toldAt = at
    const { name, secret } = entry
    const { former } = secret
    this.#onRefused(
      isFormerSent && former !== undefined
        ? {
            event: 'key-refused',
            name,
            fingerprint: secret.fingerprint(),
            former: former.secret.fingerprint(),
            until: new Date(former.until).toISOString(),
          }
        : undefined,
    )
  }

  list(): KeyInUse[] {
    return [...this.#entries.values()].map(({ name, secret, since, last401 }) => ({
      name,
      fingerprint: secret.fingerprint(),
      since: new Date(since).toISOString(),
      last401: last401 === undefined ? undefined : new Date(last401).toISOString(),
      former: secret.former?.secret.fingerprint(),
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
  return isRefusal && keySlot !== undefined
    ? { slot: keySlot, at: time, isFormerSent: isKeyRefused }
    : undefined
}
