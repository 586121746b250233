import type { KeySlot } from '../config/index.ts'
import type { Secret } from '../secrets/secret.ts'

/** What the client may show. */
export interface ClientKeys {
  /** A flag gives one. */
  readonly isGiven: boolean
  /** A gateway that asks who it is; `undefined` where nothing was given for it. */
  forGateway(): Promise<Secret | undefined>
  /** A provider, where the config passes the client's own credential on; what the gateway was shown is never this. */
  forProvider(slot: KeySlot): Promise<Secret | undefined>
}
