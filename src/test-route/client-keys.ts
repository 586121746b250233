import type { KeySlot } from '../config/index.ts'
import type { Secret } from '../secrets/secret.ts'

/** What the client may show. Each that flags give is shown to one who asks, and to nobody else. */
export interface ClientKeys {
  /** Of those that flags give, so many were shown to nobody yet. */
  readonly left: number
  /** For a gateway that asks who it is, where `isPair` by user and password; `undefined` where none is left. */
  forGateway(isPair: boolean): Promise<Secret | undefined>
  /** For a provider, where the config passes the client's own credential on. A person is asked where none is left. */
  forProvider(slot: KeySlot): Promise<Secret | undefined>
}
