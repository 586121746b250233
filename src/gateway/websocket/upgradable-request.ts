import { IncomingMessage } from 'node:http'
import { offersWebSocket } from './handshake.ts'
import type { Offer } from './offer.ts'

/** A request of which Node asks whether what follows it is still HTTP: of all offers those of WebSockets are taken up. */
export class UpgradableRequest extends IncomingMessage {
  /** It asks for a WebSocket, and nothing more comes as HTTP. */
  offer: Offer | undefined = undefined
  /** It offers to go on in another protocol. */
  offersUpgrade = false

  get upgrade(): boolean {
    return this.offersUpgrade && (this.method === 'CONNECT' || offersWebSocket(this.headers))
  }

  set upgrade(value: boolean | null) {
    // Node's own constructor says null, before there is anything to set.
    if (value !== null) this.offersUpgrade = value
  }
}
